import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { isLive } from '../../core/run.ts';
import { readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import { answerJUnit, type WriteJUnit } from '../junit.ts';
import type { Handler } from '../message.ts';
import { etagOf, notModified } from './etag.ts';

/** `GET /v1/runs/{runId}/junit`: the completed run as JUnit XML. RUN_ACTIVE while it lives: half a report could be green. */
export function createGetJunit(services: Services, writeJUnit: WriteJUnit): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    if (isLive(run)) {
      throw new ServiceError('RUN_ACTIVE', `run ${run.id} is ${run.status}; its report follows when it is completed`, {
        runId: run.id,
        retryAfterSeconds: 5,
      });
    }
    const etag = etagOf(run.version);
    const unchanged = notModified(request, etag);
    if (unchanged) return unchanged;
    const view = await readRunView(services, run);
    const words = {
      runUrl: `${request.baseUrl}/v1/runs/${run.id}`,
      message: view.run.explanation ?? '',
      title: run.buildNo ?? `run ${run.id}`,
    };
    return answerJUnit(writeJUnit, view, { ...words, show: (result) => ({ result, label: result }) }, { etag });
  };
}
