import type { Services } from '../../core/ports.ts';
import { isVisible, type Run } from '../../core/run.ts';
import { type RunView, readRunView } from '../../workflow/read-run.ts';
import { maySee } from '../entry.ts';
import { createKeyCache, type KeyCache } from '../key-cache.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { reading } from './behind.ts';
import { readRunEnvironments } from './environment.ts';
import { type Execution, isStartedByKey, resultIdsOf, type Starter, toExecutionFields } from './execution-object.ts';
import { checkCompany, findPlan, findRun } from './find.ts';
import { listRunIds, readPage, toPage } from './page.ts';
import { readGroup } from './read-group.ts';
import { toResultObject } from './result-object.ts';
import type { TestiniumSettings } from './settings.ts';
import { toIso } from './time.ts';

/** Ids of results an execution has in a page: a page of large runs must not outgrow what a function may answer. */
const maxListedResults = 4000;
/** contracts/testinium.md 3.7: fewer than 5 MB, with the rest of the answer. */
const maxInlined = 3000;
const maxInlinedBytes = 4_900_000;
const maxInlinedMessage = 500;
/** Runs read at a time. */
const group = 10;

/** `GET /executions/{id}` (contracts/testinium.md 3.6). */
export function createGetExecution(services: Services, settings: TestiniumSettings): Handler {
  const keys = createKeyCache(services.keys, services.now);
  return reading(settings, async (request, principal) => {
    const run = await findRun(services, principal, request);
    return answerJson(200, await readExecution(services, settings, keys, run));
  });
}

/** `GET /plans/{id}/executions`: a page of the plan's executions, newest first. */
export function createListExecutions(services: Services, settings: TestiniumSettings): Handler {
  const keys = createKeyCache(services.keys, services.now);
  return reading(settings, async (request, principal) => {
    const page = readPage(request);
    const plan = await findPlan(services, settings, principal, request);
    const total = await services.runs.countByPlan(plan.id);
    const runs = await services.runs.getRuns(await listRunIds(services, plan.id, page, total));
    const shown = runs.filter((run) => isVisible(run) && maySee(principal, run));
    const items = [];
    for (let from = 0; from < shown.length; from += group) {
      const some = shown.slice(from, from + group);
      items.push(
        ...(await Promise.all(some.map((run) => readExecution(services, settings, keys, run, maxListedResults)))),
      );
    }
    return answerJson(200, toPage(services, request, page, items, total));
  });
}

/** `GET /testExecutions/{id}` and `/{id}/company/{cid}` (3.7): the results are in it, and dates are numbers. */
export function createGetTestExecution(services: Services, settings: TestiniumSettings): Handler {
  const keys = createKeyCache(services.keys, services.now);
  return reading(settings, async (request, principal) => {
    checkCompany(request.params.cid, settings);
    const run = await findRun(services, principal, request);
    const execution = await readWhole(services, keys, run);
    const { results, isWhole } = await inlineResults(services, settings, execution.children ?? [execution.view]);
    return answerJson(200, {
      ...toExecutionFields(execution, settings, Number),
      plan: { id: run.planId },
      test_results: results,
      ...(isWhole ? {} : { test_results_truncated: true }),
    });
  });
}

async function readExecution(
  services: Services,
  settings: TestiniumSettings,
  keys: KeyCache,
  run: Run,
  most = Number.POSITIVE_INFINITY,
) {
  const execution = await readWhole(services, keys, run);
  const ids = resultIdsOf(execution);
  return {
    ...toExecutionFields(execution, settings, toIso),
    test_results: ids.length > most ? ids.slice(0, most) : ids,
    ...(ids.length > most ? { test_results_truncated: true } : {}),
  };
}

async function readWhole(services: Services, keys: KeyCache, run: Run): Promise<Execution> {
  const [view, starter] = await Promise.all([readRunView(services, run), findStarter(keys, run)]);
  return { view, starter, children: await readGroup(services, view) };
}

async function inlineResults(services: Services, settings: TestiniumSettings, views: readonly RunView[]) {
  const shape = { settings, write: Number, maxMessage: maxInlinedMessage };
  const results = [];
  let bytes = 0;
  for (const view of views) {
    const environmentAt = await readRunEnvironments(services, view);
    for (const testCase of view.cases) {
      const result = toResultObject(view, testCase, environmentAt(testCase.position), shape);
      if (result.id === 0) continue;
      bytes += Buffer.byteLength(JSON.stringify(result)) + 1;
      if (results.length === maxInlined || bytes > maxInlinedBytes) return { results, isWhole: false };
      results.push(result);
    }
  }
  return { results, isWhole: true };
}

async function findStarter(keys: KeyCache, run: Run): Promise<Starter> {
  const key = isStartedByKey(run) ? await keys.getKey(run.trigger.keyId) : undefined;
  return key && { id: key.ownerId, name: key.name };
}
