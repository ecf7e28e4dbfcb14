import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { aCase, type Facade, openFacade, typesOf } from './facade.ts';

/**
 * Every example of the vendor's three pages (seeds 002, 003, 004; contracts/testsigma.md section 1): the request as printed
 * there, with our ids, and the answer against the printed one, key by key and type by type.
 */
let facade: Facade;
let plan: Plan;
let environmentId: number;
let caseIds: { one: number; two: number; dataDriven: number; iterations: number[] };
let failed: number;
const configs = sample('seed-saved-configs') as unknown as { id: number; name: string; query: string }[];

beforeAll(async () => {
  facade = await openFacade();
  const saved = configs.map(({ id, name, query }) => ({ id, name, query: JSON.parse(query) }));
  const more = { name: 'fav_config_name', id: 100, query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }] };
  const printed = { name: 'config 2', id: 200, query: [{ key: 'tags', value: [], operation: 'NOT_IN' }] };
  plan = await facade.addPlan({
    id: 3857,
    suites: [
      {
        name: '02 DD Small',
        cases: [
          { name: 'one', tags: ['smoke'] },
          { name: 'two' },
          { name: '03 data driven small', iterations: ['examples', 'travels', 'examples 1'] },
        ],
      },
    ],
    configs: [...saved, more, printed],
  });
  const environment = { name: 'staging', description: null, project: 'default', variables: [] };
  environmentId = (await facade.services.environments.createEnvironment(environment, 3, 0)).id;
  const inSuite = { suite: '02 DD Small' };
  const dataDriven = (iteration: string, result: 'passed' | 'failed') =>
    aCase('03 data driven small', result, { ...inSuite, iteration });
  failed = await facade.trigger(plan, { buildNo: '1.9.26_rc1' });
  await facade.finish(failed, [
    aCase('one', 'failed', inSuite),
    aCase('two', 'failed', inSuite),
    dataDriven('examples', 'passed'),
    dataDriven('travels', 'failed'),
    dataDriven('examples 1', 'failed'),
  ]);
  const { testCases } = (await facade.call('GET', `/api/v1/execution_results/${failed}/test_case_results`)).body;
  const [one, two, third] = testCases;
  caseIds = {
    one: one.testCaseResultId,
    two: two.testCaseResultId,
    dataDriven: third.testCaseResultId,
    iterations: third.iterationResults.map(({ iterationResultId }: Record<string, number>) => iterationResultId),
  };
});
afterAll(() => facade.close());

function sample(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** Objects of the vendor that this system has not, and its list of people to mail: contracts/testsigma.md 3.1 answers null. */
const alwaysNull = /^execution\.(applicationVersion|slack|mailList)(\.|$)/;
/** Null in one of two printed runs and a number in the other: which it is depends on the run. */
const depends = new Set(['reRunParentId', 'execution.notificationStatusList[]']);

function expectLike(seed: Record<string, unknown>, answer: unknown): void {
  const types = typesOf(answer);
  const wrong = [...typesOf(seed)].filter(([key, type]) => {
    if (alwaysNull.test(key) || depends.has(key)) return false;
    const ours = types.get(key);
    return ours === undefined || (type !== 'null' && ours !== type);
  });
  expect(wrong).toEqual([]);
}

const post = (text: string, headers: Record<string, string> = {}) =>
  facade.call('POST', '/api/v1/execution_results', { body: text, headers });

describe('seed 002, triggering', () => {
  test('a trigger with name and id of a saved configuration and upload versions', async () => {
    const { status, body } = await post(`{
      "executionId": 3857,
      "executionConfig" : {
        "name": "config 2",
        "id": "200"
      },
      "uploadVersions":
      {
        "31": "204 "
      }
    }`);
    expect(status).toBe(200);
    expectLike(sample('seed-trigger'), body);
    const { id, executionId, startTime, executedBy } = body;
    expect(body).toMatchObject({ ...sample('seed-trigger'), id, executionId, startTime, executedBy });
  });

  test('the curl command with an environment', async () => {
    const { status, body } = await post(`{"executionId": "3857", "environmentId": "${environmentId}"}`, {
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect([status, body.environmentId]).toEqual([200, environmentId]);
    expectLike(sample('seed-trigger'), body);
  });

  test('the status of a failed run', async () => {
    const { status, body } = await facade.call('GET', `/api/v1/execution_results/${failed}`);
    expect(status).toBe(200);
    expectLike(sample('seed-status'), body);
    const { result, status: word, message, triggeredType } = sample('seed-status');
    expect(body).toMatchObject({ result, status: word, message, triggeredType });
  });

  test('the saved configurations, value for value', async () => {
    const { status, body } = await facade.call('GET', '/api/v1/saved_execution_configs');
    expect(status).toBe(200);
    expect(body.slice(0, 3)).toEqual(configs);
  });

  test('the results of the cases, also as seed 004 prints them', async () => {
    const { status, body } = await facade.call('GET', `/api/v1/execution_results/${failed}/test_case_results`);
    expect(status).toBe(200);
    expectLike(sample('seed-case-results'), body);
    const [printed] = sample('seed-case-results').testCases as { iterationResults: Record<string, unknown>[] }[];
    const ours = body.testCases[2];
    expect(ours).toMatchObject({ testCaseName: '03 data driven small', result: 'FAILURE', isDataDrivenCase: true });
    const named = ({ setName, result }: Record<string, unknown>) => ({ setName, result });
    expect(ours.iterationResults.map(named)).toEqual(printed?.iterationResults.map(named));
  });
});

describe('seed 003, a partial run', () => {
  test('by the name of a saved configuration', async () => {
    const { status, body } = await post(`{
      "executionId": "3857",
      "executionConfig": {
        "name": "fav_config_name"
      }
    }`);
    expect(status).toBe(200);
    expectLike(sample('seed-trigger'), body);
    await facade.dispatch(body.id);
    expect(facade.dispatches.at(-1)?.selection?.map(({ name }) => name)).toEqual(['one']);
  });
});

describe('seed 004, reruns', () => {
  test('of two picked cases', async () => {
    const { status, body } = await post(`{
      "executionId": 3857,
      "executionResultId": ${failed},
      "isReRun": true,
      "reRunType": "USER_PICKED",
      "testCaseResultRequests": [
        { "id": ${caseIds.two} },
        { "id": ${caseIds.one} }
      ]
    }`);
    expect(status).toBe(200);
    expectLike(sample('seed-rerun'), body);
    const {
      result,
      status: word,
      consolidatedResult,
      consolidatedStatus,
      resultType,
      triggeredType,
    } = sample('seed-rerun');
    expect(body).toMatchObject({
      result,
      status: word,
      consolidatedResult,
      consolidatedStatus,
      resultType,
      triggeredType,
    });
    expect(body.reRunParentId).toBe(failed);
    await facade.finish(body.id, []);
    expect(facade.dispatches.at(-1)?.selection?.map(({ name }) => name)).toEqual(['two', 'one']);
  });

  test('of two iterations of a data-driven case', async () => {
    const { status, body } = await post(`{
      "executionId": 3857,
      "executionResultId": ${failed},
      "isReRun": true,
      "reRunType": "USER_PICKED",
      "testCaseResultRequests": [
        {
          "id": ${caseIds.dataDriven},
          "iterationReRunType":"USER_PICKED",
          "iterationResultIds": [
            ${caseIds.iterations[1]}, ${caseIds.iterations[2]}
          ]
        }
      ]
    }`);
    expect(status).toBe(200);
    expectLike(sample('seed-rerun'), body);
    await facade.dispatch(body.id);
    const [only] = facade.dispatches.at(-1)?.selection ?? [];
    expect(only).toMatchObject({ name: '03 data driven small', iterations: ['travels', 'examples 1'] });
  });

  test('are stopped, all of them', async () => {
    facade.sleep.now = async (ms) => {
      facade.clock.now += ms;
    };
    const { status, body } = await facade.call('PUT', '/api/v1/execution_results', {
      body: `{
        "canStopAll": true,
        "result": "STOPPED"
      }`,
    });
    expect(status).toBe(200);
    expectLike({ ...sample('seed-stop'), endTime: null, duration: null, consolidatedDuration: null }, body);
    expect(body.stoppedRunIds.length).toBeGreaterThan(1);
    const alone = await facade.trigger(plan);
    const waiting = await facade.call('PUT', '/api/v1/execution_results', {
      body: '{"canStopAll": true, "result": "STOPPED"}',
    });
    expectLike(sample('seed-stop'), waiting.body);
    const { result, status: word, message, consolidatedResult, consolidatedStatus } = sample('seed-stop');
    expect(waiting.body).toMatchObject({
      id: alone,
      result,
      status: word,
      message,
      consolidatedResult,
      consolidatedStatus,
    });
  });
});
