import { count } from '../core/format.ts';
import { href } from '../core/router.ts';
import type { PlanLine } from '../core/use-plan-list.ts';
import { Upcoming } from './upcoming.tsx';
import { Verdict } from './verdict.tsx';
import { When } from './when.tsx';

/** A plan in a list: how its newest run stands, what it is, and when it runs next. */
export function PlanRow({ plan }: { readonly plan: PlanLine }) {
  const { id, name, project, enabled, executor, cases, newestRun, nextAt } = plan;
  return (
    <li class="plan-row">
      {newestRun ? <Verdict run={newestRun} /> : <span class="verdict dim">Never ran</span>}
      <span class="title">
        <a class="name" href={href(`/plans/${id}`)}>
          {name}
        </a>
        {enabled ? null : <span class="mark">disabled</span>}
      </span>
      <span class="about dim">
        {[project, executor.type, cases > 0 ? count(cases, 'case') : ''].filter(Boolean).join(' · ')}
      </span>
      <span class="newest">
        {newestRun ? (
          <>
            <a href={href(`/runs/${newestRun.id}`)}>run #{newestRun.id}</a>{' '}
            <span class="dim">
              <When at={newestRun.createdAt} />
            </span>
          </>
        ) : null}
      </span>
      <span class="next dim">
        {nextAt === undefined ? (
          ''
        ) : (
          <>
            next <Upcoming at={nextAt} />
          </>
        )}
      </span>
    </li>
  );
}
