import { useEffect, useState } from 'preact/hooks';
import type { Problem, Run } from '../api.ts';
import { standingOf, tellStanding } from '../core/results.ts';
import { href, usePlace } from '../core/router.ts';
import { useCases } from '../core/use-cases.ts';
import { useRun } from '../core/use-run.ts';
import type { PageProps } from '../pages.ts';
import { Attempts } from '../parts/attempts.tsx';
import { CaseList } from '../parts/case-list.tsx';
import { Downloads } from '../parts/downloads.tsx';
import { Notice } from '../parts/notice.tsx';
import { RunActions } from '../parts/run-actions.tsx';
import { RunHeader } from '../parts/run-header.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Why } from '../parts/why.tsx';

/** One run: how it stands and why, its cases, its attempts; and what can be done about it. */
export function RunPage({ params }: PageProps) {
  const runId = Number(params.id);
  const { query } = usePlace();
  const { data: run, problem, reload } = useRun(runId);
  const list = useCases(run);
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  const [refusal, setRefusal] = useState<Problem>();
  useTitle(run, runId);

  if (run === undefined) {
    return problem ? (
      <div class="empty">
        <h1>Run {params.id}</h1>
        <Notice problem={problem} />
        <a href={href('/')}>Go to the runs</a>
      </div>
    ) : (
      <Skeleton rows={6} />
    );
  }
  const tab = query.get('tab') ?? 'cases';
  const pick = (resultId: number) =>
    setPicked((old) => {
      const next = new Set(old);
      if (!next.delete(resultId)) next.add(resultId);
      return next;
    });
  return (
    <>
      <RunHeader run={run}>
        <RunActions
          run={run}
          picked={picked}
          onUnpick={() => setPicked(new Set())}
          onProblem={setRefusal}
          onChange={reload}
        />
      </RunHeader>
      <Notice problem={refusal ?? problem} />
      <div class="tab-row">
        <nav class="tabs" aria-label="About this run">
          <Tab name="cases" word="Cases" tab={tab} runId={runId} />
          <Tab name="why" word={whyWord(run)} tab={tab} runId={runId} />
          <Tab name="attempts" word={`Attempts ${run.attempt}`} tab={tab} runId={runId} />
        </nav>
        <Downloads runId={runId} onProblem={setRefusal} />
      </div>
      {tab === 'why' ? <Why run={run} /> : null}
      {tab === 'attempts' ? <Attempts run={run} /> : null}
      {tab === 'cases' ? <CaseList run={run} list={list} picked={picked} onPick={pick} /> : null}
    </>
  );
}

function Tab({ name, word, tab, runId }: { name: string; word: string; tab: string; runId: number }) {
  return (
    <a
      href={href(`/runs/${runId}${name === 'cases' ? '' : `?tab=${name}`}`)}
      aria-current={tab === name ? 'page' : undefined}
    >
      {word}
    </a>
  );
}

function whyWord(run: Run): string {
  const { tone } = tellStanding(standingOf(run));
  return tone === 'bad' || tone === 'broken' ? 'Why is it red?' : 'What happened';
}

/** The tab of the browser tells how it stands, too. */
function useTitle(run: Run | undefined, runId: number): void {
  useEffect(() => {
    document.title = run
      ? `${tellStanding(standingOf(run)).word}: ${run.planName} #${run.id} · Proctor`
      : `Run ${runId} · Proctor`;
  }, [run, runId]);
}
