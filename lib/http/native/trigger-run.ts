import { invalidField } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { readPlaces } from '../../workflow/read-queue.ts';
import { sealCallback } from '../../workflow/seal-callback.ts';
import { chooseByConfig, chooseByName } from '../../workflow/select-cases.ts';
import { type TriggerAnswer, type TriggerRequest, triggerRun } from '../../workflow/trigger-run.ts';
import { maySeePlan, readParam } from '../find.ts';
import { readIdempotency } from '../idempotency.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import type { CheckUrl } from './plan-body.ts';
import { readObject } from './read-object.ts';
import { toRunObject } from './run-object.ts';
import { triggerBody } from './schemas.ts';

/**
 * `POST /v1/plans/{planId}/runs`: 202 with the run of the whole plan, of a saved selection or of named cases. The same
 * `Idempotency-Key` gets the same run.
 */
export function createTriggerRun(services: Services, checkUrl: CheckUrl): Handler {
  return async (request, principal) => {
    const planId = readParam(request, 'planId');
    const secretFields = ['runtimeData', 'callbackUrl'];
    const { config, cases, callbackUrl, ...settings } = await readObject(request, triggerBody, secretFields);
    if (callbackUrl != null) checkUrl(callbackUrl, 'callbackUrl');
    if (config != null && cases != null) throw invalidField('cases', 'cannot go with a config; leave one of them out');
    const choose: TriggerRequest['choose'] =
      config != null
        ? (plan) => chooseByConfig(services, plan, { ...config, field: 'config' })
        : cases != null
          ? (plan) => chooseByName(services, plan, cases)
          : undefined;
    const answer = await triggerRun(services, {
      planId,
      ...startedBy(request, principal, 'POST /v1/plans/{planId}/runs'),
      ...given(settings),
      ...(choose === undefined ? {} : { choose }),
      ...(callbackUrl == null ? {} : { callback: await sealCallback(services, 'native', callbackUrl) }),
    });
    return answerStarted(services, answer, request);
  };
}

/** What every request that starts a run says of itself. */
export function startedBy(
  request: HttpRequest,
  principal: Principal,
  route: string,
): Pick<TriggerRequest, 'maySee' | 'trigger' | 'idempotency' | 'parallelLimit'> {
  const idempotency = readIdempotency(request, route);
  const { keyId, ownerId, parallelLimit } = principal;
  return {
    maySee: (plan) => maySeePlan(principal, plan),
    trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp },
    ...(parallelLimit === undefined ? {} : { parallelLimit }),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** The members that have a value: null is absence. */
export function given<T extends object>(members: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as never;
}

export async function answerStarted(
  services: Services,
  { run, replayed }: TriggerAnswer,
  request: HttpRequest,
): Promise<HttpResponse> {
  const places = await readPlaces(services, [run]);
  return json(202, toRunObject(run, run.counts ?? null, null, request, places.get(run.id)), {
    location: `${request.baseUrl}/v1/runs/${run.id}`,
    ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
  });
}
