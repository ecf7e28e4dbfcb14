import { playMachine, synthesizedMachine } from '../../support/play-machine.ts';
import type { Row } from '../row.ts';

const hour = 3600;

/** The machine of the synthesized template, interpreted: the counts are those AWS bills. */
export const row: Row = {
  id: 'P1',
  what: 'Step Functions transitions of a 60-minute run whose executor calls back',
  target: '2 an attempt, so 2 without and 4 with one automatic rerun',
  async measure() {
    const definition = synthesizedMachine();
    const without = await playMachine(definition, {
      step: () => 'open',
      meanwhile: (later) => later(hour, (running, token) => running.sendTaskSuccess(token, {})),
    });
    const rerun = await playMachine(definition, {
      step: () => 'open',
      meanwhile: (later) => {
        later(hour / 2, (running, token) => running.sendTaskFailure(token, 'Rerun'));
        later(hour, (running, token) => running.sendTaskSuccess(token, {}));
      },
    });
    const transitions = (name: string, played: typeof without, target: number) => {
      if (played.execution.status() !== 'SUCCEEDED') throw new Error(`${name}: ${played.execution.status()}`);
      return { name, value: played.execution.transitions, unit: 'transitions', target };
    };
    return {
      figures: [transitions('without a rerun', without, 2), transitions('with one automatic rerun', rerun, 4)],
      anchors: [
        { name: 'Distributed Load Testing on AWS', value: 1137, unit: 'transitions', source: 'counted' },
        { name: 'cdk-github-runners (.sync)', value: 6, unit: 'transitions', source: 'counted' },
        { name: 'floor: the machine is entered once', value: 1, unit: 'transitions', source: 'counted' },
      ],
    };
  },
};
