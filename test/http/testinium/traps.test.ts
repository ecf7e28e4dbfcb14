import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePlan } from '../../../lib/core/plan.ts';
import { routes } from '../../../lib/http/routes.ts';
import { aCase } from '../testsigma/facade.ts';
import { base, openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
let planId: number;
let runId: number;
let resultId: number;
beforeAll(async () => {
  api = await openTestinium();
  const suites = [{ name: 'Payment', cases: [{ name: 'card' }] }];
  planId = (await api.addPlan({ overlap: 'reject', suites })).id;
  runId = await api.start(planId);
  resultId = (await api.get(`/executions/${runId}`)).body.test_results[0];
});
afterAll(() => api.close());

const reads = () => [
  `/plans/${planId}`,
  '/plans',
  '/plans/filter',
  `/plans/${planId}/checkIsRunning`,
  `/plans/${planId}/executions`,
  `/executions/${runId}`,
  `/testExecutions/${runId}`,
  `/results/${resultId}`,
  `/testResults/${resultId}`,
  '/projects',
  '/users/companies',
];

/** Every number and null of a JSON value, with its key. */
function* leaves(value: unknown, key = ''): Generator<[key: string, value: unknown]> {
  if (Array.isArray(value)) for (const item of value) yield* leaves(item, key);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) yield* leaves(member, name);
  } else yield [key, value];
}

describe('traps of the contract, section 5 (T1, T3 to T8, T12, T16, T18, T19, T23 are with what they are about)', () => {
  test('T2, T9: numbers are whole, ids fit 32 bits, no key is null, and none is empty but the ones that may be', async () => {
    const mayBeEmpty = /^(message|days_of_week|next_page|previous_page|test_result_status_counts)$/;
    for (const path of reads()) {
      for (const [key, value] of leaves((await api.get(path)).body)) {
        expect([path, key, value]).not.toEqual([path, key, null]);
        if (value === '') expect(key).toMatch(mayBeEmpty);
        if (typeof value === 'number') expect(Number.isInteger(value)).toBe(true);
        if (typeof value === 'number' && /(^|_)id$/.test(key)) expect(value).toBeLessThanOrEqual(2_147_483_647);
        if (/_date$|_at$/.test(key) && typeof value === 'string') expect(value).toMatch(/^[\dT:-]{19}Z$/);
      }
    }
  });

  test('T10, T11, T13: what clients read unchecked is always there', async () => {
    expect((await api.get(`/executions/${runId}`)).body).toHaveProperty('start_date');
    expect((await api.get(`/results/${resultId}`)).body).toMatchObject({ runtime: 0, message: '' });
    expect((await api.get(`/plans/${planId}/checkIsRunning`)).body.running).toBe(true);
    for (const plan of (await api.get('/plans')).body) {
      expect(plan).toMatchObject({ enabled: expect.any(Boolean), project_id: expect.any(Number) });
    }
  });

  test('T17: every read answers with and without slashes, with a JSON type and no body, with and without the company', async () => {
    for (const path of reads()) {
      const plain = await api.get(path);
      expect([path, plain.status]).toEqual([path, 200]);
      const headers = { 'content-type': 'application/json', 'current-company-id': '1' };
      expect((await api.get(`/${path}//`, { headers })).text.length).toBeGreaterThan(0);
      expect((await api.get(`/${path}//`, { headers })).status).toBe(200);
    }
  });

  test('T20: a plan whose name could break a page is refused when it is saved', () => {
    const executor = { type: 'command', command: 'true' };
    for (const name of ['<b>', 'a>b', 'a\nb', 'a\u0000', 'a\u0085']) {
      expect(() => parsePlan({ name, executor })).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
    }
    expect(parsePlan({ name: 'Ödeme & “smoke” 🎉', executor }).name).toBe('Ödeme & “smoke” 🎉');
  });

  test('T22: HEAD, OPTIONS and prefetch start and stop nothing; HEAD of a read is its GET without the body', async () => {
    const idle = (await api.addPlan()).id;
    const before = await api.countStored();
    for (const path of [`/plans/${idle}/run`, `/plans/${idle}/run/true`, `/plans/${idle}/run/company/1`]) {
      const head = await api.call('HEAD', path);
      expect([head.status, head.headers.allow, head.text]).toEqual([405, 'GET, POST', '']);
      const options = await api.call('OPTIONS', path, { token: '' });
      expect([options.status, options.headers.allow]).toEqual([204, 'GET, POST']);
      for (const name of ['sec-purpose', 'purpose']) {
        expect((await api.get(path, { headers: { [name]: 'prefetch' } })).status).toBe(400);
      }
    }
    expect(await api.countStored()).toBe(before);
    await api.call('HEAD', `/plans/${planId}/stop`);
    await api.get(`/plans/${planId}/stop`, { headers: { 'sec-purpose': 'prefetch' } });
    expect((await api.getRun(runId)).status).toBe('queued');
    for (const path of reads()) {
      expect(await api.call('HEAD', path)).toMatchObject({ status: 200, text: '' });
    }
  });

  test('T14: no answer but 429 and 503 asks to be repeated', async () => {
    for (const path of [...reads(), `/plans/${planId}/run/true`, '/nothing', '/plans/0']) {
      expect((await api.get(path)).headers['retry-after']).toBeUndefined();
    }
  });
});

describe('whatever is sent', () => {
  const text = fc.oneof(
    fc.constantFrom('true', 'false', '0', '1', '-1', '99999999999999999999', 'null', '', '%', '%00', '%2F', 'filter'),
    fc.string({ unit: 'binary', maxLength: 12 }).map(encodeURIComponent),
  );
  const own = routes.filter(({ surface }) => surface === 'testinium');
  const path = fc.constantFrom(...own).chain(({ path }) =>
    fc.array(text, { minLength: 2, maxLength: 2 }).map((values) => {
      let next = 0;
      return path.replace(/\{\w+\}/g, () => values[next++] ?? '1');
    }),
  );
  const pairs = fc.array(
    fc.tuple(
      fc.constantFrom('callbackUrl', 'isGroupRun', 'page', 'size', 'projectId', 'grant_type', 'username', 'x'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    { maxLength: 4 },
  );
  const headers = fc.dictionary(
    fc.constantFrom('current-company-id', 'idempotency-key', 'content-type', 'sec-purpose', 'accept'),
    fc.oneof(fc.constantFrom('1', 'application/x-www-form-urlencoded'), fc.string({ maxLength: 20 })),
  );

  test('the answer is a JSON object or array below 500, an error has every key of the table', async () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT');
    const body = fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 40 }), fc.json());
    await fc.assert(
      fc.asyncProperty(method, path, pairs, headers, body, async (method, path, pairs, headers, body) => {
        const answer = await api.call(method, `${path}?${new URLSearchParams(pairs)}`, { headers, body });
        expect(answer.status).toBeLessThan(500);
        expect(typeof answer.body).toBe('object');
        expect(answer.headers['cache-control']).toBe('no-store');
        if (answer.status < 400) return;
        expect(answer.body).toMatchObject({
          status: answer.status,
          error: expect.stringMatching(/^[A-Z_]+$/),
          message: expect.any(String),
          error_description: expect.any(String),
          path: expect.stringContaining('/'),
          timestamp: expect.any(String),
        });
      }),
      { numRuns: 300 },
    );
  });
});

test('a plan that runs with the smallest key a CI has, from start to judgement', async () => {
  const token = await api.addKey({ scopes: ['PLAN_RUN', 'PLAN_VIEW'] });
  const plan = await api.addPlan();
  const { body } = await api.get(`/plans/${plan.id}/run/false`, { token });
  await api.finish(body.execution_id, [aCase('card', 'failed')]);
  const execution = await api.call('GET', `${base}/executions/${body.execution_id}`, { token });
  expect(execution.body.result_summary).toEqual({ FAILURE: 1 });
});
