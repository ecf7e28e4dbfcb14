import { type Played, playMachine, polled, synthesizedMachine } from '../../support/play-machine.ts';
import type { Figure, Row } from '../row.ts';

const [hour, day] = [3600, 24 * 3600];
/** What AWS keeps of one execution; it ends one at 25,000. */
const historyLimit = 20_000;
/** How long after its end a job may be found to be over. */
const noticedWithin = 60;

/** The machine of the synthesized template, interpreted, with the core's own decisions on how long to wait. */
export const row: Row = {
  id: 'P2',
  what: 'the same run when the executor must be polled',
  target: '70 without history, 30 with; end noticed within 60 s; 24 h under 20,000 events',
  async measure() {
    const definition = synthesizedMachine();
    const play = (seconds: number, usual?: number) => playMachine(definition, { step: polled(seconds, usual) });
    const [first, known] = [await play(hour), await play(hour, hour)];
    // The usual duration is a guess about this run: half and twice of it must end in time, too.
    const [sooner, later] = [await play(hour / 2, hour), await play(2 * hour, hour)];
    const [longFirst, longKnown] = [await play(day), await play(day, day)];
    const lateness = Math.max(
      noticed(first, hour),
      noticed(known, hour),
      noticed(later, 2 * hour),
      noticed(longFirst, day),
      noticed(longKnown, day),
    );
    return {
      figures: [
        transitions('60 minutes, without history', first, 70),
        transitions('60 minutes, with history', known, 30),
        { name: 'end noticed after, at most', value: lateness, unit: 's', target: noticedWithin },
        { name: 'end noticed after, of half the usual time', value: noticed(sooner, hour / 2), unit: 's' },
        transitions('24 hours, without history', longFirst),
        transitions('24 hours, with history', longKnown),
        {
          name: '24 hours, events of its history at most',
          value: Math.max(longFirst.execution.historyEvents, longKnown.execution.historyEvents),
          unit: 'events',
          target: historyLimit,
        },
      ],
      anchors: [
        { name: 'Wait 10 s, poll, Choice', value: 1082, unit: 'transitions', source: 'counted' },
        { name: 'poll as Task Retry every 10 s', value: 362, unit: 'transitions', source: 'counted' },
        { name: "floor: interval from the plan's history", value: 28, unit: 'transitions', source: 'counted' },
      ],
    };
  },
};

function transitions(name: string, { execution }: Played, target?: number): Figure {
  if (execution.status() !== 'SUCCEEDED') throw new Error(`${name}: ${execution.status()}`);
  return { name, value: execution.transitions, unit: 'transitions', ...(target === undefined ? {} : { target }) };
}

/** Seconds from the end of the job to that of the execution. */
function noticed({ clock }: Played, jobSeconds: number): number {
  return clock.now() / 1000 - jobSeconds;
}
