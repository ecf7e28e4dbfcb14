import { ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';
import { type Ending, isVisible, type Run } from '../core/run.ts';
import { completeRun } from './complete-run.ts';

const requested: Ending = { result: 'stopped', reason: 'requested', explanation: 'It was stopped on request.' };

/**
 * Stops the run, or answers how it stands if it is over or stopping already (reliability.md 3.4). A run no executor knows of
 * completes at once, unless it goes on at the same moment: to make a result ready takes longer than a step of the run, so the
 * second try would lose as well. For the others the stop is committed first, then the workflow asks the executor.
 */
export async function stopRun(services: Services, runId: number): Promise<Run> {
  for (let round = 0; round < 10; round++) {
    const run = await services.runs.getRun(runId);
    if (run === undefined || !isVisible(run)) throw new ServiceError('NOT_FOUND', `there is no run ${runId}`);
    if (run.status === 'completed' || run.status === 'stopping') return run;
    // One that waits for others has no workflow that would look at it.
    if (isUnclaimed(run) && (round === 0 || run.waitsFor !== undefined)) {
      const stopped = await completeRun(services, runId, ({ version }) => (version === run.version ? requested : null));
      if (stopped.status === 'completed') return stopped;
      continue;
    }
    const stopping = await services.runs.stop(run, services.now() + run.deadlines.stopSeconds * 1000);
    if (stopping === undefined) continue;
    services.log({ level: 'info', event: 'run stopping', runId });
    try {
      await services.workflow.wake(stopping, 'look');
    } catch (error) {
      services.log({ level: 'warn', event: 'wake failed', runId, error });
    }
    return stopping;
  }
  throw new ServiceError('UNAVAILABLE', `run ${runId} is changing too fast; stop it again`, { retryAfterSeconds: 1 });
}

/** No dispatch was ever claimed, so there is no job to stop. */
function isUnclaimed(run: Run): boolean {
  return run.status === 'queued' && run.dispatch === 'due' && run.dispatchTries === 0 && run.attempt === 1;
}
