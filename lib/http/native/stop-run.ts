import { setTimeout as wait } from 'node:timers/promises';
import type { Services } from '../../core/ports.ts';
import { readCounts } from '../../workflow/read-run.ts';
import { stopRun } from '../../workflow/stop-run.ts';
import { findRun, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { etagOf } from './etag.ts';
import { toRunObject } from './run-object.ts';

/** How long a stop waits for its executor's confirmation before it answers `stopping`. */
const waitMs = 5000;
const lookMs = 250;

/** `POST /v1/runs/{runId}/stop`: 200 with the run, completed or still stopping. Stopping it again changes nothing. */
export function createStopRun(services: Services, sleep: (ms: number) => Promise<unknown> = wait): Handler {
  return async (request, principal) => {
    const { id } = await findRun(services, principal, readParam(request, 'runId'));
    let run = await stopRun(services, id);
    for (let waited = 0; run.status !== 'completed' && waited < waitMs; waited += lookMs) {
      await sleep(lookMs);
      run = (await services.runs.getRun(id)) ?? run;
    }
    const headers = { etag: etagOf(run.version), ...(run.status === 'completed' ? {} : { 'retry-after': '2' }) };
    return json(200, toRunObject(run, await readCounts(services, run), null, request), headers);
  };
}
