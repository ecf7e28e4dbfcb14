import type { Services } from '../../core/ports.ts';
import { triggerRun } from '../../workflow/trigger-run.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { maySeePlan, readParam } from './find.ts';
import { readIdempotency } from './idempotency.ts';
import { readObject } from './read-object.ts';
import { toRunObject } from './run-object.ts';
import { triggerBody } from './schemas.ts';

/** `POST /v1/plans/{planId}/runs`: 202 with the run. The same `Idempotency-Key` gets the same run. */
export function createTriggerRun(services: Services): Handler {
  return async (request, principal) => {
    const planId = readParam(request, 'planId');
    const { environmentId, buildNo, runtimeData, uploadVersions } = await readObject(request, triggerBody, [
      'runtimeData',
    ]);
    const idempotency = readIdempotency(request, 'POST /v1/plans/{planId}/runs');
    const { keyId, ownerId } = principal;
    const { run, replayed } = await triggerRun(services, {
      planId,
      maySee: (plan) => maySeePlan(principal, plan),
      trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp },
      ...(environmentId == null ? {} : { environmentId }),
      ...(buildNo == null ? {} : { buildNo }),
      ...(runtimeData == null ? {} : { runtimeData }),
      ...(uploadVersions == null ? {} : { uploadVersions }),
      ...(idempotency === undefined ? {} : { idempotency }),
    });
    return json(202, toRunObject(run, run.counts ?? null, null, request), {
      location: `${request.baseUrl}/v1/runs/${run.id}`,
      ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
    });
  };
}
