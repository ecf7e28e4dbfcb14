import { count } from '../core/format.ts';
import { href } from '../core/router.ts';
import type { History } from '../core/use-plan.ts';

type Failing = Pick<History['cases']['failing'][number], 'failingRuns' | 'firstFailedRun' | 'sinceBeforeWindow'>;

/** Since when a case fails: the run it broke in, its build, and how often it has failed in a row. */
export function Since({ failingRuns, firstFailedRun, sinceBeforeWindow }: Failing) {
  if (firstFailedRun === null) return null;
  const { id, buildNo } = firstFailedRun;
  const link = (
    <a href={href(`/runs/${id}`)}>
      run #{id}
      {buildNo === null ? '' : ` (build ${buildNo})`}
    </a>
  );
  return (
    <span class="since">
      {sinceBeforeWindow ? 'since before ' : 'since '}
      {link}, {sinceBeforeWindow ? 'at least ' : ''}
      {count(failingRuns, 'run')}
    </span>
  );
}
