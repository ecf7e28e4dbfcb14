import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attemptsAnswer,
  casesAnswer,
  explainAnswer,
  runAnswer,
  runsAnswer,
} from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi, passedCases } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const failedOnce = [passedCases[0], { suite: 'Cart', name: 'removes', result: 'failed', message: 'expected 1, got 2' }];
const upload = (runId: number, body: unknown, query = '') =>
  api.call('POST', `/v1/runs/${runId}/results${query}`, { body });

async function finishedRun(plan = {}, cases: unknown = passedCases): Promise<{ planId: number; runId: number }> {
  const started = await api.startRun(plan);
  await upload(started.runId, { cases, final: true });
  await api.step(started.runId);
  return started;
}

describe('triggering a run', () => {
  test('answers 202 with the run and where it is', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    const body = { buildNo: '1.2', runtimeData: { USER: 'a' }, uploadVersions: { app: '7' } };
    const answer = await api.call('POST', `/v1/plans/${id}/runs`, { body });
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: `http://127.0.0.1/v1/runs/${answer.body.id}` },
      body: { planId: id, status: 'queued', buildNo: '1.2', result: null, counts: null, trigger: { type: 'api' } },
    });
    expect(runAnswer.parse(answer.body)).toBeTruthy();
    expect(await api.stores.runs.getInput(answer.body.id, true)).toMatchObject({ runtimeData: { USER: 'a' } });
  });

  test('the same Idempotency-Key gets the same run, another request with it is refused', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    const trigger = (body: unknown) =>
      api.call('POST', `/v1/plans/${id}/runs`, { body, headers: { 'idempotency-key': 'build-7' } });
    const first = await trigger({ buildNo: '7' });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const replay = await trigger({ buildNo: '7' });
    expect(replay).toMatchObject({
      status: 202,
      headers: { 'idempotent-replayed': 'true' },
      body: { id: first.body.id },
    });
    expect(await trigger({ buildNo: '8' })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    const bad = await api.call('POST', `/v1/plans/${id}/runs`, { headers: { 'idempotency-key': 'a b' } });
    expect(bad).toMatchObject({ status: 400, body: { errors: [{ field: 'Idempotency-Key' }] } });
    expect((await api.call('GET', `/v1/runs?plan=${id}`)).body.runs).toHaveLength(1);
  });

  test('a run behind another one says what it waits for', async () => {
    const { planId, runId } = await api.startRun();
    const second = await api.call('POST', `/v1/plans/${planId}/runs`);
    const waiting = await api.call('GET', `/v1/runs/${second.body.id}`);
    expect(waiting.body).toMatchObject({ status: 'queued', waitsFor: [runId] });
    const { body } = await api.call('GET', `/v1/runs/${second.body.id}/explain`);
    expect(body.sentence).toContain(`waits for run ${runId} of the same plan`);
  });
});

describe('one run', () => {
  test('tells where it stands while it lives, and how it ended', async () => {
    const { runId, planId } = await api.startRun();
    const live = await api.call('GET', `/v1/runs/${runId}`);
    expect(live).toMatchObject({
      status: 200,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/), etag: expect.stringMatching(/^"\d+"$/) },
      body: {
        planId,
        status: 'running',
        counts: { total: 2, queued: 2 },
        requested: 'everything',
        executing: 'everything',
        links: { self: `http://127.0.0.1/v1/runs/${runId}`, job: 'https://ci.example/job' },
      },
    });
    expect(runAnswer.parse(live.body)).toBeTruthy();
    const headers = { 'if-none-match': live.headers.etag ?? '' };
    expect((await api.call('GET', `/v1/runs/${runId}`, { headers })).status).toBe(304);
    await upload(runId, { cases: passedCases, final: true });
    await api.step(runId);
    const over = await api.call('GET', `/v1/runs/${runId}`, { headers });
    expect(over.body).toMatchObject({
      status: 'completed',
      result: 'passed',
      reason: 'allPassed',
      counts: { passed: 2 },
    });
    expect(over.body.explanation).toBe('2 cases passed.');
    expect(over.body.createdAt).toMatch(/^2027-01-04T09:.*Z$/);
    expect(over.headers['retry-after']).toBeUndefined();
  });

  test('lists its cases by page and by result', async () => {
    const suites = [
      { name: 'Cart', cases: [{ name: 'adds' }, { name: 'removes' }, { name: 'sets', iterations: ['one', 'two'] }] },
    ];
    const cases = [
      ...failedOnce,
      { suite: 'Cart', name: 'sets', iteration: 'one', result: 'passed' },
      { suite: 'Cart', name: 'sets', iteration: 'two', result: 'skipped' },
    ];
    const { runId } = await finishedRun({ suites }, cases);
    const all = await api.call('GET', `/v1/runs/${runId}/cases`);
    expect(casesAnswer.parse(all.body)).toBeTruthy();
    expect(all.body.cases).toMatchObject([
      { suite: 'Cart', name: 'adds', result: 'passed', durationMs: 5, attempt: 1, flaky: false, message: null },
      { name: 'removes', result: 'failed', message: 'expected 1, got 2' },
      {
        name: 'sets',
        result: 'passed',
        iterations: [
          { name: 'one', result: 'passed' },
          { name: 'two', result: 'skipped' },
        ],
      },
    ]);
    const first = await api.call('GET', `/v1/runs/${runId}/cases?limit=2`);
    const second = await api.call('GET', `/v1/runs/${runId}/cases?limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.cases, ...second.body.cases]).toEqual(all.body.cases);
    expect(second.body.nextCursor).toBeNull();
    const bad = await api.call('GET', `/v1/runs/${runId}/cases?result=failed,errored`);
    expect(bad.body.cases.map(({ name }: { name: string }) => name)).toEqual(['removes']);
    const ids = all.body.cases.flatMap(({ id, resultId }: { id: number; resultId: number }) => [id, resultId]);
    expect(Math.min(...ids)).toBeGreaterThan(0);
  });

  test('lists a case once for each machine, and those of one machine', async () => {
    const environment = { name: 'lab', project: 'shop', variables: [] };
    const lab = (await api.call('POST', '/v1/environments', { body: environment })).body.id;
    const machines = ['linux', { title: 'windows', environment: lab }];
    const on = (machine: string) => passedCases.map((reported) => ({ ...reported, machine }));
    const { runId, planId } = await finishedRun({ machines }, [...on('linux'), ...on('windows')]);
    const plan = await api.call('GET', `/v1/plans/${planId}`);
    expect(plan.body.machines).toEqual([{ title: 'linux' }, { title: 'windows', environment: lab }]);
    const { body } = await api.call('GET', `/v1/runs/${runId}/cases`);
    expect(casesAnswer.parse(body)).toBeTruthy();
    const shown = body.cases.map(({ name, machine }: Record<string, string>) => [name, machine]);
    expect(shown).toEqual([
      ['adds', 'linux'],
      ['adds', 'windows'],
      ['removes', 'linux'],
      ['removes', 'windows'],
    ]);
    const distinct = (key: string) => new Set(body.cases.map((each: Record<string, number>) => each[key])).size;
    expect([distinct('id'), distinct('resultId')]).toEqual([2, 4]);
    const windows = await api.call('GET', `/v1/runs/${runId}/cases?machine=windows&limit=1`);
    expect(windows.body.cases).toEqual([body.cases[1]]);
    const next = `/v1/runs/${runId}/cases?machine=windows&cursor=${windows.body.nextCursor}`;
    expect((await api.call('GET', next)).body).toEqual({ cases: [body.cases[3]], nextCursor: null });
    expect(await api.call('GET', `/v1/runs/${runId}/cases?machine=mac`)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'machine', rejectedValue: 'mac' }] },
    });
    const { text } = await api.call('GET', `/v1/runs/${runId}/junit`);
    expect(text.match(/<testsuite name="[^"]* \|\| \w+" tests="2" failures="0"/g)).toEqual([
      expect.stringContaining('|| linux"'),
      expect.stringContaining('|| windows"'),
    ]);
  });

  test('a JUnit report is split by the machines it names, and a case without one has none', async () => {
    const suite = (host: string) =>
      `<testsuite name="Cart" hostname="${host}"><testcase name="adds"/><testcase name="removes"/></testsuite>`;
    const { runId } = await api.startRun({ machines: ['linux', 'windows'] });
    const body = `<testsuites>${suite('linux')}${suite('ip-10-0-0-7')}</testsuites>`;
    expect((await api.call('POST', `/v1/runs/${runId}/results`, { body })).status).toBe(202);
    await api.step(runId);
    const { cases } = (await api.call('GET', `/v1/runs/${runId}/cases`)).body;
    const of = (wanted: string | null) =>
      cases
        .filter(({ machine }: { machine: string | null }) => machine === wanted)
        .map((each: { result: string }) => each.result);
    expect([of('linux'), of('windows'), of(null)]).toEqual([
      ['passed', 'passed'],
      ['notExecuted', 'notExecuted'],
      ['passed', 'passed'],
    ]);
    const { body: run } = await api.call('GET', `/v1/runs/${runId}`);
    expect(run).toMatchObject({ result: 'errored', reason: 'casesMissing' });
    expect(run.explanation).toContain('named no machine of the plan');
  });

  test('explains a rerun as a person would', async () => {
    const { runId } = await api.startRun({ rerun: { max: 1 } });
    api.clock.now += 38_000;
    await upload(runId, { cases: failedOnce, final: true });
    await api.step(runId);
    const during = await api.call('GET', `/v1/runs/${runId}/explain`);
    expect(during.body.sentence).toMatch(/has been running for 38 s and is in attempt 2/);
    api.clock.now += 61_000;
    await upload(runId, { cases: [{ ...failedOnce[1], result: 'passed', message: null }], final: true });
    await api.step(runId);
    const { body } = await api.call('GET', `/v1/runs/${runId}/explain`);
    expect(explainAnswer.parse(body)).toBeTruthy();
    expect(body.sentence).toMatch(
      /^Run \d+ of “plan \d+” passed after 2 attempts, 1 min 39 s after it was triggered: 2 cases passed, 1 of them only after failing first/,
    );
    const sentences = body.steps.map(({ sentence }: { sentence: string }) => sentence);
    expect(sentences[0]).toMatch(
      /^It was triggered through the API with key \w{12}, to run everything in it \(version 1 of the plan\)\.$/,
    );
    expect(sentences.slice(1)).toEqual([
      'Attempt 1 was taken by the executor, which ran everything; it ended after 38 s.',
      'Attempt 2 was automatic rerun 1 of 1: 1 case that had not passed (Cart › removes); it was taken by the executor, which ran everything; it ended after 1 min 1 s.',
      'It passed: 2 cases passed, 1 of them only after failing first (flaky): Cart › removes.',
      '1 case failed first and passed when run again (flaky): Cart › removes.',
    ]);
    const attempts = await api.call('GET', `/v1/runs/${runId}/attempts`);
    expect(attemptsAnswer.parse(attempts.body)).toBeTruthy();
    expect(attempts.body.attempts).toMatchObject([
      { attempt: 1, requested: null, executing: 'everything', batches: 1 },
      { attempt: 2, requested: ['Cart › removes'], requestedCount: 1 },
    ]);
    expect((await api.call('GET', `/v1/runs/${runId}`)).body).toMatchObject({ attempt: 2, counts: { flaky: 1 } });
  });

  test('names what never reported', async () => {
    const { runId } = await finishedRun({}, passedCases.slice(0, 1));
    const { body } = await api.call('GET', `/v1/runs/${runId}/explain`);
    expect(body).toMatchObject({ result: 'errored', reason: 'casesMissing' });
    expect(body.steps.at(-1)).toEqual({
      kind: 'missing',
      at: null,
      sentence: '1 case should have reported a result and never did: Cart › removes.',
      cases: ['Cart › removes'],
    });
  });

  test('is written as JUnit XML once it is over', async () => {
    const { runId } = await api.startRun();
    expect(await api.call('GET', `/v1/runs/${runId}/junit`)).toMatchObject({
      status: 409,
      body: { code: 'RUN_ACTIVE', runId },
    });
    await upload(runId, { cases: failedOnce, final: true });
    await api.step(runId);
    const { status, headers, text } = await api.call('GET', `/v1/runs/${runId}/junit`);
    expect([status, headers['content-type']]).toEqual([200, 'application/xml;charset=UTF-8']);
    expect(text).toContain('tests="2" failures="1" errors="0"');
  });

  test('shows the output of an attempt as plain text only', async () => {
    const { runId } = await api.startRun();
    api.outputs.set(`${runId}.1`, '<script>alert(1)</script>');
    const output = await api.call('GET', `/v1/runs/${runId}/attempts/1/output`);
    expect(output).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
      text: '<script>alert(1)</script>',
    });
    expect((await api.call('GET', `/v1/runs/${runId}/attempts/2/output`)).status).toBe(404);
  });
});

describe('stopping a run', () => {
  test('answers at once for one nobody has taken, again and again', async () => {
    const { id } = (await api.call('POST', '/v1/plans', { body: aPlan() })).body;
    const runId = (await api.call('POST', `/v1/plans/${id}/runs`)).body.id;
    for (const _ of [1, 2]) {
      expect(await api.call('POST', `/v1/runs/${runId}/stop`)).toMatchObject({
        status: 200,
        body: { status: 'completed', result: 'stopped', counts: { total: 2, stopped: 2 } },
      });
    }
  });

  test('waits for the executor, five seconds at most', async () => {
    const first = await api.startRun();
    api.sleeps.length = 0;
    const pending = await api.call('POST', `/v1/runs/${first.runId}/stop`);
    expect(pending).toMatchObject({ status: 200, body: { status: 'stopping' }, headers: { 'retry-after': '2' } });
    expect(api.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(5000);
    const second = await api.startRun();
    api.onSleep.act = () => api.step(second.runId);
    const stopped = await api.call('POST', `/v1/runs/${second.runId}/stop`);
    api.onSleep.act = async () => {};
    expect(stopped).toMatchObject({ status: 200, body: { status: 'completed', result: 'stopped' } });
  });
});

describe('the list of runs', () => {
  test('is newest first over all the key sees, by page, plan, project and status', async () => {
    const project = 'runs';
    const a = await finishedRun({ project });
    const b = await finishedRun({ project: 'runs-2' });
    const c = await api.startRun({ project });
    const token = await api.addKey({ projects: [project, 'runs-2'] });
    const ids = async (query: string) => {
      const { body } = await api.call('GET', `/v1/runs${query}`, { token });
      expect(runsAnswer.parse(body)).toBeTruthy();
      return body.runs.map(({ id }: { id: number }) => id);
    };
    expect(await ids('')).toEqual([c.runId, b.runId, a.runId]);
    expect(await ids(`?project=${project}`)).toEqual([c.runId, a.runId]);
    expect(await ids('?project=shop')).toEqual([]);
    expect(await ids(`?plan=${b.planId}`)).toEqual([b.runId]);
    expect(await ids('?status=completed')).toEqual([b.runId, a.runId]);
    const first = await api.call('GET', '/v1/runs?limit=2', { token });
    expect(await ids(`?limit=2&cursor=${first.body.nextCursor}`)).toEqual([a.runId]);
    const named = await api.addKey({ planIds: [a.planId] });
    expect((await api.call('GET', '/v1/runs', { token: named })).body.runs).toMatchObject([{ id: a.runId }]);
  });
});

describe('a key of another project', () => {
  test('cannot tell a run it may not see from one that is not there, and changes nothing', async () => {
    const { planId, runId } = await api.startRun();
    const version = (await api.stores.runs.getRun(runId))?.version;
    const token = await api.addKey({ projects: ['other'] });
    const paths = ['', '/explain', '/cases', '/attempts', '/attempts/1/output', '/junit'].map((end) => ['GET', end]);
    for (const [method = '', end] of [...paths, ['POST', '/stop'], ['POST', '/results']]) {
      const body = end === '/results' ? { cases: passedCases, final: true } : undefined;
      const foreign = await api.call(method, `/v1/runs/${runId}${end}`, { token, body });
      const missing = await api.call(method, `/v1/runs/2000000${end}`, { token, body });
      expect([method, end, foreign.status]).toEqual([method, end, 404]);
      expect(foreign.text.replace(String(runId), '2000000')).toBe(missing.text);
      expect(foreign.headers).toEqual(missing.headers);
    }
    const foreign = await api.call('POST', `/v1/plans/${planId}/runs`, { token });
    const missing = await api.call('POST', '/v1/plans/2000000/runs', { token });
    expect(foreign.text.replace(String(planId), '2000000')).toBe(missing.text);
    expect((await api.stores.runs.getRun(runId))?.version).toBe(version);
  });
});

describe('uploading results', () => {
  const xml = (inside: string) => `<testsuite name="Cart">${inside}</testsuite>`;
  const green = xml('<testcase name="adds"/><testcase name="removes"/>');
  const result = async (runId: number) => {
    await api.step(runId);
    const { body } = await api.call('GET', `/v1/runs/${runId}`);
    return [body.status, body.result, body.reason];
  };

  test('JUnit XML ends the attempt unless it says otherwise', async () => {
    const { runId } = await api.startRun();
    expect(await upload(runId, xml('<testcase name="adds"/>'), '?final=false')).toMatchObject({ status: 202 });
    expect(await result(runId)).toEqual(['running', null, null]);
    const answer = await upload(runId, gzipSync(green), '');
    expect(answer.status).toBe(400);
    const packed = await api.call('POST', `/v1/runs/${runId}/results`, {
      body: gzipSync(green),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(packed).toMatchObject({ status: 202, body: { runId, attempt: 1, folded: false } });
    expect(await result(runId)).toEqual(['completed', 'passed', 'allPassed']);
  });

  test('JSON ends it when it says so', async () => {
    const { runId } = await api.startRun();
    expect((await upload(runId, { cases: passedCases })).status).toBe(202);
    expect(await result(runId)).toEqual(['running', null, null]);
    expect((await upload(runId, { cases: [], final: true, expectedCases: 2 })).status).toBe(202);
    expect(await result(runId)).toEqual(['completed', 'passed', 'allPassed']);
  });

  test('an error of the job makes the run errored', async () => {
    const { runId } = await api.startRun({ redispatch: { max: 0 } });
    expect((await upload(runId, { cases: passedCases, error: 'out of disk' })).status).toBe(202);
    expect(await result(runId)).toEqual(['completed', 'errored', 'executorLost']);
  });

  test.each([
    ['truncated', '<testsuite name="Cart"><testcase name="adds"/><testcase na', {}],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', {}],
    ['no XML', 'tests passed!', { 'content-type': 'application/xml' }],
    ['truncated gzip', gzipSync(green).subarray(0, 40), { 'content-type': 'text/xml', 'content-encoding': 'gzip' }],
  ])('an unreadable report (%s) makes the run errored, and nothing of it is kept', async (_, body, headers) => {
    const { runId } = await api.startRun();
    const answer = await api.call('POST', `/v1/runs/${runId}/results`, { body, headers });
    expect(answer).toMatchObject({ status: 400, body: { code: 'REPORT_UNREADABLE' } });
    expect(await result(runId)).toEqual(['completed', 'errored', 'reportUnreadable']);
    const { body: list } = await api.call('GET', `/v1/runs/${runId}/cases`);
    expect(list.cases.map((each: { result: string }) => each.result)).toEqual(['notExecuted', 'notExecuted']);
  });

  test('an unreadable part that was to end nothing ends nothing', async () => {
    const { runId } = await api.startRun();
    expect((await upload(runId, '<testsuite><oops', '?final=false')).status).toBe(400);
    expect(await result(runId)).toEqual(['running', null, null]);
  });

  test('a hundred thousand cases fit in a batch, and many in a packed report', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `case ${i}`);
    const json = await api.startRun({ suites: [] });
    const cases = names.map((name) => ({ suite: 'Big', name, result: 'passed' }));
    expect((await upload(json.runId, { cases })).status).toBe(202);
    expect((await upload(json.runId, { cases: [...cases, cases[0]] })).status).toBe(400);
    const some = names.slice(0, 20_000).map((name) => `<testcase name="${name}" time="0.003"/>`);
    const { runId } = await api.startRun({ suites: [] });
    const answer = await api.call('POST', `/v1/runs/${runId}/results`, {
      body: gzipSync(`<testsuite name="Big">${some.join('')}</testsuite>`),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.status).toBe(202);
    const page = await api.call('GET', `/v1/runs/${runId}/cases?limit=1000`);
    expect(page.body.cases).toHaveLength(1000);
  });

  test('a gzip bomb is refused', async () => {
    const { runId } = await api.startRun();
    const body = gzipSync(Buffer.alloc(30_000_000, ' '));
    for (const type of ['application/xml', 'application/json']) {
      const headers = { 'content-encoding': 'gzip', 'content-type': type };
      const answer = await api.call('POST', `/v1/runs/${runId}/results`, { body, headers });
      expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    }
    expect(await result(runId)).toEqual(['running', null, null]);
  });
});
