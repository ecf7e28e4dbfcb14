import { useEffect } from 'preact/hooks';
import { moveFocus } from '../core/move-focus.ts';
import { href, setQuery, usePlace } from '../core/router.ts';
import { useKeys } from '../core/use-keys.ts';
import { usePlanList } from '../core/use-plan-list.ts';
import { usePlans } from '../core/use-plans.ts';
import { CopyLine } from '../parts/copy-line.tsx';
import { Notice } from '../parts/notice.tsx';
import { Pager } from '../parts/pager.tsx';
import { PlanRow } from '../parts/plan-row.tsx';
import { Select } from '../parts/select.tsx';
import { Skeleton } from '../parts/skeleton.tsx';

/** The plans, each with how its newest run stands and when it runs next. */
export function PlansPage() {
  const { query } = usePlace();
  const project = query.get('project');
  const { data, problem } = usePlanList(project, query.get('cursor'));
  const projects = [...new Set((usePlans().data ?? []).map((plan) => plan.project))].sort();
  useEffect(() => {
    document.title = 'Plans · Proctor';
  }, []);
  useKeys({ j: () => moveFocus('.plan-row .name', 1), k: () => moveFocus('.plan-row .name', -1) });
  return (
    <>
      <div class="title-row">
        <h1>Plans</h1>
      </div>
      <search class="filters">
        <Select
          label="Project"
          value={project}
          all="All projects"
          options={projects.map((name) => [name, name])}
          onChange={(value) => setQuery({ project: value, cursor: null })}
        />
      </search>
      <Notice problem={problem} />
      {data === undefined && problem === undefined ? <Skeleton rows={6} /> : null}
      {data && data.plans.length === 0 ? <NoPlans project={project} /> : null}
      <ul class="plans" aria-label="Plans">
        {data?.plans.map((plan) => (
          <PlanRow key={plan.id} plan={plan} />
        ))}
      </ul>
      <Pager path="/plans" query={query} nextCursor={data?.nextCursor} words={['First', 'More']} />
    </>
  );
}

function NoPlans({ project }: { readonly project: string | null }) {
  if (project !== null) {
    return (
      <div class="empty">
        <h2>No plan in the project {project}</h2>
        <a href={href('/plans')}>All plans</a>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No plans yet</h2>
      <p>A plan says what runs your tests. Write one, and apply it:</p>
      <CopyLine text="proctor plans apply plan.yaml" what="the command" />
    </div>
  );
}
