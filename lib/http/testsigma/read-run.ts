import type { Services } from '../../core/ports.ts';
import type { Run } from '../../core/run.ts';
import { readPlaceInChain } from '../../workflow/read-chain.ts';
import { pinnedPlan, readCounts } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { answerJson, shapeOf } from './answer.ts';
import { readLastRunId } from './last-run.ts';
import { toExecution, toRunObject } from './run-object.ts';

/**
 * `GET /api/v1/execution_results/{id}` (contracts/testsigma.md 3.4). Of a completed run it reads one item and the link
 * to its rerun; the plan's version is cached, and the plan's newest run is asked for beside it.
 */
export function createReadRun(services: Services): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'id'));
    return answerJson(await readRunObject(services, request, run));
  };
}

/** The run object with its plan nested, as GET of one run and a stop answer it. */
export async function readRunObject(services: Services, request: Pick<HttpRequest, 'path' | 'baseUrl'>, run: Run) {
  const [plan, counts, { consolidated, rerunIds }, newest] = await Promise.all([
    pinnedPlan(services, run),
    readCounts(services, run),
    readPlaceInChain(services, run),
    readLastRunId(services, run.planId),
  ]);
  // The index may be behind the run just read.
  const execution = toExecution(plan, Math.max(run.id, newest ?? 0));
  return toRunObject({ run, plan, counts, chain: consolidated, rerunIds, execution, ...shapeOf(services, request) });
}
