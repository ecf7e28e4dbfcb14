import type { Services } from '../core/ports.ts';
import { stepRun } from './step-run.ts';

/** The state machine's answers to a task it waits for. Telling a task that is over already is no error, and said. */
export interface Tasks {
  succeed(token: string): Promise<'over' | undefined>;
  /** `error` is the name by which the state machine chooses how it goes on. */
  fail(token: string, error: string): Promise<'over' | undefined>;
}

/** Steps in one passage at most, while others keep changing the run between a step and its wait. */
const rounds = 20;

/**
 * One passage of the state machine's step: success sends it on to complete the run, a failure named `Wait<seconds>s` makes
 * it come back after that time, and silence leaves the task open until whoever changes the run ends it (E18, F28, F37).
 */
export async function driveStep(services: Services, tasks: Tasks, runId: number, token: string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const answer = await stepRun(services, runId);
    if (answer.next !== 'wait') return void (await tasks.succeed(token));
    if (!answer.wakeable) return void (await tasks.fail(token, `Wait${answer.seconds}s`));
    if (await services.runs.registerToken(runId, answer.wakeSeq, token, answer.until)) return;
  }
  await tasks.fail(token, 'Wait1s');
}
