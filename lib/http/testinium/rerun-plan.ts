import * as z from 'zod/mini';
import { idOf } from '../../core/catalog.ts';
import { invalidField, isServiceError, ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { type Run, resultIdAt } from '../../core/run.ts';
import { id, maxId, parse } from '../../core/schema.ts';
import { plural } from '../../core/words.ts';
import { readRunView } from '../../workflow/read-run.ts';
import { type RerunPick, rerunRun } from '../../workflow/rerun-run.ts';
import { sealCallback } from '../../workflow/seal-callback.ts';
import { readJson } from '../json.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { answerJson } from './answer.ts';
import { changing } from './behind.ts';
import { type CheckUrl, checkCallbackUrl } from './callback-url.ts';
import { findPlan, maySeePlan, missing } from './find.ts';
import { listLive } from './live-runs.ts';
import { readParameters } from './parameters.ts';
import { overlapUnlessSet } from './run-plan.ts';
import { readIdempotencyKey } from './run-request.ts';
import type { TestiniumSettings } from './settings.ts';

const maxScenarios = 1000;
/** Runs read at a time on the way to the last one that ended. */
const walk = 20;

/**
 * `POST /plans/{id}/rerun` (contracts/testinium.md 3.4): a new execution of the scenarios in the body, as the plan's last
 * ended execution has them. Availability is not checked; the overlap rule holds.
 */
export function createRerunPlan(services: Services, settings: TestiniumSettings, checkUrl: CheckUrl): Handler {
  return changing(settings, async (request, principal) => {
    const scenarios = readScenarios(readJson(request));
    const callbackUrl = readCallbackUrl(request, settings, checkUrl);
    const asked = callbackUrl === undefined ? scenarios : [scenarios, callbackUrl];
    const idempotency = readIdempotencyKey(request, '/rerun', asked);
    const plan = await findPlan(services, settings, principal, request);
    if (plan.executor.type === 'group')
      throw invalidField('id', 'is a parent plan; rerun one of its children', plan.id);
    const { keyId, ownerId, parallelLimit } = principal;
    const original = await findLastEnded(services, plan.id);
    const picks = await toPicks(services, original, scenarios);
    if ((plan.overlap ?? overlapUnlessSet) === 'reject' && idempotency === undefined)
      await refuseWhileRunning(services, plan.id);
    const callback = callbackUrl === undefined ? undefined : await sealCallback(services, 'testinium', callbackUrl);
    try {
      const { run, replayed } = await rerunRun(services, {
        maySee: (current) => maySeePlan(principal, current),
        trigger: { type: 'api', keyId, ownerId, sourceIp: request.sourceIp },
        overlapUnlessSet,
        ...(parallelLimit === undefined ? {} : { parallelLimit }),
        run: original,
        type: 'picked',
        picks,
        ...(callback === undefined ? {} : { callback }),
        ...(idempotency === undefined ? {} : { idempotency }),
      });
      const count = scenarios.length;
      const message = `Rerun of ${plural(count, 'scenario')} started`;
      const body = { successful: true, message, execution_id: run.id, test_plan_id: plan.id };
      return answerJson(200, body, replayed ? { 'idempotent-replayed': 'true' } : {});
    } catch (error) {
      if (!isServiceError(error, 'PLAN_DISABLED')) throw error;
      return answerJson(200, { successful: false, message: error.message, test_plan_id: plan.id });
    }
  });
}

const body = z
  .array(id, { error: 'must be a JSON array of scenario ids' })
  .check(z.minLength(1), z.maxLength(maxScenarios));

function readScenarios(value: unknown): readonly number[] {
  const ids = parse(body, value);
  if (new Set(ids).size < ids.length) throw invalidField('body', 'names a scenario twice');
  return ids;
}

/** The body is the scenarios', so this is in the query only. The contract does not forbid what the vendor's rerun lacks. */
function readCallbackUrl(request: HttpRequest, settings: TestiniumSettings, checkUrl: CheckUrl): string | undefined {
  const { callbackUrl } = readParameters({ ...request, body: new Uint8Array() }, ['callbackUrl']);
  if (callbackUrl !== undefined) checkCallbackUrl(callbackUrl, settings, checkUrl);
  return callbackUrl;
}

/** Read before anything is chosen: a running plan is refused whatever the body names. */
async function refuseWhileRunning(services: Services, planId: number): Promise<void> {
  const [running] = (await listLive(services, planId)).live;
  if (running === undefined) return;
  throw new ServiceError('ALREADY_RUNNING', `Plan ${planId} is running as execution ${running.id}.`);
}

async function findLastEnded(services: Services, planId: number): Promise<Run> {
  for (let before = maxId + 1; ; ) {
    const ids = await services.runs.listByPlan(planId, before, walk);
    const ended = (await services.runs.getRuns(ids)).find(({ status }) => status === 'completed');
    if (ended !== undefined) return ended;
    const last = ids.at(-1);
    if (last === undefined) {
      throw new ServiceError('NOT_FOUND', `No execution of plan ${planId} has ended yet.`, { subject: 'run' });
    }
    before = last;
  }
}

/** The results of the scenarios in that run, on every environment they had there. */
async function toPicks(services: Services, run: Run, scenarios: readonly number[]): Promise<RerunPick[]> {
  const { cases, catalog } = await readRunView(services, run);
  const byScenario = new Map<number, number[]>();
  for (const { position } of cases) {
    const scenario = idOf(catalog, position);
    byScenario.set(scenario, [...(byScenario.get(scenario) ?? []), position]);
  }
  return scenarios.flatMap((scenario, i) => {
    const found = byScenario.get(scenario);
    if (found === undefined) throw missing('case', scenario);
    return found.map((position) => ({
      testCase: resultIdAt(run, position),
      iterations: 'all' as const,
      field: `[${i}]`,
    }));
  });
}
