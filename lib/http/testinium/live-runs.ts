import type { Services } from '../../core/ports.ts';
import { isLive, type Run } from '../../core/run.ts';
import { maySee } from '../entry.ts';
import type { Principal } from '../message.ts';

/** The live runs of a plan, those that wait included, as its lock has them: read consistently (reliability.md F38). */
export async function listLive(
  services: Services,
  planId: number,
): Promise<{ readonly live: readonly Run[]; readonly waiting: number }> {
  const { active, waiting } = await services.runs.readLock(planId);
  const runs = await services.runs.getRuns([...active, ...waiting]);
  return { live: runs.filter(isLive), waiting: waiting.size };
}

/** The newest of the runs, if the caller may read it at all. */
export function newestVisible(runs: readonly Run[], principal: Principal): Run | undefined {
  const [newest] = runs.toSorted((a, b) => b.createdAt - a.createdAt || b.id - a.id);
  return newest && principal.scopes.has('PLAN_VIEW') && maySee(principal, newest) ? newest : undefined;
}
