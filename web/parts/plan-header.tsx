import type { ComponentChildren } from 'preact';
import { count } from '../core/format.ts';
import { href } from '../core/router.ts';
import type { Plan, PlanRuns } from '../core/use-plan.ts';
import { Upcoming } from './upcoming.tsx';
import { Verdict } from './verdict.tsx';
import { When } from './when.tsx';

/** What a plan is, how its newest run stands, and when it runs next. */
export function PlanHeader({
  plan,
  runs,
  children,
}: {
  readonly plan: Plan;
  readonly runs: PlanRuns | undefined;
  readonly children: ComponentChildren;
}) {
  const { id, name, project, enabled, description, executor, suites, updatedAt } = plan.document;
  const newest = runs?.runs[0];
  const cases = suites.reduce((sum, suite) => sum + suite.cases.length, 0);
  return (
    <div class="run-header">
      <nav class="crumbs" aria-label="Where this is">
        <a href={href('/plans')}>Plans</a> <span aria-hidden="true">/</span>{' '}
        <a href={href(`/plans?project=${encodeURIComponent(project)}`)}>{project}</a>
      </nav>
      <div class="title-row">
        <h1>
          {name} <span class="number">{id}</span> {enabled ? null : <span class="mark">disabled</span>}
        </h1>
        <div class="run-actions">{children}</div>
      </div>
      {newest ? (
        <p class="standing">
          <Verdict run={newest} large />
          <span>
            <a href={href(`/runs/${newest.id}`)}>run #{newest.id}</a>{' '}
            <span class="dim">
              <When at={newest.createdAt} />
            </span>
          </span>
        </p>
      ) : null}
      {description ? <p class="reason">{description}</p> : null}
      <dl class="facts">
        <div>
          <dt>Executor</dt>
          <dd>{executor.type}</dd>
        </div>
        {cases === 0 ? null : (
          <div>
            <dt>Cases</dt>
            <dd>{count(cases, 'case')}</dd>
          </div>
        )}
        <div>
          <dt>Next by itself</dt>
          <dd>
            {plan.nextAt === undefined ? <span class="dim">not scheduled </span> : <Upcoming at={plan.nextAt} />}{' '}
            {plan.schedules === 0 ? null : (
              <a href={href(`/schedules?plan=${id}`)}>{count(plan.schedules, 'schedule')}</a>
            )}
          </dd>
        </div>
        <div>
          <dt>Changed</dt>
          <dd>
            <When at={updatedAt} />
          </dd>
        </div>
      </dl>
    </div>
  );
}
