import { nameOf } from '../../core/catalog.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { resultIdAt } from '../../core/run.ts';
import { overrideRun } from '../../workflow/override-run.ts';
import { findRun, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { etagOf } from './etag.ts';
import { readPaging, toCursor } from './paging.ts';
import { readObject } from './read-object.ts';
import { toRunObject, toTime } from './run-object.ts';
import { overrideBody } from './schemas.ts';

const most = 1000;

/** `POST /v1/runs/{runId}/override`: 200 with the run as it is shown from now on. All of the cases or none. */
export function createOverrideRun(services: Services): Handler {
  return async (request, principal) => {
    const runId = readParam(request, 'runId');
    const { cases } = await readObject(request, overrideBody);
    const { id } = await findRun(services, principal, runId);
    const { run, foreign } = await overrideRun(services, id, {
      cases: cases.map(({ resultId, result, comment }) => ({ resultId, result, ...(comment ? { comment } : {}) })),
      keyId: principal.keyId,
      ownerId: principal.ownerId,
      partial: false,
    });
    if (foreign.length > 0) {
      const fields = cases.flatMap(({ resultId }, i) => {
        const message = `is of no case of run ${id}`;
        return foreign.includes(resultId) ? [{ field: `cases[${i}].resultId`, message, rejectedValue: resultId }] : [];
      });
      const named = fields.slice(0, 20);
      const summary = named.map(({ rejectedValue, message }) => `result ${rejectedValue} ${message}`).join('; ');
      throw new ServiceError('FOREIGN_RESULT', `${summary}; nothing was overridden`, { fields: named });
    }
    return json(200, toRunObject(run, null, null, request), { etag: etagOf(run.version) });
  };
}

/** `GET /v1/runs/{runId}/overrides?cursor=&limit=`: who said what of which case, oldest first. Nothing leaves this list. */
export function createListOverrides(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after = 0 } = readPaging(request.query, 'override', most);
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const [overrides, catalog] = await Promise.all([
      services.runs.readOverrides(run),
      services.plans.readCatalog(run.planId),
    ]);
    const all = overrides.flatMap(({ cases, ...by }) => cases.map((testCase) => ({ ...testCase, ...by })));
    const end = after + limit;
    return json(200, {
      overrides: all.slice(after, end).map(({ position, result, comment, at, keyId, ownerId }) => {
        const { suite, className, name, machine } = nameOf(catalog, position);
        return {
          at: toTime(at),
          by: { keyId, ownerId },
          resultId: resultIdAt(run, position),
          suite,
          className,
          name,
          machine: machine ?? null,
          result,
          comment: comment ?? null,
        };
      }),
      nextCursor: all.length > end ? toCursor('override', end) : null,
    });
  };
}
