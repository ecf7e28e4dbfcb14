import type { Services } from '../core/ports.ts';
import { isLive } from '../core/run.ts';

/**
 * Something says that the job of an attempt changed: its run looks at once. Only the job the attempt was given counts, whatever
 * the message claims; what it is about, the executor is asked. Answers whether the run was woken.
 */
export async function noticeJob(
  services: Services,
  { runId, attempt, ref }: { readonly runId: number; readonly attempt: number; readonly ref: string },
): Promise<boolean> {
  const run = await services.runs.getRun(runId);
  if (run === undefined || !isLive(run) || run.attempt !== attempt) return false;
  const { attempts } = await services.runs.readItems(run);
  if (attempts.find((job) => job.attempt === attempt)?.ref !== ref) {
    services.log({ level: 'warn', event: 'message about another job', runId, attempt });
    return false;
  }
  // As of the last batch: a step that is about to wait must look again (reliability.md F28).
  const current = await services.runs.acknowledge(runId, { at: services.now(), final: true, bytes: 0 });
  if (current === undefined) return false;
  await services.workflow.wake(current, 'look');
  return true;
}
