import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { maxId } from '../../core/schema.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { reading } from './behind.ts';
import { findPlan, maySeePlan, missing } from './find.ts';
import { readPage, toPage } from './page.ts';
import { readDigits, readFlag, readParameters } from './parameters.ts';
import { readPlanObject } from './plan-object.ts';
import { findProject } from './projects.ts';
import type { TestiniumSettings } from './settings.ts';

/** Plans read, and asked about, at a time. */
const group = 25;

/** `GET /plans/{id}` (contracts/testinium.md 3.5). */
export function createGetPlan(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) => {
    const plan = await findPlan(services, settings, principal, request);
    return answerJson(200, await readPlanObject(services, settings, plan));
  });
}

/** `GET /plans/{id}/active`: the same, of a plan that is enabled. */
export function createGetActivePlan(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) => {
    const plan = await findPlan(services, settings, principal, request);
    if (!plan.enabled) throw missing('plan', plan.id);
    return answerJson(200, await readPlanObject(services, settings, plan));
  });
}

/** `GET /plans` and `/plans/lazy`: all the caller may see, by id. */
export function createListPlans(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) => {
    const fits = readFilter(request);
    const plans = await listVisible(services, principal, fits);
    return answerJson(200, await inGroups(plans, (plan) => readPlanObject(services, settings, plan)));
  });
}

/** `GET /projects/{id}/plans`, and the enabled ones of them at `…/plans/active`. */
export function createListProjectPlans(services: Services, settings: TestiniumSettings, isActive?: true): Handler {
  return reading(settings, async (request, principal) => {
    const project = await findProject(services, principal, request);
    const plans = await listVisible(services, principal, (plan) => {
      return plan.projectId === project.id && (isActive === undefined || plan.enabled);
    });
    return answerJson(200, await inGroups(plans, (plan) => readPlanObject(services, settings, plan)));
  });
}

/**
 * `GET /plans/filter`: a page, the most recently started plan first and those never started last, by id. A client looks for
 * its plan among the first 20 only (T18).
 */
export function createFilterPlans(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) => {
    const page = readPage(request);
    const fits = readFilter(request);
    const plans = await listVisible(services, principal, fits);
    const started = await inGroups(plans, async (plan) => {
      const [runId = 0] = await services.runs.listByPlan(plan.id, maxId + 1, 1);
      return { plan, runId };
    });
    started.sort((a, b) => b.runId - a.runId || a.plan.id - b.plan.id);
    const shown = started.slice((page.page - 1) * page.size, page.page * page.size);
    const items = await inGroups(shown, ({ plan }) => readPlanObject(services, settings, plan));
    return answerJson(200, toPage(services, request, page, items, plans.length));
  });
}

function readFilter(request: HttpRequest): (plan: Plan) => boolean {
  const { projectId, active, planText } = readParameters(request, ['projectId', 'active', 'planText']);
  const wanted = projectId === undefined ? undefined : readDigits('projectId', projectId);
  if (projectId !== undefined && wanted === undefined) {
    throw invalidField('projectId', 'must be a positive integer', projectId.slice(0, 100));
  }
  const isActive = active === undefined ? undefined : readFlag('active', active);
  const text = planText?.toLowerCase() ?? '';
  return (plan) =>
    (wanted === undefined || plan.projectId === wanted) &&
    (isActive === undefined || plan.enabled === isActive) &&
    plan.name.toLowerCase().includes(text);
}

async function listVisible(
  services: Services,
  principal: Principal,
  fits: (plan: Plan) => boolean,
): Promise<readonly Plan[]> {
  const found: Plan[] = [];
  for (let after = 0; ; ) {
    const plans = await services.plans.listPlans(after, group);
    found.push(...plans.filter((plan) => maySeePlan(principal, plan) && fits(plan)));
    const last = plans.at(-1);
    if (last === undefined) return found;
    after = last.id;
  }
}

async function inGroups<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let from = 0; from < items.length; from += group) {
    answers.push(...(await Promise.all(items.slice(from, from + group).map(ask))));
  }
  return answers;
}
