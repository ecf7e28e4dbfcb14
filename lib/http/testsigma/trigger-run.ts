import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import type { Run } from '../../core/run.ts';
import type { ConfigName } from '../../core/selection.ts';
import { pinnedPlan } from '../../workflow/read-run.ts';
import { rerunRun } from '../../workflow/rerun-run.ts';
import { chooseByConfig } from '../../workflow/select-cases.ts';
import { type TriggerRequest, triggerRun } from '../../workflow/trigger-run.ts';
import { findRun, maySeePlan } from '../find.ts';
import { readIdempotency } from '../idempotency.ts';
import type { Handler, Principal } from '../message.ts';
import { answerJson, shapeOf } from './answer.ts';
import type { RerunBody } from './rerun-request.ts';
import { toCreatedRunObject } from './run-object.ts';
import { readTriggerBody, type TriggerBody } from './trigger-request.ts';

/**
 * `POST /api/v1/execution_results` (contracts/testsigma.md 3.2, 3.3). Answers 200 (T1) with a run that is created and queued;
 * `Idempotent-Replayed: true` tells that an earlier request with the same `Idempotency-Key` started it.
 */
export function createTriggerRun(services: Services): Handler {
  return async (request, principal) => {
    const body = readTriggerBody(request);
    const idempotency = readIdempotency(request, route, 'printable');
    const { keyId, ownerId, parallelLimit } = principal;
    const common = {
      ...body.settings,
      maySee: (plan: Plan) => maySeePlan(principal, plan),
      trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp } as const,
      ...(parallelLimit === undefined ? {} : { parallelLimit }),
      ...(idempotency === undefined ? {} : { idempotency }),
    };
    const { run, replayed } = await (body.rerun === undefined
      ? triggerRun(services, { ...common, planId: body.planId, ...choosing(services, body.config) })
      : rerunRun(services, {
          ...common,
          run: await findOriginal(services, body, principal),
          type: body.rerun.type,
          picks: body.rerun.picks,
        }));
    const plan = await pinnedPlan(services, run);
    const object = toCreatedRunObject({ run, plan, ...shapeOf(services, request) });
    return answerJson(object, replayed ? { 'idempotent-replayed': 'true' } : {});
  };
}

function choosing(services: Services, config: ConfigName | undefined): Pick<TriggerRequest, 'choose'> {
  return config === undefined ? {} : { choose: (plan) => chooseByConfig(services, plan, config) };
}

/** The run a rerun starts from. */
async function findOriginal(
  services: Services,
  { planId, rerun }: Extract<TriggerBody, { rerun: RerunBody }>,
  principal: Principal,
): Promise<Run> {
  const run = await findRun(services, principal, rerun.runId);
  if (planId === undefined || planId === run.planId) return run;
  throw invalidField('executionId', `is not the plan of run ${run.id}, which is ${run.planId}`, planId);
}

/** Both paths of the trigger are one route: a client that repeats itself on the other starts nothing. */
const route = 'testsigma.trigger';
