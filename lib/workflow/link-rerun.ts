import { ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';

const rounds = 5;

/**
 * E20: makes the new run the one child of its parent, so that reruns form a line (reliability.md F36, I5). A child that was
 * rejected or never stored is replaced. A child that stands keeps its place: the new run is rejected, and RUN_ACTIVE names
 * the other.
 */
export async function linkRerun(services: Services, parentId: number, runId: number): Promise<void> {
  const { runs } = services;
  let stale: number | undefined;
  for (let round = 0; round < rounds; round++) {
    if (await runs.linkRerun(parentId, runId, stale)) return;
    const childId = await runs.getRerun(parentId);
    if (childId === runId) return;
    const child = childId === undefined ? undefined : await runs.getRun(childId);
    if (child !== undefined && child.status !== 'rejected') {
      await runs.reject(runId, services.now());
      throw new ServiceError(
        'RUN_ACTIVE',
        `run ${parentId} was rerun by run ${child.id} at the same moment; rerun that when it is completed`,
        { runId: child.id },
      );
    }
    stale = childId;
  }
  await runs.reject(runId, services.now());
  throw new ServiceError('UNAVAILABLE', 'too many reruns of the run at once; try again', { retryAfterSeconds: 1 });
}
