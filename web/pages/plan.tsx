import { useEffect, useRef, useState } from 'preact/hooks';
import { href, usePlace } from '../core/router.ts';
import { useHistory, usePlan, usePlanRuns } from '../core/use-plan.ts';
import type { PageProps } from '../pages.ts';
import { CaseHistory } from '../parts/case-history.tsx';
import { CopyLine } from '../parts/copy-line.tsx';
import { Notice } from '../parts/notice.tsx';
import { PlanBadge } from '../parts/plan-badge.tsx';
import { PlanCases } from '../parts/plan-cases.tsx';
import { PlanDocument } from '../parts/plan-document.tsx';
import { PlanHeader } from '../parts/plan-header.tsx';
import { PlanHistory } from '../parts/plan-history.tsx';
import { RunRow } from '../parts/run-row.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { StartRun } from '../parts/start-run.tsx';

/** One plan with what its runs tell together; or, if the address names a case, all that case did. */
export function PlanPage({ params }: PageProps) {
  const planId = Number(params.id);
  const caseId = usePlace().query.get('case');
  const plan = usePlan(planId);
  const shown = useRef(caseId);
  // Only the query is another one, but the content is, too: the focus goes where it begins.
  useEffect(() => {
    if (shown.current !== caseId) document.getElementById('main')?.focus({ preventScroll: true });
    shown.current = caseId;
  }, [caseId]);
  if (caseId !== null)
    return <CaseHistory planId={planId} caseId={Number(caseId)} planName={plan.data?.document.name} />;
  return <WholePlan planId={planId} given={params.id ?? ''} plan={plan} />;
}

function WholePlan({
  planId,
  given,
  plan: { data: plan, problem },
}: {
  readonly planId: number;
  readonly given: string;
  readonly plan: ReturnType<typeof usePlan>;
}) {
  const asked = Number(usePlace().query.get('runs') ?? 30);
  const runs = usePlanRuns(planId);
  const history = useHistory(planId, asked, runs.data);
  const [starting, setStarting] = useState(false);
  const name = plan?.document.name;
  useEffect(() => {
    document.title = `${name ?? `Plan ${given}`} · Proctor`;
  }, [name, given]);

  if (plan === undefined) {
    return problem ? (
      <div class="empty">
        <h1>Plan {given}</h1>
        <Notice problem={problem} />
        <a href={href('/plans')}>Go to the plans</a>
      </div>
    ) : (
      <Skeleton rows={6} />
    );
  }
  const recent = runs.data?.runs ?? [];
  return (
    <div class="plan-page">
      <PlanHeader plan={plan} runs={runs.data}>
        <button
          type="button"
          class="button primary"
          disabled={!plan.document.enabled}
          onClick={() => setStarting(true)}
        >
          Run now
        </button>
      </PlanHeader>
      <Notice problem={problem ?? runs.problem ?? history.problem} />
      {history.data === undefined && history.problem === undefined ? <Skeleton rows={4} /> : null}
      {history.data && history.data.runs.length === 0 ? <NoHistory planId={planId} isLive={recent.length > 0} /> : null}
      {history.data && history.data.runs.length > 0 ? (
        <div class="told" aria-busy={history.isStale}>
          <PlanHistory history={history.data} asked={asked} />
          <PlanCases history={history.data} />
        </div>
      ) : null}
      {recent.length > 0 ? (
        <section aria-labelledby="recent">
          <div class="section-row">
            <h2 id="recent">Recent runs</h2>
            <a href={href(`/?plan=${planId}`)}>All of them</a>
          </div>
          <ul class="runs" aria-label="Recent runs, newest first">
            {recent.map((run) => (
              <RunRow key={run.id} run={run} />
            ))}
          </ul>
        </section>
      ) : null}
      <div class="halves">
        <PlanBadge document={plan.document} />
        <PlanDocument document={plan.document} />
      </div>
      {starting ? (
        <StartRun
          planId={planId}
          onClose={() => {
            setStarting(false);
            runs.reload();
          }}
        />
      ) : null}
    </div>
  );
}

function NoHistory({ planId, isLive }: { readonly planId: number; readonly isLive: boolean }) {
  return (
    <div class="empty">
      <h2>{isLive ? 'Its first run has not ended' : 'It has never run'}</h2>
      <p>
        {isLive ? 'What its runs tell together stands here as soon as one has.' : 'Run it above, or from a terminal:'}
      </p>
      {isLive ? null : <CopyLine text={`proctor run ${planId} --wait`} what="the command" />}
    </div>
  );
}
