import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGetHistory } from '../../../lib/http/native/history.ts';
import { caseHistoryAnswer, historyAnswer } from '../../../lib/http/native/history-schemas.ts';
import { aRequest } from '../../support/http.ts';
import { type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const createPlan = async (change: Record<string, unknown> = {}): Promise<number> =>
  (await api.call('POST', '/v1/plans', { body: aPlan(change) })).body.id;

/** A completed run in which the cases of `Cart` ended as told. */
async function run(planId: number, results: Record<string, string | object>, trigger: object = {}): Promise<number> {
  api.clock.now += 60_000;
  const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`, { body: trigger })).body;
  await api.step(id);
  api.clock.now += 30_000;
  const cases = Object.entries(results).map(([name, told]) => ({
    suite: 'Cart',
    name,
    ...(typeof told === 'string'
      ? { result: told, durationMs: 100, message: told === 'failed' ? `no ${id}` : undefined }
      : told),
  }));
  await api.call('POST', `/v1/runs/${id}/results`, { body: { cases, final: true } });
  await api.step(id);
  return id;
}

const history = async (planId: number, query = '') => {
  const { status, body } = await api.call('GET', `/v1/plans/${planId}/history${query}`);
  expect(status).toBe(200);
  return historyAnswer.parse(body);
};
const caseHistory = async (planId: number, caseId: number, query = '') =>
  caseHistoryAnswer.parse((await api.call('GET', `/v1/plans/${planId}/cases/${caseId}/history${query}`)).body);

describe('the history of a plan', () => {
  test('tells since which run a case fails, and what its runs came to, newest first', async () => {
    const planId = await createPlan();
    const first = await run(planId, { adds: 'passed', removes: 'passed' }, { buildNo: '1.0' });
    const second = await run(planId, { adds: 'failed', removes: 'passed' }, { buildNo: '1.1' });
    const third = await run(planId, { adds: 'failed', removes: 'skipped' }, { buildNo: '1.2' });
    const { plan, window, runs, cases } = await history(planId);
    expect(plan).toEqual({ id: planId, name: expect.any(String) });
    expect(
      runs.map(({ id, result, passRate, durationMs, buildNo }) => [id, result, passRate, durationMs, buildNo]),
    ).toEqual([
      [third, 'failed', 0, 30_000, '1.2'],
      [second, 'failed', 0.5, 30_000, '1.1'],
      [first, 'passed', 1, 30_000, '1.0'],
    ]);
    expect(window).toEqual({ runs: 3, from: runs[2]?.createdAt, to: runs[0]?.endedAt, complete: true, casesOf: 3 });
    expect(cases.failing).toEqual([
      {
        id: expect.any(Number),
        suite: 'Cart',
        className: '',
        name: 'adds',
        machine: null,
        result: 'failed',
        failingRuns: 2,
        firstFailedRun: { id: second, buildNo: '1.1', endedAt: runs[1]?.endedAt },
        sinceBeforeWindow: false,
        message: `no ${third}`,
      },
    ]);
    expect(cases.failingTotal).toBe(1);
    expect(cases.flakiest).toEqual([]);
    expect(cases.slowest[0]).toMatchObject({ medianMs: 100, p95Ms: 100, lastMs: 100 });
  });

  test('says that a failure may be older than the runs it looked at', async () => {
    const planId = await createPlan();
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await run(planId, { adds: 'failed', removes: 'passed' }));
    expect((await history(planId)).cases.failing[0]).toMatchObject({ failingRuns: 3, sinceBeforeWindow: false });
    const { window, cases } = await history(planId, '?runs=2');
    expect(window).toMatchObject({ runs: 2, complete: false, casesOf: 2 });
    expect(cases.failing[0]).toMatchObject({
      failingRuns: 2,
      firstFailedRun: { id: ids[1] },
      sinceBeforeWindow: true,
    });
    expect((await history(planId, '?runs=3')).window).toMatchObject({ runs: 3, complete: true });
  });

  test('ranks flaky cases and slow ones', async () => {
    const planId = await createPlan();
    const slow = { result: 'passed', durationMs: 9000 };
    for (const adds of ['passed', 'failed', 'passed', 'failed']) await run(planId, { adds, removes: slow });
    const { flakiest, slowest } = (await history(planId)).cases;
    expect(flakiest).toMatchObject([
      { name: 'adds', runs: 4, passed: 2, failed: 2, flaky: 0, flips: 3, flakiness: 0.75 },
    ]);
    expect(slowest.map(({ name, medianMs }) => [name, medianMs])).toEqual([
      ['removes', 9000],
      ['adds', 100],
    ]);
  });

  test('has no runs that go on, and none at all of a plan that never ran', async () => {
    const { planId } = await api.startRun();
    expect(await history(planId)).toMatchObject({
      window: { runs: 0, from: null, to: null, complete: true, casesOf: 0 },
      runs: [],
      cases: { failingTotal: 0, failing: [], flakiest: [], slowest: [] },
    });
  });

  test('shows what people said of a run', async () => {
    const planId = await createPlan();
    const id = await run(planId, { adds: 'failed', removes: 'passed' });
    expect((await history(planId)).cases.failing).toHaveLength(1);
    const [adds] = (await api.call('GET', `/v1/runs/${id}/cases`)).body.cases;
    const body = { cases: [{ resultId: adds.resultId, result: 'passed' }] };
    expect((await api.call('POST', `/v1/runs/${id}/override`, { body })).status).toBe(200);
    const after = await history(planId);
    expect(after.runs[0]).toMatchObject({ result: 'passed', reason: 'allPassed', passRate: 1 });
    expect(after.cases.failing).toEqual([]);
  });

  test('forgets a case once a run that passed no longer has it; one that failed may have ended early', async () => {
    const planId = await createPlan({ suites: [] });
    await run(planId, { old: 'failed', kept: 'failed' });
    await run(planId, { kept: 'failed' });
    expect((await history(planId)).cases.failing.map(({ name }) => name).sort()).toEqual(['kept', 'old']);
    await run(planId, { kept: 'passed' });
    await run(planId, { kept: 'failed' });
    expect((await history(planId)).cases.failing.map(({ name }) => name)).toEqual(['kept']);
  });

  test('covers with its cases as many runs as the budget of bytes allows, and says so', async () => {
    const planId = await createPlan();
    for (let i = 0; i < 4; i++) await run(planId, { adds: 'failed', removes: 'passed' });
    const [newest] = await api.stores.runs.getRuns([(await history(planId)).runs[0]?.id ?? 0]);
    const cost = (newest?.packedBytes ?? 0) + 2 * 8;
    const cut = async (budget: number) => {
      const handler = createGetHistory(api.services, budget);
      const everything = { keyId: '', ownerId: 1, scopes: new Set<never>(), projects: null, planIds: null };
      const request = aRequest('GET', '/', { params: { planId: String(planId) } });
      return historyAnswer.parse(JSON.parse(String((await handler(request, everything)).body)));
    };
    const half = await cut(2 * cost);
    expect(half.window).toMatchObject({ runs: 4, complete: true, casesOf: 2 });
    expect(half.cases.failing[0]).toMatchObject({ failingRuns: 2, sinceBeforeWindow: true });
    expect((await cut(0)).window).toMatchObject({ runs: 4, casesOf: 1 });
    expect((await cut(4 * cost)).window).toMatchObject({ runs: 4, casesOf: 4 });
  });

  test.each(['0', '101', 'x', ''])('refuses runs=%s', async (runs) => {
    const planId = await createPlan();
    const answer = await api.call('GET', `/v1/plans/${planId}/history?runs=${runs}`);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'runs', message: 'must be 1 to 100' }] } });
  });

  test('is nobody’s who may not see the plan', async () => {
    const planId = await createPlan();
    await run(planId, { adds: 'passed', removes: 'passed' });
    const token = await api.addKey({ projects: ['other'] });
    const foreign = await api.call('GET', `/v1/plans/${planId}/history`, { token });
    const absent = await api.call('GET', '/v1/plans/99999/history', { token });
    expect([foreign.status, absent.status]).toEqual([404, 404]);
    expect(foreign.body.detail).toBe(absent.body.detail.replace('99999', String(planId)));
  });
});

describe('the history of a case', () => {
  test('is every result it had, newest first, with its figures', async () => {
    const planId = await createPlan();
    const ids = [];
    for (const adds of ['passed', 'skipped', 'failed', 'failed']) {
      ids.push(await run(planId, { adds, removes: 'passed' }, { buildNo: `b${ids.length}` }));
    }
    const caseId = (await history(planId)).cases.failing[0]?.id ?? 0;
    const { results, lanes, ...told } = await caseHistory(planId, caseId);
    expect(told).toMatchObject({
      case: { id: caseId, suite: 'Cart', className: '', name: 'adds' },
      window: { runs: 4, casesOf: 4, complete: true },
      flips: 1,
      flakiness: 1 / 3,
      firstFailedRun: { id: ids[2], buildNo: 'b2' },
    });
    expect(results.map(({ runId, result, buildNo }) => [runId, result, buildNo])).toEqual([
      [ids[3], 'failed', 'b3'],
      [ids[2], 'failed', 'b2'],
      [ids[1], 'skipped', 'b1'],
      [ids[0], 'passed', 'b0'],
    ]);
    expect(results[0]).toMatchObject({ flaky: false, attempt: 1, machine: null, message: `no ${ids[3]}` });
    expect(lanes).toMatchObject([{ machine: null, runs: 3, passed: 1, failed: 2, failingRuns: 2 }]);
  });

  test('is that of its iterations, and counts a rerun within a run as flaky', async () => {
    const planId = await createPlan({
      rerun: { max: 1 },
      suites: [{ name: 'Cart', cases: [{ name: 'pays', iterations: ['card', 'cash'] }] }],
    });
    const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`)).body;
    await api.step(id);
    const report = (results: Record<string, string>) => {
      const cases = Object.entries(results).map(([iteration, result]) => ({
        ...{ suite: 'Cart', name: 'pays', iteration, result, durationMs: 20 },
        message: result === 'failed' ? 'declined' : undefined,
      }));
      return api.call('POST', `/v1/runs/${id}/results`, { body: { cases, final: true } });
    };
    await report({ card: 'failed', cash: 'passed' });
    await api.step(id);
    await api.step(id);
    await report({ card: 'passed', cash: 'passed' });
    await api.step(id);
    const { flakiest } = (await history(planId)).cases;
    expect(flakiest).toMatchObject([{ name: 'pays', runs: 1, passed: 0, failed: 0, flaky: 1, flips: 0, flakiness: 1 }]);
    const { results } = await caseHistory(planId, flakiest[0]?.id ?? 0);
    expect(results).toMatchObject([
      { runId: id, result: 'passed', flaky: true, attempt: 2, durationMs: 40, message: 'declined' },
    ]);
  });

  test('is one on each machine', async () => {
    const planId = await createPlan({ machines: ['chromium', 'firefox'] });
    const on = (firefox: string) => async () => {
      api.clock.now += 60_000;
      const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`)).body;
      await api.step(id);
      const cases = ['adds', 'removes'].flatMap((name) => [
        { suite: 'Cart', name, machine: 'chromium', result: 'passed', durationMs: 10 },
        { suite: 'Cart', name, machine: 'firefox', result: name === 'adds' ? firefox : 'passed', durationMs: 30 },
      ]);
      await api.call('POST', `/v1/runs/${id}/results`, { body: { cases, final: true } });
      await api.step(id);
      return id as number;
    };
    await on('passed')();
    const broke = await on('failed')();
    const { failing } = (await history(planId)).cases;
    expect(failing).toMatchObject([
      { name: 'adds', machine: 'firefox', failingRuns: 1, firstFailedRun: { id: broke } },
    ]);
    const { results, lanes, firstFailedRun, flips } = await caseHistory(planId, failing[0]?.id ?? 0);
    expect(results.map(({ machine, result }) => [machine, result])).toEqual([
      ['chromium', 'passed'],
      ['firefox', 'failed'],
      ['chromium', 'passed'],
      ['firefox', 'passed'],
    ]);
    expect(lanes).toMatchObject([
      { machine: 'chromium', failed: 0, medianMs: 10 },
      { machine: 'firefox', failed: 1, medianMs: 30 },
    ]);
    expect([flips, firstFailedRun?.id]).toEqual([1, broke]);
  });

  test('is missing for a number that is none of the plan’s cases', async () => {
    const planId = await createPlan();
    const other = await createPlan();
    await run(other, { adds: 'failed', removes: 'passed' });
    const foreign = (await history(other)).cases.failing[0]?.id;
    for (const caseId of [foreign, 99_999]) {
      const answer = await api.call('GET', `/v1/plans/${planId}/cases/${caseId}/history`);
      expect(answer).toMatchObject({ status: 404, body: { detail: `there is no case ${caseId}` } });
    }
  });
});
