import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import type { Run } from '../../core/run.ts';
import { checkAvailability } from '../../workflow/look-for-slots.ts';
import { sealCallback } from '../../workflow/seal-callback.ts';
import { queueLimit, type TriggerAnswer, triggerRun } from '../../workflow/trigger-run.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { changing } from './behind.ts';
import type { CheckUrl } from './callback-url.ts';
import { checkCompany, findPlan, maySeePlan } from './find.ts';
import { listLive, newestVisible } from './live-runs.ts';
import { childrenOf } from './plan-object.ts';
import { alreadyRunning } from './problem.ts';
import { type RunRequest, readRunRequest } from './run-request.ts';
import type { TestiniumSettings } from './settings.ts';

/** What holds here for a plan that says nothing (D4). */
export const overlapUnlessSet = 'reject';

/** The answer should come within 3 s (contracts/testinium.md 3.1). */
const beginMs = 2500;
const lookMs = 50;

/**
 * `GET` and `POST /plans/{id}/run/{forceRun}`, `/run`, `/run/company/{cid}` (contracts/testinium.md 3.1, 4.3). Whatever keeps
 * an idle plan from starting is 200 with `successful: false`: clients ask again, and fail on anything else (T5).
 */
export function createRunPlan(services: Services, settings: TestiniumSettings, checkUrl: CheckUrl): Handler {
  return changing(settings, async (request, principal) => {
    const asked = readRunRequest(request, settings, checkUrl);
    const plan = await findPlan(services, settings, principal, request);
    checkCompany(request.params.cid, settings);
    try {
      const { run, replayed } = await start(services, request, principal, plan, asked);
      if (asked.isGroup) await untilBegun(services, run);
      const body = { execution_id: run.id, ...runBody(plan, { started: true, unavailable: run.unavailable }) };
      return answerJson(200, body, replayed ? { 'idempotent-replayed': 'true' } : {});
    } catch (error) {
      return refused(services, settings, request, principal, { plan, asked, error });
    }
  });
}

/**
 * A group is whole once its children were started, which its workflow does at once. Clients read it right after the answer
 * (contracts/testinium.md 4.6); one that waits, or takes longer than answers may, is answered as it stands.
 */
async function untilBegun(services: Services, { id }: Run): Promise<void> {
  for (let waited = 0; waited < beginMs; waited += lookMs) {
    const run = await services.runs.getRun(id);
    if (run === undefined || run.dispatch === 'accepted' || run.status !== 'queued' || run.waitsFor !== undefined)
      return;
    await sleep(lookMs);
  }
}

/** A repeat whose first request took the plan's lock in between finds that request's run when it looks again. */
async function start(
  services: Services,
  request: HttpRequest,
  principal: Principal,
  plan: Plan,
  asked: RunRequest,
): Promise<TriggerAnswer> {
  const { keyId, ownerId, parallelLimit } = principal;
  const { idempotency, callbackUrl } = asked;
  const callback = callbackUrl === undefined ? undefined : await sealCallback(services, 'testinium', callbackUrl);
  const trigger = () =>
    triggerRun(services, {
      planId: plan.id,
      maySee: (current) => maySeePlan(principal, current),
      trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp },
      ...(asked.isGroup ? { asGroup: true } : {}),
      overlapUnlessSet,
      demandSlots: !asked.isForced,
      ...(callback === undefined ? {} : { callback }),
      ...(parallelLimit === undefined ? {} : { parallelLimit }),
      choose: async (current) => ({ unavailable: await checkStart(services, current, asked) }),
      ...(idempotency === undefined ? {} : { idempotency }),
    });
  try {
    return await trigger();
  } catch (error) {
    if (idempotency === undefined || !isBusy(error)) throw error;
    return trigger();
  }
}

/**
 * The rows of 4.3 between the repeat of an earlier start and a start; of a group they hold for each enabled child (4.4).
 * Answers the environments that are unavailable, of a start that takes no heed of them.
 */
async function checkStart(services: Services, plan: Plan, { isGroup, isForced }: RunRequest) {
  const children = await Promise.all((isGroup ? childrenOf(plan) : []).map((id) => services.plans.getPlan(id)));
  const begun = [plan, ...(children.filter((child) => child?.enabled) as Plan[])];
  await Promise.all(begun.map((each) => checkFree(services, each)));
  if (!plan.enabled) throw new ServiceError('PLAN_DISABLED', `Plan ${plan.id} is disabled.`);
  const isParent = plan.executor.type === 'group';
  if (isParent && !isGroup) throw empty(`Plan ${plan.id} is a parent: start it with isGroupRun=true.`);
  if (isParent && begun.length === 1) throw empty(`Plan ${plan.id} has no enabled child.`);
  for (const { id, suites } of begun) {
    // A plan without suites leaves its cases to its executor; one with suites means those.
    if (suites.length > 0 && suites.every(({ cases }) => cases.length === 0)) {
      throw empty(`Plan ${id} has no test case.`);
    }
  }
  const unavailable = await listUnavailable(services, begun);
  // Of a single plan the trigger demands the slots itself, within its commit.
  if (isParent && !isForced && unavailable.length > 0) throw noSlot(unavailable);
  return isForced ? unavailable : [];
}

/** Of all the plans, ascending, each once. */
async function listUnavailable(services: Services, plans: readonly Plan[]) {
  const found = (await Promise.all(plans.map((plan) => checkAvailability(services, plan)))).flat();
  return [...new Map(found.map((environment) => [environment.id, environment])).values()].sort((a, b) => a.id - b.id);
}

function noSlot(environments: readonly { readonly id: number; readonly name: string }[]): ServiceError {
  return new ServiceError('ENVIRONMENT_UNAVAILABLE', describeUnavailable(environments), { environments });
}

function describeUnavailable(environments: readonly { readonly id: number }[]): string {
  const named = environments.map(({ id }) => id).join(', ');
  return `No free slot in ${environments.length === 1 ? 'environment' : 'environments'} ${named}.`;
}

async function checkFree(services: Services, plan: Plan): Promise<void> {
  const { live, waiting } = await listLive(services, plan.id);
  const overlap = plan.overlap ?? overlapUnlessSet;
  if (overlap === 'reject' && live.length > 0) {
    throw new ServiceError('ALREADY_RUNNING', `Plan ${plan.id} is running.`);
  }
  if (overlap === 'queue' && waiting >= queueLimit) {
    throw new ServiceError('QUEUE_FULL', `${queueLimit} runs of plan ${plan.id} are waiting already.`);
  }
}

function empty(message: string): ServiceError {
  return new ServiceError('EMPTY_SELECTION', message);
}

async function refused(
  services: Services,
  settings: TestiniumSettings,
  { path }: HttpRequest,
  principal: Principal,
  { plan, asked, error }: { readonly plan: Plan; readonly asked: RunRequest; readonly error: unknown },
): Promise<HttpResponse> {
  if (isBusy(error)) {
    const running = newestVisible((await listLive(services, plan.id)).live, principal);
    const description = describeBusy(plan, running);
    const body = {
      ...runBody(plan, { busy: true }),
      ...(running === undefined ? {} : { running_execution_id: running.id }),
    };
    if (!asked.isForceRoute) return answerJson(200, { ...body, error: 'ALREADY_RUNNING', message: description });
    const { variant } = settings;
    const at = services.now();
    return answerJson(409, { ...body, ...alreadyRunning(description, { path, operation: undefined, variant, at }) });
  }
  if (isServiceError(error, 'ENVIRONMENT_UNAVAILABLE')) {
    const message = describeUnavailable(error.environments);
    const body = runBody(plan, { unavailable: error.environments });
    return answerJson(200, { ...body, error: 'ENVIRONMENT_UNAVAILABLE', message });
  }
  const reason = isServiceError(error) ? reasons[error.code] : undefined;
  if (reason === undefined || !isServiceError(error)) throw error;
  return answerJson(200, { ...runBody(plan, {}), error: reason, message: error.message });
}

const reasons: Partial<Record<string, string>> = {
  PLAN_DISABLED: 'PLAN_DISABLED',
  EMPTY_SELECTION: 'NO_TEST_CASES',
};

function isBusy(error: unknown): boolean {
  return isServiceError(error, 'ALREADY_RUNNING') || isServiceError(error, 'QUEUE_FULL');
}

function describeBusy({ id, executor }: Plan, running: Run | undefined): string {
  if (running !== undefined) return `Plan ${id} is running as execution ${running.id}.`;
  return executor.type === 'group' ? `Plan ${id}, or a child of it, is running.` : `Plan ${id} is running.`;
}

interface RunAnswer {
  readonly started?: boolean;
  readonly busy?: boolean;
  readonly unavailable?: readonly { readonly id: number; readonly name: string }[] | undefined;
}

/** Both spellings, for clients that read only one (T1); of environments the two keys they expect, and no other (T4). */
function runBody(plan: Plan, { started = false, busy = false, unavailable = [] }: RunAnswer) {
  return {
    unavailable_env_list: unavailable.map(({ id, name }) => ({ id, name })),
    test_plan_id: plan.id,
    successful: started,
    succesful: started,
    already_running: busy,
  };
}
