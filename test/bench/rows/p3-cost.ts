import { costOf, type Loading, parts, readsSecret, total } from '../measure/cost.ts';
import { type Hour, openHourWorld } from '../measure/hour.ts';
import type { Figure, Row } from '../row.ts';

const runs = 1000;
const cases = 500;

/**
 * The deployed shape, driven through runs of an hour in virtual time: its transitions, requests, invocations, units and events
 * are counted, and the CPU of its functions is measured. Each kind of run is played once before it counts, so that the catalog
 * knows its cases and the functions are loaded.
 */
export const row: Row = {
  id: 'P3',
  what: 'list price of 1,000 one-hour runs with 500 cases each',
  target: '$0.12 where the executor calls back',
  async measure(say) {
    const world = await openHourWorld(cases);
    try {
      const callback = await world.applyPlan('calls back', 'callback');
      const polled = await world.applyPlan('is polled', 'polled');
      say('first runs');
      const first = await world.play(callback, 1);
      const firstPolled = await world.play(polled, 1);
      const idle = await world.idle();
      const readers = new Set(first.calls.filter(readsSecret).map(({ functionId }) => functionId));
      const cold = { ms: loadingOf([first, firstPolled]), secretReads: readers.size };
      const price = (hour: Hour, loading?: Loading) => {
        const stored = world.storedBytes(hour.runId);
        const given = { memoryOf: world.memoryOf, stored, ...(loading === undefined ? {} : { cold: loading }) };
        return costOf(hour, idle, given);
      };
      const play = async (name: string, planId: number, attempts: 1 | 2): Promise<Hour> => {
        const hour = await world.play(planId, attempts);
        const { transitions, invocations, calls } = hour;
        say(`${name}: ${transitions} transitions, ${invocations.length} invocations, ${calls.length} calls`);
        return hour;
      };
      const once = await play('calls back', callback, 1);
      const twice = await play('calls back, reruns', callback, 2);
      const polledOnce = await play('is polled', polled, 1);
      const polledTwice = await play('is polled, reruns', polled, 2);
      const sum = (name: string, hour: Hour, loading?: Loading): Figure => ({
        name,
        value: runs * total(price(hour, loading)),
        unit: '$',
      });
      const target = { target: 0.12 };
      const { 'GB-seconds': _, ...counted } = price(once);
      // What is counted was this much at most when the explanation was written; CPU is not of the same machine every time.
      const isKnown = runs * Object.values(counted).reduce((all, part) => all + part, 0) < 0.115;
      return {
        ...(isKnown ? { floor: explain(price(once)) } : {}),
        figures: [
          { ...sum('calls back', once), ...target },
          {
            name: 'transitions of such a run, with signs of life',
            value: once.transitions,
            unit: 'transitions',
            target: 2,
          },
          ...componentsOf(price(once)),
          { ...sum('calls back, every function loaded anew', once, cold), ...target },
          { ...sum('calls back, with one automatic rerun', twice), ...target },
          ...componentsOf(price(twice)),
          { ...sum('calls back, with one rerun, every function loaded anew', twice, cold), ...target },
          sum('is polled, with history', polledOnce),
          ...componentsOf(price(polledOnce)),
          sum('is polled, with history and one automatic rerun', polledTwice),
          sum('is polled, the first time', firstPolled),
        ],
        anchors: [
          { name: 'a CI job that waits and polls', value: 360, unit: '$', source: 'counted' },
          { name: 'Distributed Load Testing on AWS', value: 30, unit: '$', source: 'counted' },
          { name: 'naive poll', value: 27, unit: '$', source: 'counted' },
          { name: 'floor, from', value: 0.04, unit: '$', source: 'counted' },
        ],
      };
    } finally {
      await world.close();
    }
  },
};

function explain(cost: ReturnType<typeof costOf>): string {
  const of = (part: keyof typeof cost) => `$${(runs * cost[part]).toFixed(3)}`;
  return (
    `Of the sum ${of('transitions')} are two transitions and ${of('table writes')} table writes, of which about a third move the run in ` +
    `the index of what is due; ${of('GB-seconds')} are the time of Lambda, which the machine that measures decides, too. The rest is a ` +
    'request for each sign of life, logs, and one trace. The master key is read once in six hours by each function, which this run need ' +
    'not meet; a rerun is a transition and an attempt more. A polled run costs what its polls cost (P2).'
  );
}

function componentsOf(cost: ReturnType<typeof costOf>): Figure[] {
  return parts
    .filter((part) => runs * cost[part] >= 0.00005)
    .map((part) => ({ name: `… ${part}`, value: runs * cost[part], unit: '$' }));
}

/** Milliseconds each function took to load, when it was first called. */
function loadingOf(hours: readonly Hour[]): ReadonlyMap<string, number> {
  const loading = new Map<string, number>();
  for (const { functionId, initMs } of hours.flatMap(({ invocations }) => invocations))
    loading.set(functionId, Math.max(initMs, loading.get(functionId) ?? 0));
  return loading;
}
