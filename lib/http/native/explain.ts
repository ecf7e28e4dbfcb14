import type { Services } from '../../core/ports.ts';
import { readCircuit } from '../../workflow/executor-circuit.ts';
import { readPlaces } from '../../workflow/read-queue.ts';
import { readRunItems, readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { explainRun } from './explanation.ts';
import { describeSlots } from './slot-sentences.ts';

/** `GET /v1/runs/{runId}/explain`: what happened, in sentences a person would write, each with its details. */
export function createExplainRun(services: Services): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const [view, { items }, overrides, places, slots, circuit] = await Promise.all([
      readRunView(services, run),
      readRunItems(services, run),
      services.runs.readOverrides(run),
      readPlaces(services, [run]),
      describeSlots(services, principal, run),
      readCircuit(services, run),
    ]);
    const place = places.get(run.id);
    const waiting = {
      slots,
      ...(place === undefined ? {} : { place }),
      ...(circuit === undefined ? {} : { circuit }),
    };
    return json(200, explainRun({ ...view, run }, { items, overrides }, services.now(), waiting));
  };
}
