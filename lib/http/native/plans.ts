import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { trySyncSchedules } from '../../workflow/sync-schedules.ts';
import { findPlan, maySeePlan, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { checkIfMatch, etagOf, notModified } from './etag.ts';
import { readPaging, readProject, toCursor } from './paging.ts';
import { answerPlan, toPlanSummary } from './plan-object.ts';

/** Plans looked at for one page; the cursor goes on from there, so a page may be short and still have a next one. */
const maxLooked = 1000;

/** `GET /v1/plans?project=&cursor=&limit=`: the plans the caller sees, by id. */
export function createListPlans(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after } = readPaging(request.query, 'plan');
    const project = readProject(request.query);
    const found: Plan[] = [];
    let last = after ?? 0;
    let more = true;
    for (let looked = 0; more && found.length <= limit && looked < maxLooked; ) {
      const plans = await services.plans.listPlans(last, 100);
      found.push(
        ...plans.filter((plan) => maySeePlan(principal, plan) && (project === undefined || plan.project === project)),
      );
      last = plans.at(-1)?.id ?? last;
      looked += plans.length;
      more = plans.length > 0;
    }
    const page = found.slice(0, limit);
    const lastShown = found.length > limit ? page.at(-1)?.id : undefined;
    const next = lastShown ?? (more ? last : undefined);
    return json(200, {
      plans: page.map((plan) => toPlanSummary(plan, request)),
      nextCursor: next === undefined ? null : toCursor('plan', next),
    });
  };
}

/** `GET /v1/plans/{planId}`. */
export function createGetPlan(services: Services): Handler {
  return async (request, principal) => {
    const plan = await findPlan(services, principal, readParam(request, 'planId'));
    return notModified(request, etagOf(plan.version)) ?? answerPlan(200, plan, request);
  };
}

/** `DELETE /v1/plans/{planId}`: its runs stay readable, its schedules go with it. */
export function createDeletePlan(services: Services): Handler {
  return async (request, principal) => {
    const plan = await findPlan(services, principal, readParam(request, 'planId'));
    checkIfMatch(request, plan.version);
    await services.plans.deletePlan(plan, services.now());
    await trySyncSchedules(services, plan.id);
    return { status: 204, headers: {}, body: '' };
  };
}
