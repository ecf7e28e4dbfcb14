import { once } from '../../core/once.ts';
import type { createMachine as create } from '../step-functions.ts';

/** The machine of `step-functions.ts`, whose client is loaded when the first execution is started or woken. */
export function createMachine(...[config, stateMachineArn]: Parameters<typeof create>): ReturnType<typeof create> {
  const load = once(async () => (await import('../step-functions.ts')).createMachine(config, stateMachineArn));
  return {
    workflow: {
      start: async (runId, executionN) => (await load()).workflow.start(runId, executionN),
      wake: async (run, why) => (await load()).workflow.wake(run, why),
    },
    tasks: {
      succeed: async (taskToken) => (await load()).tasks.succeed(taskToken),
      fail: async (taskToken, error) => (await load()).tasks.fail(taskToken, error),
    },
  };
}
