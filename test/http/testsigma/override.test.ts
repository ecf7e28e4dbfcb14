import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { aCase, type Facade, openFacade } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());

const base = '/api/v1/execution_results';
const get = (runId: number, rest = '') => facade.call('GET', `${base}/${runId}${rest}`);
const override = (runId: number, body: unknown) => facade.call('PUT', `${base}/${runId}/override`, { body });
const junit = async (runId: number) => (await facade.call('GET', `/api/v1/reports/junit/${runId}`)).text;

/** Ids of the results of the run's cases, by name. */
async function resultIds(runId: number): Promise<Record<string, number>> {
  const { testCases } = (await get(runId, '/test_case_results')).body;
  return Object.fromEntries(
    testCases.map((one: { testCaseName: string; testCaseResultId: number }) => [
      one.testCaseName,
      one.testCaseResultId,
    ]),
  );
}

const checkout = [
  aCase('pays by card', 'passed'),
  aCase('pays by voucher', 'passed', { iteration: 'small basket' }),
  aCase('pays by voucher', 'failed', { iteration: 'large basket', message: 'expected total 90.00, got 100.00' }),
  aCase('prints receipt', 'skipped'),
];

describe('an override', () => {
  test('shows in status, cases, list and report, and turns a failed run into a passed one', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, checkout);
    const before = (await get(runId)).body;
    expect(before).toMatchObject({ result: 'FAILURE', failedCount: 1, passedCount: 1 });
    const { 'pays by voucher': voucher } = await resultIds(runId);
    const answer = await override(runId, [
      { testCaseResultId: voucher, comment: 'known voucher defect', result: 'SUCCESS' },
    ]);
    expect(answer).toMatchObject({
      status: 200,
      text: '{"errors":[],"message":"Overridden the results successfully"}',
    });
    const after = (await get(runId)).body;
    expect(after).toEqual({
      ...before,
      ...{ result: 'SUCCESS', message: 'Test plan execution completed', consolidatedResult: 'SUCCESS' },
      ...{ failedCount: 0, passedCount: 2, consolidatedPlanFailedCount: 0, consolidatedPlanPassedCount: 2 },
    });
    const cases = (await get(runId, '/test_case_results')).body;
    expect(cases).toMatchObject({ result: 'SUCCESS', status: 'STATUS_COMPLETED' });
    expect(cases.testCases[1]).toMatchObject({
      result: 'SUCCESS',
      iterationResults: [{ result: 'SUCCESS' }, { result: 'SUCCESS' }],
    });
    const { content } = (await facade.call('GET', `${base}?executionId=${plan.id}`)).body;
    expect(content).toEqual([{ ...after, execution: null }]);
    const report = await junit(runId);
    expect(report).toContain('tests="3" failures="0" errors="0" skipped="1"');
    expect(report).toMatch(/<testcase name="pays by voucher" [^>]*\/>/);
  });

  test('leaves what the run ended with, and its one completion event, as they are', async () => {
    const runId = await facade.finished(await facade.addPlan(), checkout);
    const { version, ...before } = await facade.getRun(runId);
    const { 'pays by voucher': voucher } = await resultIds(runId);
    await override(runId, [{ testCaseResultId: voucher, result: 'PASSED' }]);
    const { overridden, version: later, ...after } = await facade.getRun(runId);
    expect(after).toEqual(before);
    expect(later).toBe(version + 1);
    expect(overridden).toMatchObject({ ending: { result: 'passed' }, cases: 1, ownerId: 3 });
  });

  test('is no read more for a poll, with or without', async () => {
    const runId = await facade.finished(await facade.addPlan(), checkout);
    const reads = async () => {
      facade.calls.length = 0;
      await get(runId);
      return [...facade.calls].sort();
    };
    await reads();
    const without = await reads();
    const { 'pays by voucher': voucher } = await resultIds(runId);
    await override(runId, [{ testCaseResultId: voucher, result: 'SUCCESS' }]);
    expect(await reads()).toEqual(without);
    expect(without).not.toContain('readOverrides');
  });

  test('may be repeated, and taken back', async () => {
    const runId = await facade.finished(await facade.addPlan(), checkout);
    const { 'pays by voucher': voucher } = await resultIds(runId);
    const passes = [{ testCaseResultId: voucher, result: 'SUCCESS', comment: 'known' }];
    await override(runId, passes);
    const { version } = await facade.getRun(runId);
    expect((await override(runId, passes)).status).toBe(200);
    expect((await facade.getRun(runId)).version).toBe(version);
    await override(runId, [{ testCaseResultId: voucher, result: 'FAILED' }]);
    expect((await get(runId)).body).toMatchObject({ result: 'FAILURE', failedCount: 1 });
    expect(await facade.services.runs.readOverrides(await facade.getRun(runId))).toHaveLength(2);
  });

  test('fails a passed run, with the comment as the reason', async () => {
    const runId = await facade.finished(await facade.addPlan(), [aCase('a', 'passed'), aCase('b', 'passed')]);
    const { a } = await resultIds(runId);
    await override(runId, [{ testCaseResultId: a, result: 'FAILURE', comment: 'wrong total' }]);
    expect((await get(runId)).body).toMatchObject({ result: 'FAILURE', message: 'Test plan execution failed' });
    expect(await junit(runId)).toContain('<failure type="FAILURE" message="wrong total"/>');
  });

  test('to not executed keeps no run from passing, and makes none pass', async () => {
    const runId = await facade.finished(await facade.addPlan(), [aCase('a', 'passed'), aCase('b', 'failed')]);
    const { a, b } = await resultIds(runId);
    await override(runId, [{ testCaseResultId: b, result: 'NOT_EXECUTED' }]);
    expect((await get(runId)).body).toMatchObject({ result: 'SUCCESS', notExecutedCount: 1, passedCount: 1 });
    await override(runId, [{ testCaseResultId: a, result: 'NOT_EXECUTED' }]);
    expect((await get(runId)).body).toMatchObject({ result: 'NOT_EXECUTED', notExecutedCount: 2 });
    const report = await junit(runId);
    expect(report).toContain('errors="1" skipped="2"');
    expect(report).toContain('name="run"');
  });

  test('never makes a run green that was errored, timed out, stopped or ran no tests', async () => {
    const started = async (deadlines: object) => {
      const plan = await facade.addPlan({
        deadlines,
        suites: [{ name: 'Payment', cases: [{ name: 'a' }, { name: 'b' }] }],
      });
      const runId = await facade.trigger(plan);
      await facade.dispatch(runId);
      await facade.report(runId, [aCase('a', 'failed')]);
      return runId;
    };
    const stopped = await started({ stopSeconds: 1 });
    await stopRun(facade.services, stopped);
    const timedOut = await started({ runSeconds: 60 });
    facade.clock.now += 61_000;
    const errored = await started({});
    await facade.report(errored, [], { problem: { reason: 'reportUnreadable', message: 'The runner vanished.' } });
    for (const runId of [stopped, timedOut, errored]) await facade.complete(runId);
    const noTests = await facade.finished(await facade.addPlan(), [aCase('a', 'skipped')]);
    for (const [runId, word] of [
      [stopped, 'STOPPED'],
      [timedOut, 'ABORTED'],
      [errored, 'ABORTED'],
      [noTests, 'NOT_EXECUTED'],
    ] as const) {
      const { message } = (await get(runId)).body;
      const ids = Object.values(await resultIds(runId));
      await override(
        runId,
        ids.map((testCaseResultId) => ({ testCaseResultId, result: 'SUCCESS' })),
      );
      const { body } = await get(runId);
      expect(body).toMatchObject({ result: word, message, passedCount: ids.length, totalCount: ids.length });
      expect(await junit(runId)).toContain('<error ');
    }
  });

  test('counts in the chain of reruns, and decides what a rerun of the failed takes', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, [aCase('a', 'failed'), aCase('b', 'failed')]);
    const { a, b } = await resultIds(runId);
    await override(runId, [{ testCaseResultId: a, result: 'SUCCESS' }]);
    const rerun = { isReRun: true, executionResultId: runId, reRunType: 'ONLY_FAILED_TESTS' };
    const rerunId = (await facade.call('POST', base, { body: rerun })).body.id;
    await facade.dispatch(rerunId);
    expect(facade.dispatches.at(-1)?.selection?.map(({ name }) => name)).toEqual(['b']);
    await facade.report(rerunId, [aCase('b', 'failed')], {});
    await facade.complete(rerunId);
    expect((await get(runId)).body).toMatchObject({ consolidatedResult: 'FAILURE', consolidatedPlanPassedCount: 1 });
    const again = await resultIds(rerunId);
    await override(rerunId, [{ testCaseResultId: again.b, result: 'SUCCESS' }]);
    for (const id of [runId, rerunId]) {
      expect((await get(id)).body).toMatchObject({ consolidatedResult: 'SUCCESS', consolidatedPlanPassedCount: 2 });
    }
    expect((await get(runId)).body.result).toBe('FAILURE');
    expect(again.b).not.toBe(b);
  });

  test('of ids that are not the run’s says which, and applies the others', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, checkout);
    const { 'pays by voucher': voucher } = await resultIds(runId);
    const [, { iterationResults, testSuiteResultId }] = (await get(runId, '/test_case_results')).body.testCases;
    const other = await resultIds(await facade.finished(plan, checkout));
    const error = (id: unknown) => `Given test case result id ${id} is not related to execution run ${runId}`;
    for (const id of [5, other['pays by voucher'], iterationResults[0].iterationResultId, testSuiteResultId]) {
      const { status, text } = await override(runId, [{ testCaseResultId: id, result: 'SUCCESS' }]);
      expect(status).toBe(400);
      expect(text).toBe(
        `{"timeStamp":null,"error":"Failed to override the result, cause :${error(id)}","code":"FOREIGN_RESULT","fieldErrors":null,"objectErrors":null}`,
      );
    }
    expect((await get(runId)).body.result).toBe('FAILURE');
    const { status, text } = await override(runId, [
      { testCaseResultId: 5, result: 'SUCCESS' },
      { testCaseResultId: String(voucher), result: 'SUCCESS', comment: null },
    ]);
    expect(status).toBe(200);
    expect(text).toBe(`{"errors":["${error(5)}"],"message":"Overridden the result partially"}`);
    expect((await get(runId)).body.result).toBe('SUCCESS');
  });

  test('is refused while the run is active, by strangers and in other words', async () => {
    const plan = await facade.addPlan({ suites: [{ name: 'Payment', cases: [{ name: 'a' }] }] });
    const runId = await facade.trigger(plan);
    await facade.dispatch(runId);
    const { a } = await resultIds(runId);
    const body = [{ testCaseResultId: a, result: 'SUCCESS' }];
    expect(await override(runId, body)).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE' } });
    const path = `${base}/${runId}/override`;
    for (const [key, status] of [
      [{ scopes: ['PLAN_VIEW'] }, 403],
      [{ projects: ['elsewhere'] }, 404],
    ] as const) {
      expect((await facade.call('PUT', path, { body, token: await facade.addKey(key) })).status).toBe(status);
    }
    const wrong: [string, unknown][] = [
      ['body', {}],
      ['body', []],
      ['[0].result', [{ testCaseResultId: 1, result: 'ABORTED' }]],
      ['[0].testCaseResultId', [{ testCaseResultId: 'x', result: 'SUCCESS' }]],
      ['[0].comment', [{ testCaseResultId: 1, result: 'SUCCESS', comment: 7 }]],
    ];
    for (const [field, given] of wrong) {
      const answer = await override(runId, given);
      expect([answer.status, answer.body.fieldErrors?.[0].field]).toEqual([400, field]);
    }
  });

  test('made by many at once is all of theirs', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const runId = await facade.finished(
      await facade.addPlan(),
      names.map((name) => aCase(name, 'failed')),
    );
    const ids = Object.values(await resultIds(runId));
    const answers = await Promise.all(
      ids.map((testCaseResultId) => override(runId, [{ testCaseResultId, result: 'SUCCESS' }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect((await get(runId)).body).toMatchObject({ result: 'SUCCESS', passedCount: 5 });
  });
});
