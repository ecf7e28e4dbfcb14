import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceError } from '../../../lib/core/errors.ts';
import type { Plan } from '../../../lib/core/plan.ts';
import { aCase } from '../testsigma/facade.ts';
import { base, type CallOptions, openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
let plan: Plan;
let poor: string;
let revoked: string;
beforeAll(async () => {
  api = await openTestinium();
  plan = await api.addPlan({ overlap: 'reject' });
  poor = await api.addKey({ scopes: ['PLAN_EDIT'] });
  revoked = await api.addKey();
  const id = revoked.split('_')[1] ?? '';
  await api.services.keys.revokeKey(id, api.clock.now);
});
afterAll(() => api.close());

type Row = [
  method: string,
  path: string,
  options: CallOptions,
  error: string,
  cloud: [status: number, message: string],
  enterprise: [status: number, message: string],
];
const same = (status: number, cloud: string, enterprise: string): [Row[4], Row[5]] => [
  [status, cloud],
  [status, enterprise],
];
const invalid = same(400, 'INVALID_REQUEST', 'Invalid request');
const runPath = (id: number | string = plan.id) => `/plans/${id}/run/true`;

const rows = (): Row[] => {
  const unauthorized = same(401, 'UNAUTHORIZED', 'Unauthorized');
  const denied = same(403, 'ACCESS_DENIED', 'Forbidden');
  const noPlan = same(404, 'PLAN_NOT_FOUND', 'Plan not found');
  return [
    ['GET', runPath(), { token: '' }, 'UNAUTHORIZED', ...unauthorized],
    ['GET', runPath(), { token: 'nonsense' }, 'UNAUTHORIZED', ...unauthorized],
    ['GET', runPath(), { token: revoked }, 'UNAUTHORIZED', ...unauthorized],
    ['GET', '/nothing', { token: '' }, 'UNAUTHORIZED', ...unauthorized],
    ['GET', runPath(), { token: poor }, 'ACCESS_DENIED', [401, 'ACCESS_DENIED'], [403, 'Forbidden']],
    ['POST', `/plans/${plan.id}/run`, { token: poor }, 'ACCESS_DENIED', [401, 'ACCESS_DENIED'], [403, 'Forbidden']],
    ['POST', `/plans/${plan.id}/rerun`, { token: poor }, 'ACCESS_DENIED', ...denied],
    ['GET', `/plans/${plan.id}/stop`, { token: poor }, 'ACCESS_DENIED', ...denied],
    ['PUT', `/plans/${plan.id}/setIosMobileApp/4`, { token: poor }, 'ACCESS_DENIED', ...denied],
    ['GET', '/plans', { token: poor }, 'ACCESS_DENIED', ...denied],
    ['GET', `/plans/${plan.id}`, { headers: { 'current-company-id': '2' } }, 'ACCESS_DENIED', ...denied],
    ['GET', '/plans/0/run/true', {}, 'INVALID_REQUEST', ...invalid],
    ['GET', `/plans/${'9'.repeat(20)}`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', '/executions/abc', {}, 'INVALID_REQUEST', ...invalid],
    ['GET', `/plans/${plan.id}/run/yes`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', `${runPath()}?isGroupRun=`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', `${runPath()}?callbackUrl=`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', `${runPath()}?isGroupRun=true&isGroupRun=true`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', runPath(), { headers: { 'sec-purpose': 'prefetch;prerender' } }, 'INVALID_REQUEST', ...invalid],
    ['GET', `/plans/${plan.id}/stop`, { headers: { purpose: 'prefetch' } }, 'INVALID_REQUEST', ...invalid],
    ['GET', runPath(), { headers: { 'current-company-id': 'one' } }, 'INVALID_REQUEST', ...invalid],
    ['POST', runPath(), { body: '{"isGroupRun":true}' }, 'INVALID_REQUEST', ...invalid],
    ['POST', runPath(), { body: `x=${'y'.repeat(65_536)}` }, 'INVALID_REQUEST', ...invalid],
    ['POST', `/plans/${plan.id}/rerun`, { body: '{}' }, 'INVALID_REQUEST', ...invalid],
    ['POST', `/plans/${plan.id}/rerun`, { body: '[1,1]' }, 'INVALID_REQUEST', ...invalid],
    ['PUT', `/plans/${plan.id}/setIosMobileApp/0`, {}, 'INVALID_REQUEST', ...invalid],
    ['GET', '/plans?active=maybe', {}, 'INVALID_REQUEST', ...invalid],
    ['GET', '/plans/filter?page=0', {}, 'INVALID_REQUEST', ...invalid],
    ['GET', runPath(999), {}, 'TEST_PLAN_NOT_FOUND', [404, 'TEST_PLAN_NOT_FOUND'], [404, 'Plan not found']],
    ['GET', runPath('9999999999'), {}, 'TEST_PLAN_NOT_FOUND', [404, 'TEST_PLAN_NOT_FOUND'], [404, 'Plan not found']],
    ['GET', '/plans/999', {}, 'PLAN_NOT_FOUND', ...noPlan],
    ['GET', '/plans/999/checkIsRunning', {}, 'PLAN_NOT_FOUND', ...noPlan],
    ['POST', '/plans/999/rerun', { body: '[1]' }, 'PLAN_NOT_FOUND', ...noPlan],
    ['GET', '/projects/999', {}, 'PROJECT_NOT_FOUND', ...same(404, 'PROJECT_NOT_FOUND', 'Project not found')],
    ['GET', '/companies/2', {}, 'COMPANY_NOT_FOUND', ...same(404, 'COMPANY_NOT_FOUND', 'Company not found')],
    [
      'GET',
      `/plans/${plan.id}/run/company/2`,
      {},
      'COMPANY_NOT_FOUND',
      ...same(404, 'COMPANY_NOT_FOUND', 'Company not found'),
    ],
    [
      'GET',
      '/executions/999',
      {},
      'EXECUTION_NOT_FOUND',
      ...same(404, 'Execution not found', 'Test Execution not found'),
    ],
    [
      'GET',
      '/testExecutions/999',
      {},
      'EXECUTION_NOT_FOUND',
      ...same(404, 'Execution not found', 'Test Execution not found'),
    ],
    [
      'POST',
      `/plans/${plan.id}/rerun`,
      { body: '[1]' },
      'EXECUTION_NOT_FOUND',
      ...same(404, 'Execution not found', 'Test Execution not found'),
    ],
    ['GET', '/results/2000000001', {}, 'RESULT_NOT_FOUND', ...same(404, 'RESULT_NOT_FOUND', 'Test result not found')],
    ['GET', '/nothing', {}, 'NOT_FOUND', ...same(404, 'NOT_FOUND', 'Not Found')],
    ['DELETE', `/plans/${plan.id}`, {}, 'METHOD_NOT_ALLOWED', ...same(405, 'METHOD_NOT_ALLOWED', 'Method Not Allowed')],
    ['HEAD', runPath(), {}, '', [405, ''], [405, '']],
  ];
};

describe('errors', () => {
  test.each(['cloud', 'enterprise'] as const)('of the table read as in the %s variant', async (variant) => {
    api.configure({ variant });
    const before = await api.countStored();
    for (const [method, path, options, error, cloud, enterprise] of rows()) {
      const { status, body, headers } = await api.call(method, path, options);
      const [wanted, message] = variant === 'cloud' ? cloud : enterprise;
      expect([method, path, status]).toEqual([method, path, wanted]);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['retry-after']).toBeUndefined();
      if (method === 'HEAD') continue;
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect([path, body]).toEqual([
        path,
        {
          status: wanted,
          error,
          message,
          error_description: expect.stringMatching(/\S/),
          path: `${base}${path.split('?')[0]}`,
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        },
      ]);
    }
    expect(await api.countStored()).toBe(before);
    api.configure({});
  });

  test('of a plan with a full queue are those of one that is running', { timeout: 120_000 }, async () => {
    const full = await api.addPlan({ overlap: 'queue' });
    const started = await api.get(runPath(full.id));
    for (let waiting = 0; waiting < 100; waiting += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => api.get(runPath(full.id))));
      expect(answers.map(({ body }) => body.successful)).toEqual(Array(20).fill(true));
    }
    const refused = await api.get(runPath(full.id));
    expect([refused.status, refused.body.error, refused.body.already_running]).toEqual([409, 'ALREADY_RUNNING', true]);
    expect(refused.body).not.toHaveProperty('execution_id');
    expect(refused.body.running_execution_id).toBeGreaterThanOrEqual(started.body.execution_id);
    const plain = await api.get(`/plans/${full.id}/run`);
    expect([plain.status, plain.body.successful, plain.body.already_running]).toEqual([200, false, true]);
  });

  test('of a start that does not commit are 503 with a wait, of a bug 500 without a word of it', async () => {
    const { lock } = api.services.runs;
    const fail = async (error: unknown) => {
      Object.assign(api.services.runs, { lock: () => Promise.reject(error) });
      const answers = [];
      for (const variant of ['cloud', 'enterprise'] as const) {
        api.configure({ variant });
        answers.push(await api.get(runPath()));
      }
      Object.assign(api.services.runs, { lock });
      api.configure({});
      return answers;
    };
    const later = await fail(new ServiceError('UNAVAILABLE', 'too busy'));
    expect(later.map(({ status, body }) => [status, body.error, body.message])).toEqual([
      [503, 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE'],
      [503, 'SERVICE_UNAVAILABLE', 'Service Unavailable'],
    ]);
    for (const { headers } of later) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    const bug = await fail(new Error('hunter2'));
    expect(bug.map(({ status, body }) => [status, body.error, body.message])).toEqual([
      [500, 'SYSTEM_INTERNAL_ERROR', 'SYSTEM_INTERNAL_ERROR'],
      [500, 'SYSTEM_INTERNAL_ERROR', 'Internal Server Error'],
    ]);
    for (const { text, headers } of bug) {
      expect(text).not.toContain('hunter2');
      expect(headers['retry-after']).toBeUndefined();
    }
  });

  test('of a scenario the last ended execution does not have name it', async () => {
    const mine = await api.addPlan();
    await api.finish(await api.start(mine.id), [aCase('pays', 'passed')]);
    for (const [variant, message] of [
      ['cloud', 'SCENARIO_NOT_FOUND'],
      ['enterprise', 'Scenario not found'],
    ] as const) {
      api.configure({ variant });
      const { status, body } = await api.call('POST', `/plans/${mine.id}/rerun`, { body: '[2000000000]' });
      expect([status, body.error, body.message]).toEqual([404, 'SCENARIO_NOT_FOUND', message]);
    }
    api.configure({});
  });

  test('hide a plan of another project in the same bytes as one that is not there', async () => {
    const hidden = await api.addPlan({ project: 'bank' });
    const token = await api.addKey({ projects: ['shop'] });
    const runId = await api.start(hidden.id);
    const strip = (text: string, id: number) => text.replaceAll(new RegExp(`([a-z][ /])${id}\\b`, 'g'), '$1N');
    const pairs: [string, string, number, number][] = [
      [`/plans/${hidden.id}`, '/plans/99999', hidden.id, 99999],
      [`/plans/${hidden.id}/run/true`, '/plans/99999/run/true', hidden.id, 99999],
      [`/executions/${runId}`, '/executions/99999', runId, 99999],
    ];
    for (const [there, missing, id, other] of pairs) {
      const [one, two] = [await api.get(there, { token }), await api.get(missing, { token })];
      expect(one.status).toBe(404);
      expect(strip(one.text, id)).toBe(strip(two.text, other));
    }
  });
});

describe('a plan name', () => {
  test('is an id in the enterprise variant only, exact and unambiguous', async () => {
    const named = await api.addPlan({ name: 'Ödeme / smoke test', project: 'names' });
    const plain = await api.addPlan({ name: 'Smoke 1', project: 'names' });
    await api.addPlan({ name: 'Twice', project: 'names' });
    await api.addPlan({ name: 'Twice', project: 'others' });
    const lazy = await api.addPlan({ name: 'lazy', project: 'names' });
    expect((await api.get(`/plans/Smoke%201/run/true`)).status).toBe(400);
    api.configure({ variant: 'enterprise' });
    const started = await api.get('/plans/Smoke%201/run/true');
    expect(started.body).toMatchObject({ successful: true, test_plan_id: plain.id });
    expect((await api.get('/plans/smoke%201/run/true')).status).toBe(404);
    expect((await api.get('/plans/Twice/run/true')).status).toBe(400);
    expect((await api.get(`/plans/${encodeURIComponent(named.name)}/run/true`)).status).toBe(404);
    expect((await api.get('/plans/lazy/run/true')).status).toBe(404);
    expect((await api.get(`/plans/${lazy.id}/run/true`)).body.successful).toBe(true);
    api.configure({});
  });
});

describe('a callback URL', () => {
  test.each([
    'http://ci.example.com/x',
    'ftp://ci.example.com/x',
    'ci.example.com/x',
    'https://',
    'https:///x',
    'https://user:secret@ci.example.com/x',
    'https://ci.example.com/x#secret',
    'https://localhost/x',
    'https://127.0.0.1/x',
    'https://10.0.0.1/x',
    'https://169.254.169.254/latest',
    'https://100.64.0.1/x',
    'https://[fd00::1]/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://0.0.0.0/x',
    'https://224.0.0.1/x',
    'https://0x7f.1/x',
    'http://127.0.0.1/x',
    `https://ci.example.com/${'x'.repeat(2048)}`,
  ])('%s is refused without being shown', async (url) => {
    const { status, text } = await api.get(`${runPath()}?callbackUrl=${encodeURIComponent(url)}`);
    expect(status).toBe(400);
    expect(text).not.toContain(url);
    expect(text).not.toContain('secret');
  });

  test('must name one of the hosts a deployment lists', async () => {
    api.configure({ callbackHosts: ['hooks.example.com'] });
    const other = await api.addPlan();
    const ask = (host: string) =>
      api.get(`/plans/${other.id}/run/true?callbackUrl=${encodeURIComponent(`https://${host}/x`)}`);
    expect((await ask('ci.example.com')).status).toBe(400);
    expect((await ask('hooks.example.com')).body.successful).toBe(true);
    api.configure({});
  });
});
