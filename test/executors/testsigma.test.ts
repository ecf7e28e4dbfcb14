import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../lib/adapters/egress.ts';
import { isServiceError } from '../../lib/core/errors.ts';
import type { Dispatch, Poll } from '../../lib/core/executor.ts';
import { markOf } from '../../lib/executors/testsigma/trigger-body.ts';
import { createTestsigmaExecutor } from '../../lib/executors/testsigma.ts';
import {
  type FakeCase,
  type FakeTestsigma,
  fakePlanId,
  refusal,
  startFakeTestsigma,
} from '../support/fake-testsigma.ts';
import { makeDispatch } from './dispatch.ts';

const startedAt = 1_795_421_730_120;
const apiKey = 'canary-5f1c';

let tenant: FakeTestsigma;
let now: number;
let stored: string;
let executor: ReturnType<typeof createTestsigmaExecutor>;
beforeEach(async () => {
  now = startedAt;
  stored = apiKey;
  tenant = await startFakeTestsigma(() => now);
  executor = createTestsigmaExecutor({
    egress: createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' }),
    secrets: { get: async () => stored },
    now: () => now,
    newId: () => 'fresh',
  });
});
afterEach(() => tenant.close());

const dispatch = (overrides: Partial<Dispatch> = {}, settings: Record<string, unknown> = {}): Dispatch =>
  makeDispatch(
    { type: 'testsigma', url: `${tenant.origin}/`, apiKey: 'env:KEY', testPlanId: fakePlanId, ...settings },
    { createdAt: startedAt - 1000, ...overrides },
  );
const calls = (): string[] =>
  tenant.received.map(({ method, url }) => `${method} ${url.replace('/api/v1/execution_results', '')}`);
const posted = () => tenant.received.filter(({ method }) => method === 'POST');
const failing = (code: string, more: Record<string, unknown> = {}) => expect.objectContaining({ code, ...more });
/** Answers one kind of request so, every time. */
const answer = (method: string, status: number, body: unknown = refusal('X'), headers: Record<string, string> = {}) => {
  tenant.answer = (received, response) => {
    if (received.method !== method) return false;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
};
const aCase = (name: string, result: string | null = 'SUCCESS', change: Partial<FakeCase> = {}): FakeCase => {
  return { suite: 'Cart', name, result, ...change };
};
const pick = (name: string, iterations?: string[]) => {
  return { suite: 'Cart', className: '', name, ...(iterations === undefined ? {} : { iterations }) };
};
const told = (poll: Poll) => [...poll.cases].map(({ name, result }) => `${name}: ${result}`);

describe('starting', () => {
  it('looks for an earlier try, then triggers the plan with everything the attempt has', async () => {
    const given = { variables: { BASE: 'https://stg.example' }, uploadVersions: { 31: '204' }, buildNo: 'v1.2' };
    const { ref, link } = await executor.start(dispatch(given, { environmentId: 12, config: 'payments only' }));
    expect(calls()).toEqual([`GET ?executionId=58&page=0&size=20&sortBy=id&direction=DESC`, 'POST ']);
    const mark = markOf(dispatch());
    expect(posted()[0]?.json).toEqual({
      executionId: 58,
      environmentId: 12,
      runtimeData: { BASE: 'https://stg.example' },
      uploadVersions: { 31: '204' },
      buildNo: `v1.2 ${mark}`,
      executionConfig: { name: 'payments only' },
    });
    expect(posted()[0]?.headers).toMatchObject({ authorization: `Bearer ${apiKey}`, 'idempotency-key': mark });
    expect({ ref, link }).toEqual({ ref: '1204', link: 'https://tenant.example/runs/1204' });
  });

  it('at the same time, in one process, is starting once', async () => {
    const refs = await Promise.all([
      executor.start(dispatch()),
      executor.start(dispatch()),
      executor.start(dispatch()),
    ]);
    expect(new Set(refs.map(({ ref }) => ref))).toEqual(new Set(['1204']));
    expect(posted()).toHaveLength(1);
  });

  it('sends no more than the plan and the mark where there is nothing else', async () => {
    await executor.start(dispatch());
    expect(posted()[0]?.json).toEqual({ executionId: 58, buildNo: markOf(dispatch()) });
  });

  it.each([
    ['no environment and no ids', null, {}, undefined],
    ['an environment and no ids', 'staging', {}, undefined],
    ['an environment and one id for all', 'staging', { environmentId: 3 }, 3],
    ['an environment with an id', 'staging', { environmentId: 3, environments: { staging: 12 } }, 12],
    ['no environment, ids for others', null, { environmentId: 3, environments: { staging: 12 } }, 3],
  ])('%s: the tenant’s environment', async (_, environment, settings, id) => {
    await executor.start(dispatch({ environment }, settings));
    expect(posted()[0]?.json.environmentId).toBe(id);
  });

  it('never runs in another environment than the one that was asked for', async () => {
    const start = executor.start(
      dispatch({ environment: 'toString' }, { environmentId: 3, environments: { staging: 12 } }),
    );
    await expect(start).rejects.toEqual(failing('EXECUTOR_REFUSED', { message: expect.stringContaining('toString') }));
    expect(posted()).toEqual([]);
  });

  it('cuts a long build number, never its own mark', async () => {
    await executor.start(dispatch({ buildNo: 'x'.repeat(255) }));
    expect(posted()[0]?.json.buildNo).toMatch(/^x+ proctor-run-52-a1-[0-9a-f]{12}$/);
    expect(String(posted()[0]?.json.buildNo)).toHaveLength(255);
  });

  it('finds the run of an earlier try behind forty that others started meanwhile', async () => {
    const { id } = tenant.addRun({ buildNo: `b7 ${markOf(dispatch())}`, ended: false });
    for (let i = 0; i < 40; i++) tenant.addRun({ buildNo: 'nightly' });
    expect((await executor.start(dispatch())).ref).toBe(String(id));
    expect(calls()).toHaveLength(3);
    expect(posted()).toEqual([]);
  });

  it.each([
    ['another deployment, or this one before its data was removed', { createdAt: startedAt - 2000 }],
    ['another plan', { planId: 10 }],
    ['another attempt', { key: 'run-52-a2' }],
    ['a run whose number ends the same', { key: 'run-152-a1' }],
  ])('takes no run for its own of %s', async (_, change) => {
    tenant.addRun({ buildNo: markOf({ ...dispatch(), ...change }) });
    expect((await executor.start(dispatch())).ref).toBe('1205');
    expect(posted()).toHaveLength(1);
  });

  it('looks no further back than the run itself', async () => {
    for (let i = 0; i < 60; i++) tenant.addRun({ startTime: startedAt - 3_600_000 });
    await executor.start(dispatch());
    expect(calls()).toHaveLength(2);
  });

  it('finds the run whose answer was lost, or made no sense', async () => {
    const runOf = tenant.addRun;
    tenant.answer = ({ method }, response) => {
      if (method !== 'POST') return false;
      runOf({ buildNo: markOf(dispatch()), ended: false });
      response.socket?.destroy();
      return true;
    };
    await expect(executor.start(dispatch())).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE'));
    expect((await executor.start(dispatch())).ref).toBe('1204');
    tenant.answer = ({ method }, response) => {
      if (method !== 'POST') return false;
      runOf({ buildNo: markOf(dispatch({ key: 'run-52-a2' })), ended: false });
      response.writeHead(200).end('<html>');
      return true;
    };
    expect((await executor.start(dispatch({ key: 'run-52-a2' }))).ref).toBe('1205');
  });

  it('is worth another try where an answer makes no sense and no run is there', async () => {
    answer('POST', 200, '{"id":');
    await expect(executor.start(dispatch())).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE'));
  });

  it('finds the run that a proxy or a Proctor knows by the key but with another body', async () => {
    let lists = 0;
    tenant.answer = ({ method }, response) => {
      if (method === 'GET' && ++lists === 1) return false;
      if (method === 'GET') return false;
      tenant.addRun({ buildNo: markOf(dispatch()), ended: false });
      response.writeHead(422).end(JSON.stringify(refusal('IDEMPOTENCY_KEY_REUSED')));
      return true;
    };
    expect((await executor.start(dispatch())).ref).toBe('1204');
  });

  it.each([
    ['POST', 400, 'EXECUTOR_REFUSED', undefined],
    ['POST', 401, 'EXECUTOR_REFUSED', undefined],
    ['POST', 403, 'EXECUTOR_REFUSED', undefined],
    ['POST', 301, 'EXECUTOR_REFUSED', undefined],
    ['POST', 408, 'EXECUTOR_UNAVAILABLE', 7],
    ['POST', 429, 'EXECUTOR_UNAVAILABLE', 7],
    ['POST', 500, 'EXECUTOR_UNAVAILABLE', 7],
    ['POST', 503, 'EXECUTOR_UNAVAILABLE', 7],
    ['POST', 409, 'EXECUTOR_UNAVAILABLE', 60],
    ['GET', 404, 'EXECUTOR_REFUSED', undefined],
    ['GET', 401, 'EXECUTOR_REFUSED', undefined],
    ['GET', 429, 'EXECUTOR_UNAVAILABLE', 7],
    ['GET', 502, 'EXECUTOR_UNAVAILABLE', 7],
  ])('a %s answered with %i is %s', async (method, status, code, retryAfterSeconds) => {
    answer(method, status, refusal('X', apiKey), { 'retry-after': '7' });
    const error = await executor.start(dispatch()).catch((thrown) => thrown);
    expect(error).toEqual(failing(code, { retryAfterSeconds }));
    expect(error.message).not.toContain(apiKey);
    expect(error.message).toContain(String(status));
    expect(tenant.runs).toEqual([]);
  });

  it('does not wait for a busy tenant where its plan says so', async () => {
    answer('POST', 409, refusal('ALREADY_RUNNING'));
    await expect(executor.start(dispatch({}, { whenBusy: 'refuse' }))).rejects.toEqual(failing('EXECUTOR_REFUSED'));
  });

  it('begins no run so late that another dispatcher might start one too', async () => {
    tenant.answer = () => {
      now += 40_000;
      return false;
    };
    await expect(executor.start(dispatch())).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE'));
    expect(posted()).toEqual([]);
  });

  it('refuses a key that would be more than a header, and does not tell it', async () => {
    stored = 'canary\r\nx-evil: 1';
    const error = await executor.start(dispatch()).catch((thrown) => thrown);
    expect(error).toEqual(failing('EXECUTOR_REFUSED'));
    expect(error.message).not.toContain('canary');
    expect(tenant.received).toEqual([]);
  });
});

describe('a selection', () => {
  const cases = [
    aCase('adds'),
    aCase('pays', 'FAILURE'),
    aCase('ships', 'FAILURE', { iterations: { small: 'SUCCESS', large: 'FAILURE' } }),
  ];
  const selection = [pick('pays'), pick('ships', ['large'])];
  const second = { attempt: 2, key: 'run-52-a2', selection };
  const mark = (runId: number): string => markOf({ ...dispatch(), key: `run-${runId}-a1` });

  it('of a later attempt is the tenant’s own rerun of what the first one ran', async () => {
    const { id } = tenant.addRun({ cases, buildNo: mark(52) });
    const earlier = [{ attempt: 1, ref: String(id) }];
    const { executing } = await executor.start(dispatch({ ...second, earlier, buildNo: 'b1' }));
    expect(posted()[0]?.json).toEqual({
      executionId: 58,
      executionResultId: 1204,
      isReRun: true,
      reRunType: 'USER_PICKED',
      testCaseResultRequests: [
        { id: 120401 },
        { id: 120402, iterationReRunType: 'USER_PICKED', iterationResultIds: [12040201] },
      ],
      // Left out, the tenant would take over the earlier run's.
      runtimeData: {},
      uploadVersions: {},
      buildNo: `b1 ${markOf(dispatch(second))}`,
    });
    expect(executing).toEqual({
      grain: 'iterations',
      description: "2 cases, of some only 1 iteration, of the tenant's run 1204",
    });
  });

  it('prefers the newest attempt that has all of it', async () => {
    const first = tenant.addRun({ cases, buildNo: mark(52) });
    const last = tenant.addRun({ cases: [aCase('pays', 'FAILURE')], rerunOf: first.id });
    const earlier = [first, last].map(({ id }, i) => ({ attempt: i + 1, ref: String(id) }));
    await executor.start(dispatch({ ...second, earlier, selection: [pick('pays')] }));
    await executor.start(dispatch({ ...second, key: 'run-52-a3', earlier, selection: [pick('adds')] }));
    expect(posted().map(({ json }) => json.executionResultId)).toEqual([last.id, first.id]);
  });

  it('of a first attempt is picked from the newest run of Proctor’s that ended in the same environment', async () => {
    tenant.addRun({ cases, buildNo: mark(40), environmentId: 12 });
    const wanted = tenant.addRun({ cases, buildNo: mark(41) });
    tenant.addRun({ cases, buildNo: 'of others' });
    tenant.addRun({ cases, buildNo: mark(42), environmentId: 3 });
    tenant.addRun({ cases, buildNo: mark(43), ended: false });
    await executor.start(dispatch({ selection }));
    await executor.start(dispatch({ selection, key: 'run-52-a9' }, { environmentId: 12 }));
    expect(posted().map(({ json }) => json.executionResultId)).toEqual([wanted.id, 1204]);
  });

  it('runs in full where no run has all of it, and says so', async () => {
    tenant.addRun({ cases, buildNo: mark(41) });
    const { executing } = await executor.start(dispatch({ selection: [pick('unknown')] }));
    expect(posted()[0]?.json).not.toHaveProperty('isReRun');
    expect(executing).toMatchObject({ grain: 'everything', description: expect.stringContaining('1 case asked for') });
  });

  it.each([
    ['the limit of reruns', 409, 'RERUN_LIMIT'],
    ['results it does not know any more', 400, 'FOREIGN_RESULT'],
    ['an API without reruns', 404, 'NOT_FOUND'],
  ])('runs in full after %s', async (_, status, code) => {
    tenant.addRun({ cases, buildNo: mark(41) });
    tenant.answer = ({ json }, response) => {
      if (json.isReRun !== true) return false;
      response.writeHead(status).end(JSON.stringify(refusal(code)));
      return true;
    };
    const { executing, ref } = await executor.start(dispatch({ selection }));
    expect({ grain: executing.grain, ref }).toEqual({ grain: 'everything', ref: '1205' });
    expect(posted()).toHaveLength(2);
  });

  it('waits for a chain that is still active, instead of running all', async () => {
    tenant.addRun({ cases, buildNo: mark(41) });
    answer('POST', 409, refusal('RUN_ACTIVE'));
    await expect(executor.start(dispatch({ selection }))).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE'));
    expect(posted()).toHaveLength(1);
  });

  it('found again is described by what it is', async () => {
    tenant.addRun({ cases, buildNo: markOf(dispatch({ selection })), rerunOf: 1100 });
    expect((await executor.start(dispatch({ selection }))).executing).toMatchObject({ grain: 'iterations' });
    tenant.addRun({ cases, buildNo: markOf(dispatch(second)) });
    expect((await executor.start(dispatch(second))).executing).toMatchObject({ grain: 'everything' });
  });
});

describe('polling', () => {
  const poll = (overrides: Partial<Dispatch> = {}) => executor.poll('1204', dispatch(overrides));

  it('reads results when counts change, and tells what is new', async () => {
    const run = tenant.addRun({ ended: false, cases: [aCase('adds', 'QUEUED'), aCase('pays', 'QUEUED')] });
    expect(await poll()).toMatchObject({ state: 'running', cases: [] });
    expect(calls()).toEqual(['GET /1204', 'GET /1204/test_case_results']);
    await poll();
    expect(calls().slice(2)).toEqual(['GET /1204']);
    run.cases = [aCase('adds'), aCase('pays', 'QUEUED')];
    expect(told(await poll())).toEqual(['adds: passed']);
    run.cases = [aCase('adds'), aCase('pays', 'FAILURE')];
    expect(told(await poll())).toEqual(['pays: failed']);
    run.ended = true;
    const end = await poll();
    expect(end).toMatchObject({ state: 'ended', end: {} });
    expect(told(end)).toEqual(['adds: passed', 'pays: failed']);
  });

  it('reads results each time where counts are null', async () => {
    const cases = [aCase('adds')];
    tenant.addRun({ ended: false, cases, change: { passedCount: null, failedCount: null, totalCount: null } });
    expect(told(await poll())).toEqual(['adds: passed']);
    expect(told(await poll())).toEqual([]);
    expect(calls()).toHaveLength(4);
  });

  it('waits a while for results that are open although the run ended, then says how many there must be', async () => {
    tenant.addRun({
      cases: [aCase('adds'), aCase('pays', 'QUEUED')],
      change: { endTime: startedAt, result: 'SUCCESS' },
    });
    now = startedAt + 29_000;
    expect(await poll()).toMatchObject({ state: 'running', retryAfterSeconds: 5 });
    now = startedAt + 30_000;
    const end = await poll();
    expect(end).toMatchObject({ state: 'ended', end: { expectedCases: 2 } });
    expect(told(end)).toEqual(['adds: passed']);
  });

  it('waits for rows the counts know, and believes the rows in the end', async () => {
    tenant.addRun({ cases: [aCase('adds')], change: { endTime: startedAt, totalCount: 2 } });
    expect(await poll()).toMatchObject({ state: 'running' });
    now = startedAt + 30_000;
    expect(await poll()).toMatchObject({ state: 'ended', end: {} });
  });

  it.each([
    ['has no end time', null],
    ['ended an hour ahead of our clock', startedAt + 3_600_000],
  ])('waits for nothing where the run %s', async (_, endTime) => {
    tenant.addRun({ cases: [aCase('adds', null)], change: { endTime } });
    expect(await poll()).toMatchObject({ state: 'ended', end: { expectedCases: 1 } });
  });

  it.each([
    ['STOPPED', 'executorLost'],
    ['ABORTED', 'executorLost'],
    ['FAILURE', 'executorProtocol'],
  ])('a run that ended as %s with all passed has a problem', async (result, reason) => {
    tenant.addRun({ cases: [aCase('adds')], change: { result } });
    expect(await poll()).toMatchObject({ state: 'ended', end: { problem: { reason } } });
  });

  it('a run without a case ends without one', async () => {
    tenant.addRun();
    expect(await poll()).toEqual({ state: 'ended', cases: [], end: {} });
  });

  it('a run the tenant does not know is lost', async () => {
    expect(await poll()).toMatchObject({ state: 'ended', cases: [], end: { problem: { reason: 'executorLost' } } });
  });

  it.each([
    ['of another run', { id: 999 }],
    ['of another plan', { executionId: 59 }],
    ['without status and result', { status: null, result: null }],
    ['whose status is a number', { status: 7 }],
    ['without an id', { id: null }],
  ])('an answer %s makes no sense', async (_, change) => {
    tenant.addRun({ change });
    await expect(poll()).rejects.toEqual(failing('EXECUTOR_PROTOCOL'));
  });

  it.each([
    ['a name with a control character', [aCase('a\u0001b')]],
    ['an empty name', [aCase('')]],
    ['a name of 501 characters', [aCase('x'.repeat(501))]],
  ])('results with %s make no sense', async (_, cases) => {
    tenant.addRun({ cases });
    await expect(poll()).rejects.toEqual(failing('EXECUTOR_PROTOCOL'));
  });

  it.each([
    ['no JSON', '<html>'],
    ['half an answer', '{"id":1204,"status":"STATUS_COM'],
    ['more than 1 MiB', JSON.stringify({ id: 1204, status: 'STATUS_COMPLETED', padding: 'x'.repeat(1024 * 1024) })],
    ['an empty list', '[]'],
    ['null', 'null'],
  ])('%s is no status', async (_, body) => {
    answer('GET', 200, body);
    await expect(poll()).rejects.toEqual(failing('EXECUTOR_PROTOCOL'));
  });

  it('results that break off are worth another look, those too large are unreadable', async () => {
    const run = tenant.addRun({ cases: [aCase('adds')] });
    const cases = (respond: (response: Parameters<NonNullable<FakeTestsigma['answer']>>[1]) => void) => {
      tenant.answer = ({ url }, response) => {
        if (!url.endsWith('/test_case_results')) return false;
        respond(response);
        return true;
      };
    };
    cases((response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"testCases":[');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    await expect(poll()).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE'));
    cases((response) => response.writeHead(200).end('x'.repeat(17 * 1024 * 1024)));
    expect(await poll()).toMatchObject({ state: 'ended', end: { problem: { reason: 'reportUnreadable' } } });
    run.ended = false;
    expect(await poll()).toEqual({ state: 'running', cases: [] });
  });

  it.each([
    [429, '9', 9],
    [503, '100000', 300],
    [500, undefined, undefined],
  ])('a %i is worth another look after what it asks for, five minutes at most', async (status, header, seconds) => {
    answer('GET', status, '', header === undefined ? {} : { 'retry-after': header });
    await expect(poll()).rejects.toEqual(failing('EXECUTOR_UNAVAILABLE', { retryAfterSeconds: seconds }));
  });
});

describe('stopping', () => {
  const stop = (ref = '1204') => executor.stop(ref, dispatch());

  it('names the one run, and is believed once the run says so', async () => {
    tenant.addRun({ ended: false });
    expect(await stop()).toBe('gone');
    const [put] = tenant.received;
    expect(put).toMatchObject({ method: 'PUT', url: '/api/v1/execution_results/1204' });
    expect(put?.json).toEqual({ id: 1204, canStopAll: false, result: 'STOPPED' });
    expect(calls()).toEqual(['PUT /1204', 'GET /1204']);
  });

  it('is not over while the run goes on', async () => {
    tenant.addRun({ ended: false });
    answer('PUT', 200, {});
    expect(await stop()).toBe('stopping');
  });

  it.each([404, 405])(
    'that the tenant does not offer (%i) is refused while the run goes on, and gone after it',
    async (status) => {
      const run = tenant.addRun({ ended: false });
      answer('PUT', status);
      await expect(stop()).rejects.toEqual(failing('EXECUTOR_REFUSED'));
      run.ended = true;
      expect(await stop()).toBe('gone');
    },
  );

  it('what the tenant does not know, or was never there, is gone', async () => {
    expect(await stop()).toBe('gone');
    expect(await stop('run-52-a1')).toBe('gone');
    expect(tenant.received.every(({ url }) => url.endsWith('/1204'))).toBe(true);
  });

  it('is worth another try while the tenant is away', async () => {
    tenant.addRun({ ended: false });
    answer('PUT', 503);
    const error = await stop().catch((thrown) => thrown);
    expect(isServiceError(error, 'EXECUTOR_UNAVAILABLE')).toBe(true);
  });
});
