import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../lib/core/run.ts';
import { acceptedAnswer, problemAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, openApi, passedCases } from '../native/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const send = (
  runId: number,
  body: unknown,
  { attempt = 1, kind = 'results', token = api.callbackToken(runId), headers = {} } = {},
) => api.call('POST', `/callbacks/${runId}/${attempt}/${kind}`, { token, body, headers });

/** Everything stored about a run. */
async function stored(runId: number): Promise<unknown> {
  const run = await api.stores.runs.getRun(runId);
  if (run === undefined) throw new Error(`no run ${runId}`);
  return [run, await api.stores.runs.readItems(run), await api.stores.plans.readCatalog(run.planId)];
}

async function resultOf(runId: number): Promise<unknown[]> {
  await api.step(runId);
  const { body } = await api.call('GET', `/v1/runs/${runId}`);
  return [body.status, body.result, body.reason];
}

describe('results of an executor', () => {
  test('count until it says that they are final', async () => {
    const { runId } = await api.startRun();
    const first = await send(runId, { cases: passedCases.slice(0, 1) });
    expect(first).toMatchObject({ status: 202, body: { runId, attempt: 1, folded: false } });
    expect(acceptedAnswer.parse(first.body)).toBeTruthy();
    expect(await resultOf(runId)).toEqual(['running', null, null]);
    expect((await send(runId, { cases: passedCases.slice(1), final: true })).status).toBe(202);
    expect(await resultOf(runId)).toEqual(['completed', 'passed', 'allPassed']);
  });

  test('come as JUnit XML, packed, and through a path for tools without headers', async () => {
    const { runId } = await api.startRun();
    const body = gzipSync('<testsuite name="Cart"><testcase name="adds"/><testcase name="removes"/></testsuite>');
    const headers = { 'content-encoding': 'gzip' };
    const path = `/callbacks/t/${api.callbackToken(runId)}/results`;
    expect(await api.call('POST', path, { token: '', body, headers })).toMatchObject({ status: 202, body: { runId } });
    expect(await resultOf(runId)).toEqual(['completed', 'passed', 'allPassed']);
    expect(JSON.stringify(api.logs)).not.toContain('cbt1.');
  });

  test('an unreadable report makes the run errored, never green', async () => {
    const { runId } = await api.startRun();
    await send(runId, { cases: passedCases });
    const answer = await send(runId, '<testsuite><testcase name="adds"/>');
    expect(answer).toMatchObject({ status: 400, body: { code: 'REPORT_UNREADABLE' } });
    expect(await resultOf(runId)).toEqual(['completed', 'errored', 'reportUnreadable']);
  });

  test('progress never ends an attempt, and nothing at all is a sign of life', async () => {
    const { runId } = await api.startRun();
    expect((await send(runId, { cases: passedCases, final: true }, { kind: 'progress' })).status).toBe(202);
    api.clock.now += 60_000;
    expect((await send(runId, undefined, { kind: 'progress' })).status).toBe(202);
    expect((await api.stores.runs.getRun(runId))?.lastProgressAt).toBe(api.clock.now);
    expect(await resultOf(runId)).toEqual(['running', null, null]);
    const path = `/callbacks/t/${api.callbackToken(runId)}/progress`;
    expect((await api.call('POST', path, { token: '' })).status).toBe(202);
  });

  test('a sign of life leaves nothing but its time, and is refused when the run is over', async () => {
    const { runId } = await api.startRun();
    const sign = () => send(runId, undefined, { kind: 'progress' });
    const before = await api.stores.runs.getRun(runId);
    for (let i = 0; i < 3; i++) expect((await sign()).status).toBe(202);
    const after = await api.stores.runs.getRun(runId);
    expect(after).toMatchObject({ packedBytes: before?.packedBytes, wakeSeq: before?.wakeSeq });
    expect((await api.stores.runs.readItems(after as Run)).batches).toEqual([]);
    await send(runId, { cases: passedCases, final: true });
    expect(await resultOf(runId)).toEqual(['completed', 'passed', 'allPassed']);
    expect(await sign()).toMatchObject({ status: 409, body: { code: 'RUN_COMPLETED', late: true } });
  });
});

describe('a batch that comes twice', () => {
  test('counts once, with an id or without', async () => {
    const { runId } = await api.startRun();
    const running = [{ suite: 'Cart', name: 'adds', result: 'failed' }];
    for (const body of [{ cases: running }, { batchId: 'b-1', seq: 3, cases: passedCases }]) {
      expect((await send(runId, body)).status).toBe(202);
      const before = (await api.call('GET', `/v1/runs/${runId}/cases`)).body;
      expect((await send(runId, body)).status).toBe(202);
      expect((await api.call('GET', `/v1/runs/${runId}/cases`)).body).toEqual(before);
    }
  });

  test('is refused if its id stands for other content', async () => {
    const { runId } = await api.startRun();
    await send(runId, { batchId: 'b-1', cases: passedCases });
    const before = await stored(runId);
    const answer = await send(runId, { batchId: 'b-1', cases: passedCases.slice(1) });
    expect(answer).toMatchObject({ status: 409, body: { code: 'BATCH_ID_REUSED' } });
    expect(await stored(runId)).toEqual(before);
  });

  test.each([
    [20_500, 40_500],
    [10, 20_500],
    [20_500, 10],
  ])('is refused whole and loses nothing, %i cases first and then %i', async (first, second) => {
    const { runId } = await api.startRun({ suites: [] });
    const many = (count: number, result: string) =>
      Array.from({ length: count }, (_, i) => ({ suite: 'Big', name: `case ${i}`, result }));
    expect((await send(runId, { batchId: 'b', cases: many(first, 'passed') })).status).toBe(202);
    const reused = await send(runId, { batchId: 'b', cases: many(second, 'failed'), final: true });
    expect(reused).toMatchObject({ status: 409, body: { code: 'BATCH_ID_REUSED' } });
    await send(runId, { cases: [], final: true });
    await api.step(runId);
    const { counts, result } = (await api.call('GET', `/v1/runs/${runId}`)).body;
    expect([result, counts.total, counts.passed]).toEqual(['passed', first, first]);
  });

  test('is told so after the run is over; one that comes late changes nothing', async () => {
    const { runId } = await api.startRun();
    const final = { batchId: 'last', cases: passedCases, final: true };
    await send(runId, final);
    await api.step(runId);
    const before = [await api.stores.runs.getRun(runId), (await api.call('GET', `/v1/runs/${runId}/cases`)).body];
    expect(await send(runId, final)).toMatchObject({ status: 200, body: { folded: true } });
    const late = await send(runId, { cases: [{ suite: 'Cart', name: 'adds', result: 'failed' }], final: true });
    expect(late).toMatchObject({
      status: 409,
      headers: { 'content-type': 'application/problem+json' },
      body: { code: 'RUN_COMPLETED', late: true, runId },
    });
    expect(problemAnswer.parse(late.body)).toBeTruthy();
    expect([await api.stores.runs.getRun(runId), (await api.call('GET', `/v1/runs/${runId}/cases`)).body]).toEqual(
      before,
    );
  });
});

describe('a token', () => {
  test('wrong, expired, of another run or attempt: one body, no read, no change', async () => {
    const { runId } = await api.startRun();
    const other = await api.startRun();
    const good = api.callbackToken(runId);
    const [prefix, run, attempt, expires, mac = ''] = good.split('.');
    const tokens = [
      '',
      'nonsense',
      api.callbackToken(other.runId),
      api.callbackToken(runId, 2),
      api.callbackToken(runId, 1, api.clock.now - 1),
      [prefix, run, attempt, `${Number(expires) + 1}`, mac].join('.'),
      [prefix, run, attempt, expires, `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`].join('.'),
      `${good} ${good}`,
      await api.addKey(),
    ];
    const before = await stored(runId);
    api.reads.length = 0;
    const bodies = new Set<string>();
    for (const kind of ['results', 'progress']) {
      for (const token of tokens) {
        for (const body of [{ cases: passedCases, final: true }, '<testsuite><oops', 'nonsense']) {
          const answer = await send(runId, body, { token, kind });
          expect([token, answer.status]).toEqual([token, 401]);
          bodies.add(answer.text);
        }
      }
    }
    const wrongPath = await api.call('POST', `/callbacks/t/${good}x/results`, { token: '', body: { cases: [] } });
    bodies.add(wrongPath.text);
    bodies.add((await api.call('POST', `/callbacks/${runId}x/1/results`, { token: good, body: {} })).text);
    expect([...bodies]).toHaveLength(1);
    expect(api.reads).toEqual([]);
    expect(await stored(runId)).toEqual(before);
    expect((await send(runId, { cases: passedCases })).status).toBe(202);
  });

  test('whatever is sent with a good token, the answer names what is wrong and a refusal stores nothing', async () => {
    const { runId } = await api.startRun();
    const token = api.callbackToken(runId);
    const wrong = fc.oneof(
      fc.jsonValue().filter((value) => value === null || typeof value !== 'object' || Array.isArray(value)),
      fc.record({ cases: fc.jsonValue().filter((value) => !Array.isArray(value)) }),
      fc.record({
        cases: fc.array(fc.record({ name: fc.jsonValue(), result: fc.string() }), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ batchId: fc.constantFrom('stop', 'garbage', 'dispatch', '', 'a b', '#', 'x'.repeat(300), 7) }),
      fc.record({ seq: fc.oneof(fc.constant(-1), fc.constant(1.5), fc.string()) }),
      fc.record({ final: fc.oneof(fc.string(), fc.integer()) }),
      fc.record({ expectedCases: fc.oneof(fc.string(), fc.constant(-1), fc.double({ min: 0.1, max: 0.9 })) }),
    );
    const before = await stored(runId);
    await fc.assert(
      fc.asyncProperty(wrong, async (body) => {
        const answer = await api.call('POST', `/callbacks/${runId}/1/results`, { token, body: JSON.stringify(body) });
        expect(answer.status).toBe(400);
        expect(answer.body.errors ?? answer.body.code).toBeTruthy();
        expect(answer.text).not.toMatch(/\.ts:|node_modules/);
      }),
      { numRuns: 150 },
    );
    expect(await stored(runId)).toEqual(before);
  });
});
