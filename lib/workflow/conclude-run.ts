import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';
import { isLive } from '../core/run.ts';
import { completeRun } from './complete-run.ts';

/**
 * The end of an execution: completes the run if its decision says so. An execution must not end well while its run lives:
 * RUN_ACTIVE makes it fail, and the rule on failed executions starts the next one (reliability.md 3.6, L2).
 */
export async function concludeRun(services: Services, runId: number): Promise<void> {
  try {
    const run = await completeRun(withoutOwnWake(services, runId), runId);
    if (!isLive(run)) return;
  } catch (error) {
    // No such run: there is nothing to go on with.
    if (isServiceError(error, 'NOT_FOUND')) return;
    throw error;
  }
  throw new ServiceError('RUN_ACTIVE', `run ${runId} is not over`);
}

/** The only execution of a run has no task left to wake, once it is here. After a crash another one may be waiting (E19). */
function withoutOwnWake(services: Services, runId: number): Services {
  const { workflow } = services;
  const wake: Services['workflow']['wake'] = async (run, why) => {
    if (run.id !== runId || run.executionN > 1) await workflow.wake(run, why);
  };
  return { ...services, workflow: { ...workflow, wake } };
}
