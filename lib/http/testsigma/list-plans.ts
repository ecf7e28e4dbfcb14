import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import { maySeePlan } from '../find.ts';
import type { Handler, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { inGroups } from './in-groups.ts';
import { readLastRunId } from './last-run.ts';
import { type PageRequest, readPageRequest, toPage } from './page.ts';
import { toExecution } from './run-object.ts';

type Execution = ReturnType<typeof toExecution>;
type Filter = (plan: Plan) => boolean;

/** Plans read at a time. */
const walk = 50;

/** `GET /api/v1/test_plans?query=` (contracts/testsigma.md 3.12): all plans the key may see, or those that fit the query. */
export function createListPlans(services: Services): Handler {
  return async ({ query }, principal) => {
    const page = readPageRequest(query);
    const filters = readQuery(query.get('query') ?? '');
    const found = await listVisiblePlans(services, principal, (plan) =>
      filters.every((fits) => fits(plan)) ? toExecution(plan, null) : undefined,
    );
    found.sort(orderOf(page));
    const from = page.page * page.size;
    const content = await inGroups(found.slice(from, from + page.size), 10, async (execution) => ({
      ...execution,
      lastRunId: await readLastRunId(services, execution.id),
    }));
    return answerJson(toPage(page, content, found.length));
  };
}

/**
 * What `pick` keeps of each plan the key may see, by the plans' ids: documents may be large, so only what is needed stays in
 * memory. Undefined leaves the plan out.
 */
export async function listVisiblePlans<T>(
  services: Services,
  principal: Principal,
  pick: (plan: Plan) => T | undefined,
): Promise<T[]> {
  const found: T[] = [];
  for (let after = 0; ; ) {
    const plans = await services.plans.listPlans(after, walk);
    for (const plan of plans) {
      const picked = maySeePlan(principal, plan) ? pick(plan) : undefined;
      if (picked !== undefined) found.push(picked);
    }
    // A short answer is not the end: a plan may have been deleted between the index and its item.
    const last = plans.at(-1);
    if (last === undefined) return found;
    after = last.id;
  }
}

function orderOf({ sortBy, ascending }: PageRequest): (a: Execution, b: Execution) => number {
  const sign = ascending ? 1 : -1;
  if (sortBy === 'id') return (a, b) => sign * (a.id - b.id);
  return (a, b) => sign * (a.createdDate - b.createdDate || a.id - b.id);
}

/** `key:value`, several joined by commas, which all must hold. A comma before text without a colon belongs to the value. */
function readQuery(text: string): Filter[] {
  if (text.trim() === '') return [];
  return text.split(/,(?=[^,:]*:)/).map((term) => {
    const colon = term.indexOf(':');
    const key = colon < 0 ? term : term.slice(0, colon).trim();
    const value = term.slice(colon + 1).trim();
    if (colon >= 0 && key === 'name') return (plan) => plan.name === value;
    if (colon >= 0 && (key === 'id' || key === 'applicationVersionId')) {
      const number = parseId(value);
      if (number === undefined) throw invalidField('query', `${key} must be a positive integer`, term.slice(0, 100));
      return (plan) => (key === 'id' ? plan.id : plan.projectId) === number;
    }
    throw invalidField('query', 'must be applicationVersionId:, id: or name: and a value', term.slice(0, 100));
  });
}
