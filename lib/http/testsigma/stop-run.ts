import { setTimeout as wait } from 'node:timers/promises';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { isLive, type Run } from '../../core/run.ts';
import { readReruns } from '../../workflow/read-chain.ts';
import { stopRuns } from '../../workflow/stop-runs.ts';
import { maySee } from '../entry.ts';
import { findPlan, findRun } from '../find.ts';
import type { Handler, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { inGroups } from './in-groups.ts';
import { listVisiblePlans } from './list-plans.ts';
import { readRunObject } from './read-run.ts';
import { readStopRequest, type StopRequest } from './stop-request.ts';

/** Locks read at a time. */
const planGroup = 50;
/** Active runs a refusal names. */
const maxNamed = 100;

/**
 * `PUT /api/v1/execution_results` and `/{id}` (contracts/testsigma.md 3.5, 4.4): 200 with one of the runs, stopped or still
 * stopping, and the ids of all that this call found active and that end stopped.
 */
export function createStopRun(services: Services, sleep: (ms: number) => Promise<unknown> = wait): Handler {
  return async (request, principal) => {
    const wanted = readStopRequest(request);
    const { shown, active } =
      wanted.runId === undefined
        ? await findActive(services, principal, wanted)
        : await findNamed(services, principal, wanted, wanted.runId);
    const after = await stopRuns(services, active, sleep);
    // A run that ended by itself before it could be stopped keeps its result.
    const stopped = after.filter((run) => isLive(run) || run.result === 'stopped');
    const object = await readRunObject(services, request, after.find(({ id }) => id === shown.id) ?? shown);
    return answerJson({ ...object, stoppedRunIds: stopped.map(({ id }) => id).sort((a, b) => a - b) });
  };
}

interface Found {
  /** The run the answer is about. */
  readonly shown: Run;
  readonly active: readonly Run[];
}

/** The run of that id, and its reruns if all are to be stopped. */
async function findNamed(
  services: Services,
  principal: Principal,
  { planId, stopsAll }: StopRequest,
  runId: number,
): Promise<Found> {
  const run = await findRun(services, principal, runId);
  if (planId !== undefined && planId !== run.planId) {
    throw invalidField('executionId', `is not the plan of run ${run.id}, which is ${run.planId}`, planId);
  }
  const reruns = stopsAll ? await readReruns(services, run) : [];
  return { shown: run, active: [run, ...reruns].filter(isLive) };
}

/** The active runs of the plan, or of all the key may see: those in the plans' locks as they are read (reliability.md F38). */
async function findActive(services: Services, principal: Principal, { planId, stopsAll }: StopRequest): Promise<Found> {
  if (planId !== undefined) await findPlan(services, principal, planId);
  const planIds = planId === undefined ? await listPlanIds(services, principal) : [planId];
  const locks = await inGroups(planIds, planGroup, (id) => services.runs.readLock(id));
  const runs = await services.runs.getRuns(locks.flatMap(({ active, waiting }) => [...active, ...waiting]));
  const active = runs.filter((run) => isLive(run) && maySee(principal, run)).sort(newestFirst);
  const [shown] = active;
  if (shown === undefined) {
    throw new ServiceError('NO_ACTIVE_RUN', `No run${planId === undefined ? '' : ` of test plan ${planId}`} is active`);
  }
  if (!stopsAll && active.length > 1) throw ambiguous(active);
  return { shown, active };
}

async function listPlanIds(services: Services, principal: Principal): Promise<readonly number[]> {
  if (principal.planIds !== null) return [...principal.planIds];
  return listVisiblePlans(services, principal, ({ id }) => id);
}

function ambiguous(runs: readonly Run[]): ServiceError {
  const ids = runs.map(({ id }) => id).sort((a, b) => a - b);
  const more = ids.length > maxNamed ? ` and ${ids.length - maxNamed} more` : '';
  const named = `${ids.slice(0, maxNamed).join(', ')}${more}`;
  return new ServiceError('AMBIGUOUS_RUN', `${ids.length} runs are active (${named}); name one by its id`);
}

function newestFirst(a: Run, b: Run): number {
  return b.createdAt - a.createdAt || b.id - a.id;
}
