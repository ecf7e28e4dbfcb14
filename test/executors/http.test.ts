import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../lib/adapters/egress.ts';
import { verifyWebhook } from '../../lib/adapters/webhook-signature.ts';
import type { Dispatch } from '../../lib/core/executor.ts';
import { createHttpExecutor } from '../../lib/executors/http.ts';
import { makeDispatch } from './dispatch.ts';
import { type HttpRunner, type Received, startHttpRunner } from './http-runner.ts';

const now = 1_700_000_000_000;
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const oldSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;

let runner: HttpRunner;
let stored: string;
beforeEach(async () => {
  stored = secret;
  runner = await startHttpRunner();
});
afterEach(() => runner.close());

const executor = createHttpExecutor({
  egress: createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' }),
  secrets: { get: async () => stored },
  now: () => now,
  newId: () => 'fresh',
});
const dispatch = (settings: Record<string, unknown> = {}, overrides: Partial<Dispatch> = {}): Dispatch =>
  makeDispatch(
    {
      type: 'http',
      url: `${runner.origin}/start?team=a%20b`,
      statusUrl: `${runner.origin}/status?team=a%20b`,
      stopUrl: `${runner.origin}/stop`,
      secret: 'env:RUNNER_SECRET',
      ...settings,
    },
    overrides,
  );
const answer = (status: number, body: string | Uint8Array = '', headers: Record<string, string> = {}): void => {
  runner.answer = (_received, response) => response.writeHead(status, headers).end(body);
};
const answerJson = (value: unknown, headers: Record<string, string> = {}): void =>
  answer(200, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8', ...headers });
const last = (): Received => runner.received.at(-1) as Received;
const start = (settings?: Record<string, unknown>, overrides?: Partial<Dispatch>) =>
  executor.start(dispatch(settings, overrides));
const poll = () => executor.poll('ref', dispatch());
const stop = () => executor.stop('ref', dispatch());
const failing = (code: string) => expect.objectContaining({ code });
const isSigned = ({ headers, body }: Received, secrets = [secret]): boolean =>
  verifyWebhook({
    id: headers['webhook-id'] ?? '',
    timestamp: headers['webhook-timestamp'] ?? '',
    signature: headers['webhook-signature'] ?? '',
    body,
    secrets,
    now,
  });

describe('starting', () => {
  it('posts the whole attempt, signed, under its key', async () => {
    const selection = [{ suite: 'Cart', className: '', name: 'adds', iterations: ['DE'], machine: 'linux' }];
    const prerequisites = [
      { suite: 'Cart', className: '', name: 'adds', prerequisites: [{ suite: 'Cart', className: '', name: 'opens' }] },
    ];
    const more = {
      selection,
      prerequisites,
      machines: [{ title: 'linux', environment: 'staging' }],
      variables: { A: '1' },
      uploadVersions: { app: '2' },
      environment: 'test',
      buildNo: 'b7',
    };
    await start({}, more);
    expect(last()).toMatchObject({ method: 'POST', url: '/start?team=a%20b' });
    expect(last().headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'run-52-a1',
      'webhook-id': 'run-52-a1',
      'webhook-timestamp': '1700000000',
    });
    expect(isSigned(last())).toBe(true);
    expect(last().json).toEqual({
      type: 'run.dispatched',
      runId: 52,
      attempt: 1,
      key: 'run-52-a1',
      planId: 9,
      planName: 'Checkout',
      ...more,
      executionDetails: {
        page_timeout: 30,
        element_timeout: 30,
        screenshot_option: 'FAILED_STEPS',
        recovery_action: 'Run_Next_Testcase',
        on_aborted_action: 'Reuse_Session',
        group_prerequisite_fail: 'Abort',
        test_case_prerequisite_fail: 'Abort',
        test_step_prerequisite_fail: 'Run_Next_Testcase',
        global_param_name: null,
      },
      callback: { url: 'https://proctor.example/callbacks/52', token: 'cbt1.52.1.1800000000.token' },
      deadlineAt: '2027-01-15T08:00:00.000Z',
    });
  });

  it('signs with both secrets while one is being replaced', async () => {
    stored = `${secret} ${oldSecret}\n`;
    await start();
    expect([isSigned(last(), [secret]), isSigned(last(), [oldSecret])]).toEqual([true, true]);
  });

  it('is unsigned when no secret is configured', async () => {
    await start({ secret: undefined });
    expect(last().headers['webhook-signature']).toBeUndefined();
  });

  it('is refused, with nothing sent, when the secret has the wrong form', async () => {
    stored = 'hunter2-canary';
    await expect(start()).rejects.toThrow(
      expect.objectContaining({ code: 'EXECUTOR_REFUSED', message: expect.not.stringContaining('canary') }),
    );
    expect(runner.received).toEqual([]);
  });

  it('takes reference, link and what is executed from the answer', async () => {
    const executing = { grain: 'suites', description: '1 suite (41 extra cases)' };
    answerJson({ ref: 'job 7', link: 'https://runner.example/7', executing, more: 1 });
    expect(await start()).toEqual({ ref: 'job 7', link: 'https://runner.example/7', executing });
  });

  it.each([
    '',
    'ok',
    '[]',
    'null',
    '{"ref":7}',
    '{"ref":""}',
    `{"ref":"${'x'.repeat(1001)}"}`,
    '{"link":"javascript:alert(1)"}',
    '{"link":"https://a.example/\\"onclick"}',
    '{"executing":"all"}',
    '{"executing":{"grain":"halves","description":"x"}}',
    `{"ref":"x","fill":"${'x'.repeat(70_000)}"}`,
    Buffer.from('{"ref":"\xff"}', 'latin1'),
  ])('takes its own key and description when the answer says nothing of use (%#)', async (body) => {
    answer(202, body);
    expect(await start()).toEqual({ ref: 'run-52-a1', executing: { grain: 'everything', description: 'everything' } });
  });

  const one = { suite: 'a', className: '', name: 'one' };
  const two = { suite: 'a', className: '', name: 'two', iterations: ['x', 'y'] };
  it.each([
    ['nothing', [one], 'everything', 'everything (1 case asked for, but the runner cannot select)'],
    ['suites', [one, two], 'suites', '1 suite, for 2 cases asked for'],
    ['cases', [one], 'cases', '1 case'],
    ['cases', [one, two], 'cases', '2 cases, with all their iterations'],
    ['iterations', [one, two], 'iterations', '2 cases, of some only 2 iterations'],
    ['iterations', [one], 'iterations', '1 case'],
  ])('describes what a runner that selects %s executes', async (selects, selection, grain, description) => {
    expect((await start({ selects }, { selection })).executing).toEqual({ grain, description });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('is worth another try after %i', async (status) => {
    answer(status, '', { 'retry-after': '7' });
    await expect(start()).rejects.toThrow(
      expect.objectContaining({ code: 'EXECUTOR_UNAVAILABLE', retryAfterSeconds: 7 }),
    );
  });

  it.each([300, 301, 302, 307, 400, 401, 403, 404, 409, 410, 413, 422])('is refused for good by %i', async (status) => {
    answer(status, 'canary', { location: `${runner.origin}/elsewhere` });
    await expect(start()).rejects.toThrow(
      expect.objectContaining({
        code: 'EXECUTOR_REFUSED',
        message: expect.stringMatching(new RegExp(`${status}\\.$`)),
      }),
    );
    expect(runner.received).toHaveLength(1);
  });

  it.each([
    ['0', 0],
    ['300', 300],
    ['86400', 300],
    ['Tue, 14 Nov 2023 22:14:20 GMT', 60],
    ['Tue, 14 Nov 2023 22:13:00 GMT', 0],
    ['Wed, 14 Nov 2029 22:13:20 GMT', 300],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['2023-11-14', undefined],
    ['Xxx, 99 Yyy 2023 99:99:99 GMT', undefined],
  ])('reads Retry-After %j as %j', async (value, seconds) => {
    answer(503, '', { 'retry-after': value });
    await expect(start()).rejects.toThrow(expect.objectContaining({ retryAfterSeconds: seconds }));
  });

  it('tells a dead runner from a forbidden one', async () => {
    await expect(start({ url: 'http://127.0.0.1:1/' })).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    await expect(start({ url: 'http://169.254.169.254/' })).rejects.toThrow(failing('EXECUTOR_REFUSED'));
    await expect(start({ url: 'not a url' })).rejects.toThrow(failing('EXECUTOR_REFUSED'));
  });
});

describe('polling', () => {
  it('gets the status URL with the key, signed in the name of the attempt', async () => {
    answerJson({ state: 'running' });
    await poll();
    expect(last()).toMatchObject({ method: 'GET', url: '/status?team=a%20b&key=run-52-a1' });
    expect(last().headers['webhook-id']).toBe('poll-run-52-a1-fresh');
    expect(isSigned(last())).toBe(true);
  });

  it('has nothing to ask without a status URL', async () => {
    const settings = dispatch({ statusUrl: undefined, stopUrl: undefined });
    expect(await executor.poll('ref', settings)).toEqual({ state: 'running', cases: [] });
    expect(await executor.stop('ref', settings)).toBe('stopping');
    expect(runner.received).toEqual([]);
    expect(executor.capabilities(settings.settings)).toEqual({
      selects: 'nothing',
      callsBack: true,
      polls: false,
      stops: false,
    });
  });

  const reported = { suite: 's', className: '', name: 'n', result: 'passed', durationMs: 5 };

  it('reads progress, and when to ask again', async () => {
    answerJson({ state: 'running', cases: [reported], error: 'ignored' }, { 'retry-after': '20' });
    expect(await poll()).toEqual({ state: 'running', cases: [reported], retryAfterSeconds: 20 });
  });

  it('reads the end, its count of cases, and its problem', async () => {
    answerJson({ state: 'ended', cases: [reported], expectedCases: 2 });
    expect(await poll()).toEqual({ state: 'ended', cases: [reported], end: { expectedCases: 2 } });
    answerJson({ state: 'ended', error: 'The device farm is gone' });
    expect(await poll()).toMatchObject({
      cases: [],
      end: { problem: { reason: 'executorLost', message: 'The device farm is gone' } },
    });
  });

  it.each(['application/xml', 'text/xml; charset=utf-8', 'application/junit+xml'])(
    'reads %s as a report',
    async (type) => {
      answer(200, '<testsuite name="s"><testcase name="n" time="0.005"/></testsuite>', { 'content-type': type });
      const answered = await poll();
      expect(answered).toMatchObject({ state: 'ended', end: {} });
      expect([...answered.cases]).toMatchObject([{ name: 'n', result: 'passed', durationMs: 5 }]);
    },
  );

  it.each(['<html>', '', '<testsuite name="s"><testcase name="n"/>', '<!DOCTYPE x><testsuite/>'])(
    'ends with a problem when the report is unreadable: %j',
    async (body) => {
      answer(200, body, { 'content-type': 'application/xml' });
      expect(await poll()).toMatchObject({ state: 'ended', end: { problem: { reason: 'reportUnreadable' } } });
    },
  );

  it('reads reports up to 16 MiB, and says when one is larger', async () => {
    const testCase = `<testcase name="n"><failure>${'x'.repeat(1_000_000)}</failure></testcase>`;
    const report = (count: number) => `<testsuite>${testCase.repeat(count)}</testsuite>`;
    answer(200, report(3), { 'content-type': 'application/xml' });
    expect(await poll()).toMatchObject({ end: {} });
    answer(200, report(17), { 'content-type': 'application/xml' });
    expect(await poll()).toMatchObject({
      end: { problem: { reason: 'reportUnreadable', message: 'The report is larger than 16 MiB.' } },
    });
  });

  const json = 'application/json';
  it.each([
    ['no content type', '{"state":"running"}', ''],
    ['a web page', '<html>It works!</html>', 'text/html'],
    ['nothing', '', json],
    ['half of it', '{"state":"run', json],
    ['a list', '[]', json],
    ['no state', '{}', json],
    ['an unknown state', '{"state":"done"}', json],
    ['bytes that are no UTF-8', Buffer.from('{"state":"running","x":"\xff"}', 'latin1'), json],
    ['a case without a name', '{"state":"running","cases":[{"result":"passed"}]}', json],
    ['a case with an unknown result', '{"state":"ended","cases":[{"name":"n","result":"canary"}]}', json],
    ['cases that are no list', '{"state":"ended","cases":{"name":"n"}}', json],
    ['a negative count', '{"state":"ended","expectedCases":-1}', json],
    ['more than 1 MiB', `{"state":"running","x":"${'x'.repeat(1024 * 1024)}"}`, json],
    ['deep nesting', `${'['.repeat(200_000)}`, json],
  ])('is a protocol error for %s', async (_name, body, type) => {
    answer(200, body, type === '' ? {} : { 'content-type': type });
    await expect(poll()).rejects.toThrow(
      expect.objectContaining({ code: 'EXECUTOR_PROTOCOL', message: expect.not.stringContaining('canary') }),
    );
  });

  it('pollutes no prototype', async () => {
    answer(
      200,
      '{"state":"running","__proto__":{"canary":1},"cases":[{"name":"n","result":"passed","__proto__":{"canary":1}}]}',
      {
        'content-type': json,
      },
    );
    const [first] = [...(await poll()).cases];
    expect(Object.hasOwn({}, 'canary') || 'canary' in (first as object) || 'canary' in {}).toBe(false);
  });

  it.each([404, 410])('takes %i for a lost job', async (status) => {
    answer(status);
    expect(await poll()).toMatchObject({ state: 'ended', cases: [], end: { problem: { reason: 'executorLost' } } });
  });

  it('is unavailable or refused as the status says', async () => {
    answer(502);
    await expect(poll()).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    answer(401);
    await expect(poll()).rejects.toThrow(failing('EXECUTOR_REFUSED'));
  });
});

describe('stopping', () => {
  it('posts a signed stop under an id of its own, so that it is never taken for the start', async () => {
    answerJson({});
    expect(await stop()).toBe('stopping');
    expect(last().json).toEqual({ type: 'run.stop', runId: 52, attempt: 1, key: 'run-52-a1', ref: 'ref' });
    expect(last().headers['webhook-id']).toBe('stop-run-52-a1-fresh');
    expect(isSigned(last())).toBe(true);
  });

  it.each([
    [200, '{"state":"ended"}', 'gone'],
    [404, '', 'gone'],
    [410, '', 'gone'],
    [200, '{"state":"stopping"}', 'stopping'],
    [200, 'ended', 'stopping'],
    [204, '', 'stopping'],
  ])('reads %i %j as %s', async (status, body, outcome) => {
    answer(status, body);
    expect(await stop()).toBe(outcome);
  });

  it('is unavailable or refused as the status says', async () => {
    answer(503);
    await expect(stop()).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    answer(403);
    await expect(stop()).rejects.toThrow(failing('EXECUTOR_REFUSED'));
  });
});
