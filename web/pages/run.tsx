import { useEffect } from 'preact/hooks';
import { api, need, type Run } from '../api.ts';
import { isLive } from '../core/results.ts';
import { useLive } from '../core/use-live.ts';
import type { PageProps } from '../pages.ts';
import { Bar } from '../parts/bar.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Verdict } from '../parts/verdict.tsx';

/** One run: how it stands, and why. */
export function RunPage({ params }: PageProps) {
  const runId = Number(params.id);
  const { data: run, problem } = useLive(`run ${runId}`, loadRun(runId), (known) => (isLive(known) ? 1_000 : null));
  useEffect(() => {
    document.title = run ? `${run.planName} #${run.id} · Proctor` : `Run ${runId} · Proctor`;
  }, [run, runId]);
  if (run === undefined) return problem ? <Notice problem={problem} /> : <Skeleton rows={6} />;
  return (
    <>
      <h1>
        {run.planName} <span class="number">#{run.id}</span>
      </h1>
      <Verdict run={run} large />
      {run.counts ? <Bar counts={run.counts} /> : null}
      <Notice problem={problem} />
    </>
  );
}

function loadRun(runId: number) {
  return (signal: AbortSignal): Promise<Run> =>
    need(api.GET('/v1/runs/{runId}', { params: { path: { runId } }, signal }));
}
