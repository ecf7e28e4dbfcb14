import { invalidField, isServiceError, ServiceError } from '../../core/errors.ts';
import type { Plan, PlanDocument } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { trySyncSchedules } from '../../workflow/sync-schedules.ts';
import { findPlan, maySeePlan, missing, ownsProject, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, Principal } from '../message.ts';
import { type Change, comparePlans } from './compare-plans.ts';
import { checkIfMatch } from './etag.ts';
import { learnDeclared } from './learn-cases.ts';
import { readFlag } from './paging.ts';
import { type CheckUrl, checkPlan, readPlan } from './plan-body.ts';
import { answerPlan } from './plan-object.ts';

/** Tries against others who apply the same plan at the same moment. */
const rounds = 5;

/**
 * `POST /v1/plans`: makes the plan (201) or brings it to what the document says (200), found by its id, else by project and
 * name. A document that changes nothing makes no version. `?dryRun=true` says what would change and stores nothing.
 */
export function createApplyPlan(services: Services, checkUrl: CheckUrl): Handler {
  return async (request, principal) => {
    const dryRun = readFlag(request.query, 'dryRun', false);
    const document = await readPlan(request);
    requireProject(principal, document.project);
    await checkPlan(services, document, checkUrl);
    for (let round = 1; ; round++) {
      try {
        const existing = await findExisting(services, principal, document);
        if (existing === undefined) requireMayCreate(principal, document);
        const changes = existing === undefined ? [] : comparePlans(existing, document);
        if (dryRun) return answerDryRun(existing, document, changes);
        if (existing !== undefined) {
          return answerPlan(200, await update(services, principal, existing, document, changes), request);
        }
        const plan = await services.plans.createPlan(document, principal.ownerId, services.now());
        await learnDeclared(services, plan);
        if (plan.schedules.length > 0) await trySyncSchedules(services, plan.id);
        return answerPlan(201, plan, request);
      } catch (error) {
        const raced = isServiceError(error, 'VERSION_CONFLICT') || isServiceError(error, 'NAME_TAKEN');
        if (!raced || round === rounds) throw error;
      }
    }
  };
}

/** `PUT /v1/plans/{planId}`: the document replaces the plan's, if it is still the version `If-Match` names. */
export function createUpdatePlan(services: Services, checkUrl: CheckUrl): Handler {
  return async (request, principal) => {
    const plan = await findPlan(services, principal, readParam(request, 'planId'));
    checkIfMatch(request, plan.version);
    const document = await readPlan(request);
    if (document.id !== undefined && document.id !== plan.id)
      throw invalidField('id', `must be ${plan.id}, as in the path`, document.id);
    requireProject(principal, document.project);
    await checkPlan(services, document, checkUrl);
    const changes = comparePlans(plan, document);
    return answerPlan(200, await update(services, principal, plan, document, changes), request);
  };
}

async function update(
  services: Services,
  principal: Principal,
  plan: Plan,
  document: PlanDocument,
  changes: readonly Change[],
): Promise<Plan> {
  const changed =
    changes.length === 0 ? plan : await services.plans.updatePlan(plan, document, principal.ownerId, services.now());
  // Also when nothing changed: whoever wrote this version may have died before its cases were learnt.
  await learnDeclared(services, changed);
  const reaches = changes.some(({ field }) => field === 'schedules' || field === 'project');
  if (reaches) await trySyncSchedules(services, plan.id);
  return changed;
}

async function findExisting(
  services: Services,
  principal: Principal,
  document: PlanDocument,
): Promise<Plan | undefined> {
  if (document.id !== undefined) {
    const plan = await services.plans.getPlan(document.id);
    if (plan !== undefined && !maySeePlan(principal, plan)) throw missing('test plan', document.id);
    return plan;
  }
  const plan = await services.plans.findPlanByName(document.project, document.name);
  return plan !== undefined && maySeePlan(principal, plan) ? plan : undefined;
}

function requireProject(principal: Principal, project: string): void {
  if (ownsProject(principal, project)) return;
  throw new ServiceError('FORBIDDEN', `The API key is not for the project ${project}`);
}

function requireMayCreate({ planIds }: Principal, { id }: PlanDocument): void {
  if (planIds === null || (id !== undefined && planIds.has(id))) return;
  throw new ServiceError('FORBIDDEN', 'The API key is for named plans only and cannot make another one');
}

function answerDryRun(existing: Plan | undefined, document: PlanDocument, changes: readonly Change[]) {
  const change = existing === undefined ? 'create' : changes.length === 0 ? 'none' : 'update';
  return json(200, {
    dryRun: true,
    change,
    id: existing?.id ?? document.id ?? null,
    version: existing?.version ?? null,
    changes,
  });
}
