import { invalidField } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { isVisible, type Run } from '../../core/run.ts';
import { parseId } from '../../core/schema.ts';
import { readPlaceInChain } from '../../workflow/read-chain.ts';
import { pinnedPlan, readCounts } from '../../workflow/read-run.ts';
import { maySee } from '../entry.ts';
import { findPlan } from '../find.ts';
import type { Handler } from '../message.ts';
import { answerJson, shapeOf } from './answer.ts';
import { inGroups } from './in-groups.ts';
import { type PageRequest, readPageRequest, toPage } from './page.ts';
import { planIdNames } from './plan-id.ts';
import { toRunObject } from './run-object.ts';

/** Ids walked at a time on the way to a deep page. */
const walk = 1000;

/**
 * `GET /api/v1/execution_results?executionId=` (contracts/testsigma.md 3.11). The plan is required: a script that lost its
 * run id would read another run's success as its own (T14).
 */
export function createListRuns(services: Services): Handler {
  return async (request, principal) => {
    const planId = readPlanId(request.query);
    const page = readPageRequest(request.query);
    await findPlan(services, principal, planId);
    const total = await services.runs.countByPlan(planId);
    const runs = (await services.runs.getRuns(await readIds(services, planId, page, total))).filter(
      (run) => isVisible(run) && maySee(principal, run),
    );
    if (page.sortBy === 'startTime') sortByStart(runs, page.ascending);
    const shape = shapeOf(services, request);
    const content = await inGroups(runs, 10, async (run) => {
      const [plan, counts, { consolidated, rerunIds }] = await Promise.all([
        pinnedPlan(services, run),
        readCounts(services, run),
        readPlaceInChain(services, run),
      ]);
      return toRunObject({ run, plan, counts, chain: consolidated, rerunIds, execution: null, ...shape });
    });
    return answerJson(toPage(page, content, total));
  };
}

function readPlanId(query: URLSearchParams): number {
  const given = planIdNames.flatMap((name) => query.getAll(name).map((text) => ({ name, text })));
  const ids = given.map(({ name, text }) => {
    const id = parseId(text);
    if (id === undefined) throw invalidField(name, 'must be a positive integer', text.slice(0, 100));
    return id;
  });
  const [planId] = ids;
  if (planId === undefined) throw invalidField('executionId', 'is required: the id of a test plan');
  const other = ids.findIndex((id) => id !== planId);
  if (other >= 0) throw invalidField(given[other]?.name ?? '', 'names another plan', ids[other] ?? null);
  return planId;
}

/** Ids of one page. Run ids grow with time, so their order is also that of the start times up to runs triggered at once. */
async function readIds(services: Services, planId: number, page: PageRequest, total: number): Promise<number[]> {
  let skip = page.page * page.size;
  if (skip >= total) return [];
  let beyond = page.ascending ? 0 : 2 ** 31;
  while (skip > 0) {
    const ids = await services.runs.listByPlan(planId, beyond, Math.min(skip, walk), page.ascending);
    const last = ids.at(-1);
    if (last === undefined) return [];
    beyond = last;
    skip -= ids.length;
  }
  return services.runs.listByPlan(planId, beyond, page.size, page.ascending);
}

function sortByStart(runs: Run[], ascending: boolean): void {
  const sign = ascending ? 1 : -1;
  runs.sort((a, b) => sign * (a.createdAt - b.createdAt || a.id - b.id));
}
