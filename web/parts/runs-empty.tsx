import { setFilter } from '../core/filter.ts';
import { href } from '../core/router.ts';
import { usePlans } from '../core/use-plans.ts';
import { Notice } from './notice.tsx';
import { Skeleton } from './skeleton.tsx';

/** Why there is nothing, and what makes the first one. */
export function RunsEmpty({ isFiltered }: { readonly isFiltered: boolean }) {
  const { data: plans, problem } = usePlans();
  if (isFiltered) {
    return (
      <div class="empty">
        <h2>No run fits these filters</h2>
        <button type="button" class="button" onClick={() => setFilter({ plan: null, project: null, status: null })}>
          Clear the filters
        </button>
      </div>
    );
  }
  if (plans === undefined) return problem ? <Notice problem={problem} /> : <Skeleton rows={3} />;
  const plan = plans.find(({ enabled }) => enabled);
  if (plan === undefined && plans.length > 0) {
    return (
      <div class="empty">
        <h2>No runs yet, and no plan is enabled</h2>
        <p>
          A plan whose document says <code>enabled: false</code> refuses to run. Change it, and apply it again.
        </p>
        <a href={href('/plans')}>Go to the plans</a>
      </div>
    );
  }
  if (plan === undefined) {
    return (
      <div class="empty">
        <h2>No plans yet</h2>
        <p>A plan says what runs your tests. Write one, and apply it:</p>
        <pre>proctor plans apply plan.yaml</pre>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No runs yet</h2>
      <p>Start one above, or from a terminal:</p>
      <pre>{`proctor run ${plan.id} --wait`}</pre>
      <p>or through the API:</p>
      <pre>{`curl -sX POST ${location.origin}${href(`/v1/plans/${plan.id}/runs`)} \\\n  -H "Authorization: Bearer $KEY"`}</pre>
    </div>
  );
}
