import { createHash } from 'node:crypto';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { pinnedPlan } from '../../workflow/read-run.ts';
import { type TriggerRequest, triggerRun } from '../../workflow/trigger-run.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { answerJson, shapeOf } from './answer.ts';
import { findPlan, maySeePlan } from './find-run.ts';
import { toCreatedRunObject } from './run-object.ts';
import { readTriggerBody, type TriggerBody } from './trigger-request.ts';

/**
 * `POST /api/v1/execution_results` (contracts/testsigma.md 3.2). Answers 200 (T1) with a run that is created and queued;
 * `Idempotent-Replayed: true` tells that an earlier request with the same `Idempotency-Key` started it.
 */
export function createTriggerRun(services: Services): Handler {
  return async (request, principal) => {
    const { config, ...body } = readTriggerBody(request);
    const idempotency = readIdempotency(request);
    if (config !== undefined) {
      await findPlan(services, body.planId, principal);
      throw unknownConfig(config);
    }
    const { keyId, ownerId } = principal;
    const { run, replayed } = await triggerRun(services, {
      ...body,
      maySee: (plan) => maySeePlan(principal, plan),
      trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp },
      ...(idempotency === undefined ? {} : { idempotency }),
    });
    const plan = await pinnedPlan(services, run);
    const object = toCreatedRunObject({ run, plan, ...shapeOf(services, request) });
    return answerJson(object, replayed ? { 'idempotent-replayed': 'true' } : {});
  };
}

/** Both paths of the trigger are one route: a client that repeats itself on the other starts nothing. */
const route = 'testsigma.trigger';

function readIdempotency(request: HttpRequest): TriggerRequest['idempotency'] {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return undefined;
  const key = given.trim();
  if (!/^[ -~]{1,255}$/.test(key)) throw invalidField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  const parameters = [...request.query].map(([name, value]) => JSON.stringify([name, value])).sort();
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([request.method, route, parameters]))
    .update(request.body)
    .digest('hex');
  return { key, route, fingerprint };
}

function unknownConfig({ name, id }: NonNullable<TriggerBody['config']>): ServiceError {
  const message = 'there are no saved configurations yet; leave it out to run the whole plan';
  const rejectedValue = name?.slice(0, 100) ?? id ?? null;
  return new ServiceError('UNKNOWN_CONFIG', `executionConfig: ${message}`, {
    fields: [{ field: 'executionConfig', message, rejectedValue }],
  });
}
