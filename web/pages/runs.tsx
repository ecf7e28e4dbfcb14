import { useEffect, useState } from 'preact/hooks';
import { api, need, type Run } from '../api.ts';
import { filterOf, type RunFilter, toQuery } from '../core/filter.ts';
import { moveFocus } from '../core/move-focus.ts';
import { isLive } from '../core/results.ts';
import { href, usePlace } from '../core/router.ts';
import { useKeys } from '../core/use-keys.ts';
import { useLive } from '../core/use-live.ts';
import { Notice } from '../parts/notice.tsx';
import { RunFilters } from '../parts/run-filters.tsx';
import { RunRow } from '../parts/run-row.tsx';
import { RunsEmpty } from '../parts/runs-empty.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { StartRun } from '../parts/start-run.tsx';

/** How often the list asks: while something in it lives, and otherwise. */
const livePauseMs = 2_000;
const quietPauseMs = 10_000;
/** Live runs whose counts are asked for one by one; lists do not count. */
const mostCounted = 6;

/** The runs, newest first. The filters are in the address, so that a list can be passed on. */
export function RunsPage() {
  const { query } = usePlace();
  const [starting, setStarting] = useState(false);
  const filter = filterOf(query);
  const cursor = query.get('cursor');
  const { data, problem, reload } = useLive(query.toString(), loadRuns(filter, cursor), ({ runs }) =>
    runs.some(isLive) ? livePauseMs : cursor === null ? quietPauseMs : null,
  );

  useEffect(() => {
    document.title = 'Runs · Proctor';
  }, []);

  useKeys({
    j: () => moveFocus('.run-row .name', 1),
    k: () => moveFocus('.run-row .name', -1),
    '/': () => focusOn('.filters select'),
  });

  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <div class="title-row">
        <h1>Runs</h1>
        <button type="button" class="button primary" onClick={() => setStarting(true)}>
          Run a plan
        </button>
      </div>
      <RunFilters filter={filter} />
      <Notice problem={problem} />
      {data === undefined && problem === undefined ? <Skeleton rows={8} /> : null}
      {data && data.runs.length === 0 ? <RunsEmpty isFiltered={isFiltered} /> : null}
      {data && data.runs.length > 0 ? (
        <ul class="runs" aria-label="Runs, newest first">
          {data.runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </ul>
      ) : null}
      <nav class="pager" aria-label="Pages of runs">
        {cursor !== null ? <a href={href(placeOf(query, null))}>Newest</a> : null}
        {data?.nextCursor ? <a href={href(placeOf(query, data.nextCursor))}>Older</a> : null}
      </nav>
      {starting ? (
        <StartRun
          planId={filter.plan === undefined ? undefined : Number(filter.plan)}
          onClose={() => {
            setStarting(false);
            reload();
          }}
        />
      ) : null}
    </>
  );
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function loadRuns(filter: RunFilter, cursor: string | null) {
  return async (signal: AbortSignal) => {
    const page = await need(
      api.GET('/v1/runs', {
        params: { query: { ...toQuery(filter), limit: 50, ...(cursor === null ? {} : { cursor }) } },
        signal,
      }),
    );
    const live = page.runs.filter(isLive).slice(0, mostCounted);
    const counted = await Promise.all(
      live.map(({ id }) =>
        need(api.GET('/v1/runs/{runId}', { params: { path: { runId: id } }, signal })).catch(() => undefined),
      ),
    );
    const byId = new Map<number, Run>(counted.flatMap((run) => (run ? [[run.id, run]] : [])));
    return { ...page, runs: page.runs.map((run) => byId.get(run.id) ?? run) };
  };
}

function placeOf(query: URLSearchParams, cursor: string | null): string {
  const next = new URLSearchParams(query);
  if (cursor === null) next.delete('cursor');
  else next.set('cursor', cursor);
  const text = next.toString();
  return text === '' ? '/' : `/?${text}`;
}
