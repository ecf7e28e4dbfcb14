import { pollWait } from '../../lib/core/cadence.ts';
import { waitError } from '../../lib/infra/run-definition.ts';
import { synthesize, withoutHash } from '../infra/synthesize.ts';
import { createExecution, type Execution, readStateMachine } from './asl.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** What a fake step does: ends its task by this, or `open` to leave that to others. */
export type Answer = { fail: string } | 'succeed' | 'open' | 'throw';

export interface Played {
  readonly clock: VirtualClock;
  readonly execution: Execution;
  /** When each step began, in seconds. */
  readonly steps: number[];
  readonly completions: () => number;
}

interface Script {
  /** By the seconds since the start, and the how manieth step it is. */
  readonly step: (elapsedSeconds: number, call: number) => Answer;
  /** What others do, and when. */
  readonly meanwhile?: (later: (seconds: number, act: (execution: Execution, token: string) => void) => void) => void;
  /** The error a completion fails with. */
  readonly complete?: (call: number) => string | null;
}

/** The run machine of the synthesized template. The checks of the template are another test's, and take two seconds. */
export function synthesizedMachine(): unknown {
  return readStateMachine(synthesize(undefined, { '@aws-cdk/core:validateAgainstDefaultRules': false }).template);
}

/** Plays a run of the machine in virtual time, until it is over. */
export async function playMachine(definition: unknown, script: Script): Promise<Played> {
  const { step, meanwhile = () => {}, complete = () => null } = script;
  const clock = createVirtualClock(0);
  const steps: number[] = [];
  let completions = 0;
  let latest = '';
  const execution = createExecution(definition, {
    name: 'run-7-1',
    input: { runId: 7 },
    clock,
    async invoke(name, payload) {
      if (payload.runId !== 7) throw new Error(`${name} got ${JSON.stringify(payload)}`);
      if (withoutHash(name) === 'RunCompleteRun') {
        completions += 1;
        const error = complete(completions);
        if (error) throw Object.assign(new Error(), { name: error });
        return;
      }
      if (withoutHash(name) !== 'RunStepRun') throw new Error(`${name} is none of the machine's functions`);
      latest = String(payload.taskToken);
      steps.push(clock.now() / 1000);
      const answer = step(clock.now() / 1000, steps.length);
      if (answer === 'throw') throw new TypeError('a bug');
      if (answer === 'succeed') execution.sendTaskSuccess(latest, {});
      else if (answer !== 'open') execution.sendTaskFailure(latest, answer.fail);
    },
  });
  meanwhile((seconds, act) => clock.after(seconds * 1000, () => act(execution, latest)));
  await clock.runUntil(() => execution.status() !== 'RUNNING', 200_000_000);
  return { clock, execution, steps, completions: () => completions };
}

/** Polls as the core's cadence says, until the test job is over. */
export const polled =
  (seconds: number, usual?: number) =>
  (elapsed: number): Answer =>
    elapsed >= seconds ? 'succeed' : { fail: waitError(pollWait(elapsed, usual, 900)) };
