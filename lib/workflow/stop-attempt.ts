import type { Services } from '../core/ports.ts';
import { toDispatch } from './dispatch-attempt.ts';
import type { LiveRun } from './read-run.ts';

/**
 * Asks once that the job of an attempt be stopped which is given up, or whose run is over: a lost executor may be alive after
 * all. A next attempt need not wait for the answer: from the moment it is due (E16) results of this one are refused, and
 * those that came before are older than all of its own. True if the job is known to be gone, or none is known.
 */
export async function stopAttempt(services: Services, live: LiveRun, attempt: number): Promise<boolean> {
  const { run, plan, items } = live;
  const job = items.attempts.find((record) => record.attempt === attempt);
  const executor = services.executors(plan.executor.type);
  if (job === undefined || !executor.capabilities(plan.executor).stops) return true;
  try {
    return (await executor.stop(job.ref, await toDispatch(services, live, attempt))) === 'gone';
  } catch (error) {
    services.log({ level: 'warn', event: 'stop failed', runId: run.id, attempt, error });
    return false;
  }
}
