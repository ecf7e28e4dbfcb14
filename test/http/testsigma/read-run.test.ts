import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { aCase, type Facade, openFacade, typesOf } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as Record<string, unknown>;
const get = (runId: number, rest = '') => facade.call('GET', `/api/v1/execution_results/${runId}${rest}`);

/** Objects of the vendor this system has not; contracts/testsigma.md 3.1 answers null. */
const alwaysNull = /^execution\.(applicationVersion|slack|mailList)(\.|$)/;

function expectKeysOf(seed: Record<string, unknown>, answer: Record<string, unknown>): void {
  const types = typesOf(answer);
  const wrong = [...typesOf(seed)].filter(([key, type]) => {
    if (alwaysNull.test(key) || (key.endsWith('[]') && type === 'string')) return false;
    const ours = types.get(key);
    return ours === undefined || (type !== 'null' && ours !== type);
  });
  expect(wrong).toEqual([]);
}

describe('against the samples', () => {
  const cases = [
    aCase('pays by card', 'passed'),
    aCase('pays by voucher', 'passed', { iteration: 'small basket' }),
    aCase('pays by voucher', 'failed', { iteration: 'large basket', message: 'expected total 90.00, got 100.00' }),
    aCase('applies coupon', 'passed', { suite: 'Cart' }),
    aCase('prints receipt', 'skipped', { suite: 'Cart' }),
  ];
  let planId: number;
  let runId: number;
  let created: Record<string, unknown>;
  beforeAll(async () => {
    const environment = await facade.services.environments.createEnvironment(
      { name: 'staging', description: null, project: 'samples', variables: [] },
      3,
      facade.clock.now,
    );
    const plan = await facade.addPlan({ name: 'Checkout smoke', project: 'samples', environment: environment.id });
    planId = plan.id;
    const body = { executionId: planId, environmentId: environment.id, buildNo: 202611230815 };
    created = (await facade.call('POST', '/api/v1/execution_results', { body })).body;
    runId = created.id as number;
    await facade.dispatch(runId);
    facade.clock.now += 95_480;
    await facade.report(runId, cases, {});
    await facade.complete(runId);
  });

  test('a trigger answers the contract’s object: keys, order, types and constants', () => {
    const expected = sample('contract-trigger');
    expect(Object.keys(created)).toEqual(Object.keys(expected));
    expect([...typesOf(created)]).toEqual([...typesOf(expected)]);
    const { id, environmentId } = created;
    const app_url = `https://proctor.example.com/runs/${id}`;
    expect(created).toEqual({ ...expected, id, environmentId, executionId: planId, app_url });
  });

  test('a status answers the contract’s object: keys, order, types and constants', async () => {
    const { body } = await get(runId);
    const expected = sample('contract-status');
    expect([...typesOf(body)]).toEqual([...typesOf(expected)]);
    expect(Object.keys(body)).toEqual(Object.keys(expected));
    const { id, executionId, environmentId, startTime, endTime } = body;
    const ours = { id, executionId, environmentId, startTime, endTime };
    const execution = {
      ...(expected.execution as Record<string, unknown>),
      id: planId,
      applicationVersionId: body.execution.applicationVersionId,
      environmentId,
      executionLabType: 'http',
      lastRunId: runId,
      createdDate: body.execution.createdDate,
      updatedDate: body.execution.updatedDate,
    };
    expect(body).toEqual({ ...expected, ...ours, execution, app_url: `https://proctor.example.com/runs/${runId}` });
  });

  test('case results answer the contract’s object: keys, order and types', async () => {
    const { body } = await get(runId, '/test_case_results');
    const expected = sample('contract-case-results');
    const [first, second] = body.testCases;
    expect(Object.keys(body)).toEqual(Object.keys(expected));
    expect([...typesOf({ testCases: [first, second] })]).toEqual([...typesOf({ testCases: expected.testCases })]);
    expect(body).toMatchObject({ executionId: planId, executionResultId: runId, result: 'FAILURE' });
    const shown = body.testCases.map((one: Record<string, unknown>) => [
      one.testSuiteName,
      one.testCaseName,
      one.result,
      one.isDataDrivenCase,
    ]);
    expect(shown).toEqual([
      ['Payment', 'pays by card', 'SUCCESS', false],
      ['Payment', 'pays by voucher', 'FAILURE', true],
      ['Cart', 'applies coupon', 'SUCCESS', false],
      ['Cart', 'prints receipt', 'NOT_EXECUTED', false],
    ]);
    expect(second.iterationResults.map(({ setName, result }: Record<string, unknown>) => [setName, result])).toEqual([
      ['small basket', 'SUCCESS'],
      ['large basket', 'FAILURE'],
    ]);
    expect(second).toMatchObject({ message: 'expected total 90.00, got 100.00', duration: 24_062 });
    expect(second).toMatchObject({ machineId: planId, machineTitle: 'http', machineResultId: runId });
    const ids = body.testCases.flatMap(
      (one: Record<string, number> & { iterationResults: Record<string, number>[] }) => [
        one.testCaseResultId,
        ...one.iterationResults.map(({ iterationResultId }) => iterationResultId),
      ],
    );
    expect(new Set(ids).size).toBe(6);
    expect(ids.every((id: number) => Number.isInteger(id) && id > 0)).toBe(true);
    expect(first.testSuiteId).toBe(second.testSuiteId);
    expect(first.testSuiteResultId).toBe(second.testSuiteResultId);
  });

  test('the seeds’ samples: every key is there, with its JSON type', async () => {
    expectKeysOf(sample('seed-trigger'), created);
    const { reRunParentId: _, ...rerun } = sample('seed-rerun');
    expectKeysOf(rerun, created);
    const { body } = await get(runId);
    expectKeysOf(sample('seed-status'), body);
    expectKeysOf(sample('seed-stop'), body);
    expectKeysOf(sample('seed-case-results'), (await get(runId, '/test_case_results')).body);
  });

  test('the report lists the same cases, and says which data set failed', async () => {
    const { text } = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
    expect(text).toContain('<testsuites name="Checkout smoke" tests="4" failures="1" errors="0" skipped="1"');
    expect(text).toContain('<testsuite name="Checkout smoke || http" tests="4" failures="1" errors="0" skipped="1"');
    expect(text).toContain(`name="proctor.run.url" value="https://proctor.example.com/runs/${runId}"`);
    expect(text).toContain('<failure type="FAILURE" message="expected total 90.00, got 100.00">large basket: FAILURE<');
  });

  test('a poll of a completed run reads its item once, and asks once for its rerun and for the newest run of the plan', async () => {
    await get(runId);
    facade.calls.length = 0;
    await get(runId);
    expect([...facade.calls].sort()).toEqual(['getRerun', 'getRun', 'listByPlan']);
  });

  test('a poll goes on when the list of the plan’s runs cannot be read', async () => {
    const { listByPlan } = facade.services.runs;
    facade.services.runs.listByPlan = () => Promise.reject(new Error('throttled'));
    const { status, body } = await get(runId);
    facade.services.runs.listByPlan = listByPlan;
    expect(status).toBe(200);
    expect(body.execution.lastRunId).toBe(runId);
  });
});

describe('a plan with machines', () => {
  const suites = [{ name: 'Payment', cases: [{ name: 'pays by card' }, { name: 'pays by voucher' }] }];
  const on = (machine: string, voucher: 'passed' | 'failed') => [
    aCase('pays by card', 'passed', { machine }),
    aCase('pays by voucher', voucher, { machine, iteration: 'small basket' }),
    aCase('pays by voucher', 'passed', { machine, iteration: 'large basket' }),
  ];
  let runId: number;
  let testCases: Record<string, unknown>[];
  beforeAll(async () => {
    const plan = await facade.addPlan({ name: 'Lanes', suites, machines: ['chrome-linux', 'firefox-win'] });
    runId = await facade.finished(plan, [...on('chrome-linux', 'passed'), ...on('firefox-win', 'failed')]);
    testCases = (await get(runId, '/test_case_results')).body.testCases;
  });
  const values = (key: string) => testCases.map((one) => one[key]);

  test('answers a case once for each machine, under one id and with results of their own', () => {
    expect(values('machineTitle')).toEqual(['chrome-linux', 'firefox-win', 'chrome-linux', 'firefox-win']);
    expect(values('result')).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'FAILURE']);
    const [card, cardToo, voucher, voucherToo] = values('testCaseId');
    expect([cardToo, voucherToo]).toEqual([card, voucher]);
    expect(new Set(values('testCaseName'))).toEqual(new Set(['pays by card', 'pays by voucher']));
    expect(values('testSuiteName')).toEqual(Array(4).fill('Payment'));
    expect(new Set(values('testCaseId')).size).toBe(2);
    for (const key of ['machineId', 'machineResultId']) {
      const [chrome, firefox, ...again] = values(key);
      expect(again).toEqual([chrome, firefox]);
      expect(chrome).not.toBe(firefox);
      expect(Number.isInteger(chrome) && Number(chrome) > 0).toBe(true);
    }
    const resultIds = [
      ...values('testCaseResultId'),
      ...testCases.flatMap((one) =>
        (one.iterationResults as { iterationResultId: number }[]).map(({ iterationResultId }) => iterationResultId),
      ),
    ];
    expect(new Set(resultIds).size).toBe(8);
    expect(resultIds).not.toContain(0);
    const expected = sample('contract-case-results').testCases as Record<string, unknown>[];
    expect(Object.keys(testCases[0] ?? {})).toEqual(Object.keys(expected[0] ?? {}));
  });

  test('counts it twice', async () => {
    const { body } = await get(runId);
    expect(body).toMatchObject({ result: 'FAILURE', totalCount: 4, passedCount: 3, failedCount: 1 });
    expectSums(body);
  });

  test('reports a suite for each machine', async () => {
    const { text } = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
    expect(text).toContain('<testsuites name="Lanes" tests="4" failures="1" errors="0" skipped="0"');
    const opened = [...text.matchAll(/<testsuite name="([^"]*)" tests="(\d)" failures="(\d)"/g)].map((match) =>
      match.slice(1),
    );
    expect(opened).toEqual([
      ['Lanes || chrome-linux', '2', '0'],
      ['Lanes || firefox-win', '2', '1'],
    ]);
    expect(text).toContain('small basket: FAILURE');
  });

  test('shows the same ids while it lives, and the executor for a case that is on no machine', async () => {
    const plan = await facade.addPlan({ suites, machines: ['chrome-linux', 'firefox-win'] });
    const live = await facade.trigger(plan);
    const open = (await get(live, '/test_case_results')).body.testCases;
    expect(open).toHaveLength(4);
    await facade.dispatch(live);
    await facade.report(live, [aCase('pays by card', 'passed')], {});
    await facade.complete(live);
    const ended = (await get(live, '/test_case_results')).body.testCases;
    const resultIdOf = (one: Record<string, unknown>) => one.testCaseResultId;
    const [unnamed, ...missing] = ended;
    expect(unnamed).toMatchObject({
      machineId: plan.id,
      machineTitle: 'http',
      machineResultId: live,
      result: 'SUCCESS',
    });
    expect(missing.map(resultIdOf)).toEqual(open.map(resultIdOf));
    expect(missing.map(({ result }: { result: string }) => result)).toEqual(Array(4).fill('ABORTED'));
    const { text } = await facade.call('GET', `/api/v1/reports/junit/${live}`);
    expect([...text.matchAll(/ \|\| ([\w-]+)"/g)].map(([, title]) => title)).toEqual([
      'http',
      'chrome-linux',
      'firefox-win',
    ]);
  });
});

describe('words and counts', () => {
  const endings = {
    passed: ['SUCCESS', 'Test plan execution completed'],
    failed: ['FAILURE', 'Test plan execution failed'],
    errored: ['ABORTED', 'Test plan execution failed: The runner vanished.'],
    timedOut: ['ABORTED', 'Test plan execution failed: It was not over within 60 s.'],
    stopped: ['STOPPED', 'User stopped the Test Plan'],
    noTests: ['NOT_EXECUTED', 'No test case was executed'],
  } as const;

  async function endedAs(result: keyof typeof endings): Promise<number> {
    const plan = await facade.addPlan({
      deadlines: { runSeconds: 60, stopSeconds: 1 },
      suites: result === 'noTests' ? [] : [{ name: 'Payment', cases: [{ name: 'first' }, { name: 'second' }] }],
    });
    const both = (last: 'passed' | 'failed') => [aCase('first', 'passed'), aCase('second', last)];
    if (result === 'passed' || result === 'failed') return facade.finished(plan, both(result));
    if (result === 'noTests') return facade.finished(plan, [aCase('first', 'skipped')]);
    const problem = { reason: 'reportUnreadable', message: 'The runner vanished.' } as const;
    if (result === 'errored') return facade.finished(plan, [aCase('first', 'passed')], { problem });
    const runId = await facade.trigger(plan);
    await facade.dispatch(runId);
    await facade.report(runId, [aCase('first', 'passed')]);
    if (result === 'stopped') await stopRun(facade.services, runId);
    facade.clock.now += 61_000;
    await facade.complete(runId);
    return runId;
  }

  const rows = Object.entries(endings).map(([result, [word, message]]) => ({ result, word, message }));
  test.each(rows)('a run that ends $result says $word', async ({ result, word, message }) => {
    const runId = await endedAs(result as keyof typeof endings);
    const { body } = await get(runId);
    expect(body).toMatchObject({ status: 'STATUS_COMPLETED', result: word, message });
    expect(body).toMatchObject({ consolidatedStatus: 'STATUS_COMPLETED', consolidatedResult: word });
    expect(body.duration).toBe(body.endTime - body.startTime);
    expect(body.consolidatedDuration).toBe(body.duration);
    expectSums(body);
    const cases = (await get(runId, '/test_case_results')).body;
    expect(cases).toMatchObject({ status: 'STATUS_COMPLETED', result: word });
    expect(countWords(cases.testCases)).toEqual(countsOf(body));
  });

  test('a case without result is aborted in an errored or timed out run, stopped in a stopped one', async () => {
    for (const [result, word] of [
      ['errored', 'ABORTED'],
      ['timedOut', 'ABORTED'],
      ['stopped', 'STOPPED'],
    ] as const) {
      const runId = await endedAs(result);
      const { testCases } = (await get(runId, '/test_case_results')).body;
      expect(testCases.map((one: { result: string }) => one.result)).toEqual(['SUCCESS', word]);
      const { text } = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
      expect(text).toContain(`<error type="${word}"`);
      expect(text).toContain('tests="2" failures="0" errors="1" skipped="0"');
    }
  });

  test('a live run counts what runs and what is open, and says how it is going', async () => {
    const cases = ['one', 'two', 'three'].map((name) => ({ name }));
    const plan = await facade.addPlan({ overlap: 'queue', suites: [{ name: 'Payment', cases }] });
    const runId = await facade.trigger(plan);
    const waitingId = await facade.trigger(plan);
    expect((await get(runId)).body).toMatchObject({
      message: 'Test Plan execution is initiated and waiting to be queued',
      queuedCount: 3,
      totalCount: 3,
    });
    expect((await get(waitingId)).body).toMatchObject({ status: 'STATUS_IN_PROGRESS', result: 'QUEUED' });
    await facade.dispatch(runId);
    await facade.report(runId, [aCase('one', 'passed'), aCase('two', 'running'), aCase('four', 'blocked')]);
    const running = (await get(runId)).body;
    expect(running).toMatchObject({ message: 'Test Plan in Progress', endTime: null, duration: null });
    expect(running).toMatchObject({ consolidatedDuration: null, consolidatedResult: 'QUEUED' });
    expect(running).toMatchObject({ passedCount: 1, runningCount: 1, queuedCount: 1, preRequisiteFailedCount: 1 });
    expect(running).toMatchObject({ totalRunningCount: 1, totalQueuedCount: 1, consolidatedPlanFailedCount: 1 });
    expectSums(running);
    const open = (await get(runId, '/test_case_results')).body.testCases;
    expect(open.map((one: Record<string, unknown>) => [one.result, one.duration])).toEqual([
      ['SUCCESS', 12_031],
      ['QUEUED', null],
      ['QUEUED', null],
      ['PRE_REQUISITE_FAILURE', 12_031],
    ]);
    await facade.report(runId, [aCase('two', 'running')], {});
    expect((await get(runId)).body).toMatchObject({ queuedCount: 2, notExecutedCount: 0, runningCount: 0 });
    await stopRun(facade.services, runId);
    expect((await get(runId)).body).toMatchObject({
      status: 'STATUS_IN_PROGRESS',
      result: 'QUEUED',
      message: 'User stopped the Test Plan',
    });
  });

  test('a run with one failed and one passed case is SUCCESS nowhere', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, [aCase('first', 'passed'), aCase('second', 'failed')]);
    const status = await get(runId);
    expect(status.text).not.toContain('SUCCESS');
    const list = await facade.call('GET', `/api/v1/execution_results?executionId=${plan.id}`);
    expect(list.body.content).toHaveLength(1);
    expect(list.text).not.toContain('SUCCESS');
    const { body } = await get(runId, '/test_case_results');
    expect(body.result).toBe('FAILURE');
    expect(body.testCases.map(({ result }: { result: string }) => result)).toEqual(['SUCCESS', 'FAILURE']);
    const { text } = await facade.call('GET', `/api/v1/reports/junit/${runId}`);
    expect(text).toContain('failures="1"');
    expect((await facade.call('GET', `/api/v1/test_plan_results/${runId}`)).text).not.toContain('SUCCESS');
  });

  test('a plan that reruns by itself says so', async () => {
    const plan = await facade.addPlan({ rerun: { max: 2 } });
    const { body } = await get(await facade.trigger(plan));
    expect(body.isReRunEnabled).toBe(true);
    expect(body.execution.reRunType).toBe('ONLY_FAILED_ITERATIONS_IN_FAILED_TESTS');
  });

  test('the settings are those of the trigger, whatever becomes of the plan', async () => {
    const plan = await facade.addPlan({ settings: { pageTimeoutSeconds: 45, screenshots: 'NONE' } });
    const runId = await facade.trigger(plan);
    await facade.services.plans.updatePlan(plan, { ...plan, name: `${plan.name} changed` }, 4, facade.clock.now);
    await facade.services.plans.deletePlan((await facade.services.plans.getPlan(plan.id)) ?? plan, facade.clock.now);
    const { body } = await get(runId);
    expect(body.executionDetails).toMatchObject({ page_timeout: 45, screenshot_option: 'NONE' });
    expect(body.execution).toMatchObject({ name: plan.name, pageTimeOut: 45, screenshot: 'NONE' });
  });
});

describe('who may see a run', () => {
  test('a run of another project or plan is not found, byte for byte like one that is not there', async () => {
    const plan = await facade.addPlan({ project: 'bank' });
    const runId = await facade.finished(plan, [aCase('first', 'passed')]);
    const strangers = [await facade.addKey({ projects: ['shop'] }), await facade.addKey({ planIds: [plan.id + 1] })];
    for (const token of strangers) {
      for (const path of ['execution_results/:id', 'execution_results/:id/test_case_results', 'reports/junit/:id']) {
        const hidden = await facade.call('GET', `/api/v1/${path.replace(':id', String(runId))}`, { token });
        const missing = await facade.call('GET', `/api/v1/${path.replace(':id', '2147483647')}`, { token });
        expect(hidden.status).toBe(404);
        expect(hidden.text.replace(String(runId), '2147483647')).toBe(missing.text);
      }
      for (const target of [`execution_results?executionId=${plan.id}`, `test_plan_results?testPlanId=${plan.id}`]) {
        expect((await facade.call('GET', `/api/v1/${target}`, { token })).body.code).toBe('NOT_FOUND');
      }
    }
    const insider = await facade.addKey({ projects: ['bank'], planIds: [plan.id] });
    expect((await facade.call('GET', `/api/v1/execution_results/${runId}`, { token: insider })).status).toBe(200);
  });

  test('an id that is none is refused', async () => {
    for (const id of ['abc', '0', '-1', '1.5', '2147483648', 'null', '%20']) {
      const { status, body } = await facade.call('GET', `/api/v1/execution_results/${id}`);
      expect([id, status, body.fieldErrors[0].field]).toEqual([id, 400, 'id']);
    }
  });
});

type Counted = Record<string, number>;

function countsOf(body: Counted) {
  const { failedCount, passedCount, abortedCount, stoppedCount, notExecutedCount, preRequisiteFailedCount } = body;
  return { failedCount, passedCount, abortedCount, stoppedCount, notExecutedCount, preRequisiteFailedCount };
}

function countWords(cases: readonly { result: string }[]) {
  const count = (word: string) => cases.filter(({ result }) => result === word).length;
  return {
    failedCount: count('FAILURE'),
    passedCount: count('SUCCESS'),
    abortedCount: count('ABORTED'),
    stoppedCount: count('STOPPED'),
    notExecutedCount: count('NOT_EXECUTED'),
    preRequisiteFailedCount: count('PRE_REQUISITE_FAILURE'),
  };
}

function expectSums(body: Counted): void {
  const sum = (names: readonly string[]) => names.reduce((total, name) => total + (body[name] ?? Number.NaN), 0);
  const parts = [...Object.keys(countsOf(body)), 'queuedCount', 'runningCount'];
  expect(sum(parts)).toBe(body.totalCount);
  const kinds = ['Failed', 'Passed', 'Stopped', 'NotExecuted', 'Queued', 'Running'];
  expect(sum(kinds.map((kind) => `consolidatedPlan${kind}Count`))).toBe(body.consolidatedPlanTotalCount);
  expect(body.consolidatedPlanTotalCount).toBe(body.totalCount);
}
