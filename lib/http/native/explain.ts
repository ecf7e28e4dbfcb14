import type { Services } from '../../core/ports.ts';
import { readRunItems, readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { explainRun } from './explanation.ts';

/** `GET /v1/runs/{runId}/explain`: what happened, in sentences a person would write, each with its details. */
export function createExplainRun(services: Services): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const [view, { items }, overrides] = await Promise.all([
      readRunView(services, run),
      readRunItems(services, run),
      services.runs.readOverrides(run),
    ]);
    return json(200, explainRun({ ...view, run }, { items, overrides }, services.now()));
  };
}
