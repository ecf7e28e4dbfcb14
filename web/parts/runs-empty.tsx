import { setFilter } from '../core/filter.ts';

/** Why there is nothing, and what makes the first one. */
export function RunsEmpty({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <div class="empty">
        <h2>No run fits these filters</h2>
        <button type="button" class="button" onClick={() => setFilter({ plan: null, project: null, status: null })}>
          Clear the filters
        </button>
      </div>
    );
  return (
    <div class="empty">
      <h2>No runs yet</h2>
      <p>Start one above, or from a terminal:</p>
      <pre>{`proctor run <plan> --wait`}</pre>
      <p>or by the API:</p>
      <pre>{`curl -sX POST ${location.origin}/v1/plans/<plan>/runs -H "Authorization: Bearer $KEY"`}</pre>
    </div>
  );
}
