import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import type { ReportableResult } from '../../../lib/core/results.ts';
import { aCase, type Facade, openFacade, typesOf } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());

interface CaseObject {
  readonly testCaseName: string;
  readonly testCaseResultId: number;
  readonly result: string;
  readonly iterationResults: readonly { readonly setName: string; readonly iterationResultId: number }[];
}

const path = '/api/v1/execution_results';
const post = (body: unknown) => facade.call('POST', path, { body });
const get = async (runId: number) => (await facade.call('GET', `${path}/${runId}`)).body;
const casesOf = async (runId: number) =>
  (await facade.call('GET', `${path}/${runId}/test_case_results`)).body.testCases as CaseObject[];
const selected = () =>
  facade.dispatches
    .at(-1)
    ?.selection?.map(({ name, iterations }) => (iterations?.length ? [name, ...iterations] : name));

const rerun = (executionResultId: number, reRunType: string, change: Record<string, unknown> = {}) =>
  post({ executionResultId, isReRun: true, reRunType, ...change });

const voucher = (iteration: string, result: ReportableResult) => aCase('pays by voucher', result, { iteration });
let made = 0;
const nextName = () => {
  made += 1;
  return made;
};
const firstRun = [
  aCase('pays by card', 'passed'),
  voucher('small', 'passed'),
  voucher('medium', 'failed'),
  voucher('large', 'failed'),
  aCase('applies coupon', 'failed', { suite: 'Cart' }),
];

/** A completed run with failures, and the ids of its case results by name. */
async function original() {
  const plan = await facade.addPlan({ name: `Rerun ${nextName()}` });
  const runId = await facade.trigger(plan, { buildNo: 'b7', runtimeData: { baseUrl: 'https://stg' } });
  await facade.finish(runId, firstRun);
  const cases = await casesOf(runId);
  const idOf = (name: string) => cases.find(({ testCaseName }) => testCaseName === name)?.testCaseResultId ?? 0;
  const iterations = cases.flatMap(({ iterationResults }) => iterationResults);
  const ids = {
    card: idOf('pays by card'),
    voucher: idOf('pays by voucher'),
    coupon: idOf('applies coupon'),
    ...Object.fromEntries(iterations.map(({ setName, iterationResultId }) => [setName, iterationResultId])),
  } as Record<'card' | 'voucher' | 'coupon' | 'small' | 'medium' | 'large', number>;
  return { plan, runId, ids };
}

const seed = () =>
  JSON.parse(readFileSync(new URL('./fixtures/seed-rerun.json', import.meta.url), 'utf8')) as Record<string, unknown>;

describe('the answer', () => {
  test('has every key of the vendor’s sample with its type, for its own request', async () => {
    const { plan, runId, ids } = await original();
    const answer = await post({
      executionId: plan.id,
      executionResultId: runId,
      isReRun: true,
      reRunType: 'USER_PICKED',
      testCaseResultRequests: [{ id: ids.coupon }, { id: ids.card }],
    });
    expect(answer.status).toBe(200);
    const types = typesOf(answer.body);
    const wrong = [...typesOf(seed())].filter(([key, type]) => type !== 'null' && types.get(key) !== type);
    expect(wrong).toEqual([]);
    expect(answer.body).toMatchObject({
      execution: null,
      executionId: plan.id,
      result: 'QUEUED',
      status: 'STATUS_CREATED',
      reRunParentId: runId,
      reRunType: 'USER_PICKED',
      resultType: 'ORIGINAL',
      consolidatedResult: 'QUEUED',
      consolidatedStatus: 'STATUS_CREATED',
      consolidatedDuration: null,
      rerunIds: [],
    });
    expect(answer.text.match(/"id":/g)).toHaveLength(1);
    expect(answer.text.startsWith(`{"id":${answer.body.id},`)).toBe(true);
    expect((await get(runId)).rerunIds).toEqual([answer.body.id]);
  });

  test('takes over build, environment, runtime data and versions of the named run, unless it says its own', async () => {
    const { runId } = await original();
    const first = (await rerun(runId, 'ALL_TESTS')).body;
    expect(first.buildNo).toBe('b7');
    await facade.finish(first.id, firstRun);
    expect(facade.dispatches.at(-1)).toMatchObject({ buildNo: 'b7', variables: { baseUrl: 'https://stg' } });
    const second = (await rerun(runId, 'ALL_TESTS', { buildNo: 8, runtimeData: { baseUrl: 'https://other' } })).body;
    await facade.dispatch(second.id);
    expect(facade.dispatches.at(-1)).toMatchObject({ buildNo: '8', variables: { baseUrl: 'https://other' } });
  });
});

describe('what runs again', () => {
  test.each([
    ['ALL_TESTS', ['pays by card', 'pays by voucher', 'applies coupon']],
    ['ALL_ITERATIONS', ['pays by card', 'pays by voucher', 'applies coupon']],
    ['ONLY_FAILED_TESTS', ['pays by voucher', 'applies coupon']],
    ['ONLY_FAILED_ITERATIONS', [['pays by voucher', 'medium', 'large'], 'applies coupon']],
    ['ONLY_FAILED_ITERATIONS_IN_FAILED_TESTS', [['pays by voucher', 'medium', 'large'], 'applies coupon']],
  ])('%s', async (reRunType, expected) => {
    const { runId } = await original();
    const { status, body } = await rerun(runId, reRunType);
    expect(status).toBe(200);
    await facade.dispatch(body.id);
    expect(selected()).toEqual(expected);
  });

  test.each([
    ['ALL', undefined, ['pays by voucher']],
    ['FAILED', undefined, [['pays by voucher', 'medium', 'large']]],
    ['PASSED', undefined, [['pays by voucher', 'small']]],
    ['USER_PICKED', ['large'], [['pays by voucher', 'large']]],
    ['USER_PICKED', ['small', 'large'], [['pays by voucher', 'small', 'large']]],
    [undefined, undefined, ['pays by voucher']],
  ] as const)('USER_PICKED with iterations %s %j', async (iterationReRunType, names, expected) => {
    const { runId, ids } = await original();
    const request = {
      id: ids.voucher,
      ...(iterationReRunType === undefined ? {} : { iterationReRunType }),
      ...(names === undefined ? {} : { iterationResultIds: names.map((name) => ids[name]) }),
    };
    const { body } = await rerun(runId, 'USER_PICKED', { testCaseResultRequests: [request] });
    await facade.dispatch(body.id);
    expect(selected()).toEqual(expected);
  });

  test('one iteration of three alone: it alone counts, and the chain takes it into account', async () => {
    const { runId, ids } = await original();
    const request = { id: ids.voucher, iterationReRunType: 'USER_PICKED', iterationResultIds: [ids.large] };
    const { body } = await rerun(runId, 'USER_PICKED', { testCaseResultRequests: [request] });
    await facade.finish(body.id, [voucher('small', 'failed'), voucher('large', 'passed')]);
    const [only, ...others] = await casesOf(body.id);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ result: 'SUCCESS', iterationResults: [{ setName: 'large', result: 'SUCCESS' }] });
    expect(await get(body.id)).toMatchObject({ result: 'SUCCESS', totalCount: 1, consolidatedResult: 'FAILURE' });
    expect(await get(runId)).toMatchObject({ consolidatedPlanFailedCount: 2, consolidatedPlanPassedCount: 1 });
  });

  test('ids of any run of the chain name a case', async () => {
    const { runId, ids } = await original();
    const first = (await rerun(runId, 'ONLY_FAILED_TESTS')).body.id;
    await facade.finish(first, firstRun.slice(1));
    const [again] = (await casesOf(first)).filter(({ testCaseName }) => testCaseName === 'applies coupon');
    const { body } = await rerun(runId, 'USER_PICKED', {
      testCaseResultRequests: [{ id: again?.testCaseResultId }, { id: String(ids.card) }],
    });
    expect(body.reRunParentId).toBe(first);
    await facade.dispatch(body.id);
    expect(selected()).toEqual(['applies coupon', 'pays by card']);
  });
});

describe('the chain', () => {
  test('of ten reruns: ids, counts and consolidated values right at each step, the eleventh is refused', {
    timeout: 120_000,
  }, async () => {
    const plan = await facade.addPlan({ name: 'Ten reruns' });
    const names = Array.from({ length: 11 }, (_, i) => `case ${i}`);
    const runId = await facade.finished(
      plan,
      names.map((name) => aCase(name, 'failed')),
    );
    const before = await get(runId);
    const ids: number[] = [];
    for (let healed = 1; healed <= 10; healed++) {
      // Sent with whichever run of the chain: it joins the end.
      const { status, body } = await rerun(ids[Math.floor(ids.length / 2)] ?? runId, 'ONLY_FAILED_TESTS');
      expect([status, body.reRunParentId]).toEqual([200, ids.at(-1) ?? runId]);
      ids.push(body.id);
      const during = await get(runId);
      expect(during).toMatchObject({
        result: 'FAILURE',
        status: 'STATUS_COMPLETED',
        consolidatedResult: 'QUEUED',
        consolidatedStatus: 'STATUS_IN_PROGRESS',
        consolidatedDuration: null,
        rerunIds: ids,
      });
      const open = names.slice(healed - 1);
      await facade.finish(
        body.id,
        open.map((name, i) => aCase(name, i === 0 ? 'passed' : 'failed')),
      );
      expect(facade.dispatches.at(-1)?.selection?.map(({ name }) => name)).toEqual(open);
      const consolidated = {
        consolidatedResult: 'FAILURE',
        consolidatedStatus: 'STATUS_COMPLETED',
        consolidatedDuration: (healed + 1) * 95_480,
        consolidatedPlanTotalCount: 11,
        consolidatedPlanPassedCount: healed,
        consolidatedPlanFailedCount: 11 - healed,
      };
      for (const [at, id] of [runId, ...ids].entries()) {
        expect(await get(id)).toMatchObject({ ...consolidated, rerunIds: ids.slice(at) });
      }
      expect(await get(body.id)).toMatchObject({ totalCount: open.length, passedCount: 1, result: 'FAILURE' });
    }
    const { status, result, endTime, failedCount } = await get(runId);
    expect({ status, result, endTime, failedCount }).toEqual({
      status: before.status,
      result: before.result,
      endTime: before.endTime,
      failedCount: 11,
    });
    const stored = await facade.countStored();
    const refused = await rerun(runId, 'ONLY_FAILED_TESTS');
    expect([refused.status, refused.body.code]).toEqual([409, 'RERUN_LIMIT']);
    expect(await facade.countStored()).toBe(stored);
    const { body: list } = await facade.call('GET', `${path}?executionId=${plan.id}&size=100`);
    expect(list.totalElements).toBe(11);
    for (const item of list.content) expect(item.consolidatedPlanPassedCount).toBe(10);
  });

  test('is refused while one of its runs is active, and says which', async () => {
    const { runId } = await original();
    const first = (await rerun(runId, 'ALL_TESTS')).body.id;
    const refused = await rerun(runId, 'ALL_TESTS');
    expect([refused.status, refused.body.code]).toEqual([409, 'RUN_ACTIVE']);
    expect(refused.body.error).toContain(String(first));
    const active = await facade.trigger(await facade.addPlan());
    expect((await rerun(active, 'ALL_TESTS')).body.code).toBe('RUN_ACTIVE');
  });

  test('grows by one when twenty ask at once', async () => {
    const { runId } = await original();
    const answers = await Promise.all(Array.from({ length: 20 }, () => rerun(runId, 'ALL_TESTS')));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.code]).toEqual([409, 'RUN_ACTIVE']);
    expect((await get(runId)).rerunIds).toEqual([won[0]?.body.id]);
  });

  test('a refused rerun leaves room for the next', async () => {
    const plan = await facade.addPlan({ overlap: 'reject' });
    const runId = await facade.finished(plan, [aCase('one', 'failed')]);
    const other = await facade.trigger(plan);
    expect((await rerun(runId, 'ALL_TESTS')).body.code).toBe('ALREADY_RUNNING');
    expect((await get(runId)).rerunIds).toEqual([]);
    await facade.finish(other, [aCase('one', 'passed')]);
    expect((await rerun(runId, 'ALL_TESTS')).status).toBe(200);
  });

  test('of a run that never reported a case runs all of it', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, [], { problem: { reason: 'reportUnreadable', message: 'Gone.' } });
    const { status, body } = await rerun(runId, 'ONLY_FAILED_TESTS');
    expect(status).toBe(200);
    await facade.dispatch(body.id);
    expect(facade.dispatches.at(-1)?.selection).toBe(null);
  });
});

describe('what is refused', () => {
  let plan: Plan;
  let runId: number;
  let passed: number;
  beforeAll(async () => {
    ({ plan, runId } = await original());
    passed = await facade.finished(await facade.addPlan(), [aCase('one', 'passed')]);
  });

  test.each([
    [{ reRunType: undefined }, 'reRunType'],
    [{ reRunType: 'NONE' }, 'reRunType'],
    [{ reRunType: 'failed' }, 'reRunType'],
    [{ reRunType: 'USER_PICKED' }, 'testCaseResultRequests'],
    [{ reRunType: 'USER_PICKED', testCaseResultRequests: [] }, 'testCaseResultRequests'],
    [{ reRunType: 'USER_PICKED', testCaseResultRequests: [{}] }, 'testCaseResultRequests[0].id'],
    [{ reRunType: 'ALL_TESTS', testCaseResultRequests: [{ id: 1 }] }, 'testCaseResultRequests'],
    [
      { reRunType: 'USER_PICKED', testCaseResultRequests: [{ id: 1, iterationReRunType: 'USER_PICKED' }] },
      'testCaseResultRequests[0].iterationResultIds',
    ],
    [
      { reRunType: 'USER_PICKED', testCaseResultRequests: [{ id: 1, iterationReRunType: 'SOME' }] },
      'testCaseResultRequests[0].iterationReRunType',
    ],
    [{ executionResultId: undefined, reRunType: 'ALL_TESTS' }, 'executionResultId'],
    [{ executionResultId: 'abc', reRunType: 'ALL_TESTS' }, 'executionResultId'],
  ])('%j names %s', async (change, field) => {
    const stored = await facade.countStored();
    const { status, body } = await post({ executionResultId: runId, isReRun: true, ...change });
    expect([status, body.code, body.fieldErrors[0].field]).toEqual([400, 'VALIDATION_FAILED', field]);
    expect(await facade.countStored()).toBe(stored);
  });

  test('a run of another plan than the one named', async () => {
    const { status, body } = await rerun(runId, 'ALL_TESTS', { executionId: plan.id + 1 });
    expect([status, body.fieldErrors[0].field]).toEqual([400, 'executionId']);
    expect((await rerun(runId, 'ALL_TESTS', { executionId: String(plan.id) })).status).toBe(200);
  });

  test('a run that is not there, or not the caller’s to see', async () => {
    expect((await rerun(99_999, 'ALL_TESTS')).status).toBe(404);
    const token = await facade.addKey({ planIds: [plan.id + 1000] });
    const body = { executionResultId: runId, isReRun: true, reRunType: 'ALL_TESTS' };
    expect((await facade.call('POST', path, { body, token })).status).toBe(404);
  });

  test('ids of results that are not the chain’s, and a selection without a case', async () => {
    const foreign = await rerun(passed, 'USER_PICKED', { testCaseResultRequests: [{ id: 2_000_000_000 }] });
    expect([foreign.status, foreign.body.code]).toEqual([400, 'FOREIGN_RESULT']);
    expect(foreign.body.fieldErrors[0].field).toBe('testCaseResultRequests[0]');
    const empty = await rerun(passed, 'ONLY_FAILED_TESTS');
    expect([empty.status, empty.body.code]).toEqual([400, 'EMPTY_SELECTION']);
  });
});

describe('a case on two machines', () => {
  const on = (machine: string, ...cases: ReturnType<typeof aCase>[]) => cases.map((each) => ({ ...each, machine }));
  const laneOriginal = async () => {
    const suites = [{ name: 'Payment', cases: [{ name: 'pays by card' }] }];
    const machines = ['chrome-linux', 'firefox-win'];
    const plan = await facade.addPlan({ name: `Rerun ${nextName()}`, suites, machines });
    const runId = await facade.trigger(plan);
    const card = aCase('pays by card', 'passed');
    await facade.finish(runId, [...on('chrome-linux', card), ...on('firefox-win', { ...card, result: 'failed' })]);
    return { runId, card, cases: await casesOf(runId) };
  };

  test.each(['ONLY_FAILED_TESTS', 'USER_PICKED'])(
    'is current for each: %s runs one, the chain holds both',
    async (type) => {
      const { runId, card, cases } = await laneOriginal();
      const failed = cases.find(({ result }) => result === 'FAILURE');
      const picks = type === 'USER_PICKED' ? { testCaseResultRequests: [{ id: failed?.testCaseResultId }] } : {};
      const { body } = await rerun(runId, type, picks);
      await facade.finish(body.id, [...on('firefox-win', card), ...on('chrome-linux', { ...card, result: 'failed' })]);
      expect(facade.dispatches.at(-1)).toMatchObject({
        selection: [{ name: 'pays by card', machine: 'firefox-win' }],
        machines: [{ title: 'firefox-win' }],
      });
      expect(await casesOf(body.id)).toMatchObject([{ machineTitle: 'firefox-win', result: 'SUCCESS' }]);
      expect(await get(runId)).toMatchObject({
        result: 'FAILURE',
        totalCount: 2,
        consolidatedResult: 'SUCCESS',
        consolidatedPlanTotalCount: 2,
        consolidatedPlanPassedCount: 2,
      });
    },
  );
});
