import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { routes } from '../../../lib/http/routes.ts';
import { type Answer, type Api, aPlan, openApi } from './api.ts';

let api: Api;
let ids: Record<string, string>;
beforeAll(async () => {
  api = await openApi();
  const { planId, runId } = await api.startRun();
  const environment = await api.call('POST', '/v1/environments', { body: { name: 'e', project: 'shop' } });
  const query = [{ key: 'tags', value: ['smoke'], operation: 'IN' }];
  const config = await api.call('POST', `/v1/plans/${planId}/configs`, { body: { name: 'c', query } });
  const key = await api.call('POST', '/v1/keys', { body: { name: 'k', scopes: ['PLAN_VIEW'] } });
  ids = {
    planId: String(planId),
    runId: String(runId),
    environmentId: String(environment.body.id),
    configId: String(config.body.id),
    keyId: key.body.id,
    caseId: '1',
    attempt: '1',
  };
});
afterAll(() => api.close());

const own = routes.filter(({ surface }) => surface === 'native');
const readers = own.filter(({ method }) => method === 'GET');
const withBody = own.filter(({ operation }) =>
  /applyPlan|updatePlan|triggerRun|overrideRun|uploadResults|createEnvironment|updateEnvironment|createKey|testNotify/.test(
    operation,
  ),
);
/** How many times as many inputs as usual; the soak has its own figure. */
const fuzz = Number(process.env.FUZZ ?? 1);
const options = { numRuns: 60 * fuzz };

async function stored(): Promise<unknown> {
  const { plans, environments, keys, runs } = api.stores;
  const runId = Number(ids.runId);
  const run = await runs.getRun(runId);
  if (run === undefined) throw new Error('no run');
  return [
    await plans.listPlans(0, 100),
    await environments.listEnvironments(),
    await keys.listKeys(),
    await runs.listByProject('shop', 2_147_483_647, 100),
    run,
    await runs.readItems(run),
    await plans.readCatalog(Number(ids.planId)),
  ];
}

function expectRefusal(answer: Answer, field?: RegExp): void {
  expect(problemAnswer.safeParse(answer.body).error).toBeUndefined();
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.text).not.toMatch(/\.ts:\d|node_modules|at Object|ZodError|DynamoDB/);
  if (field === undefined) return;
  expect(answer.body.errors.map((error: { field: string }) => error.field).join(' ')).toMatch(field);
}

const pathOf = (path: string, change: Record<string, string> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => change[name] ?? ids[name] ?? '');

describe('parameters of the path', () => {
  const numbered = own.filter(({ path }) => path.includes('{'));
  // With a mark that no id and no name has: twelve letters alone are a well-formed key id, which is missing and not wrong.
  const marked = fc.string({ minLength: 1, maxLength: 300 }).map((text) => encodeURIComponent(`x!${text}`));
  const nonsense = fc.oneof(
    fc.constantFrom(
      '0',
      '-1',
      '1.5',
      '1e3',
      '0x1',
      '2147483648',
      '99999999999999999999',
      'null',
      '%00',
      '%2e%2e',
      '%E2%82%AC',
    ),
    marked,
  );
  /** A digit is the name of a project as well as any. */
  const named = (names: readonly string[]) =>
    fc.constantFrom(...names).chain((name) => fc.tuple(fc.constant(name), name === 'project' ? marked : nonsense));

  test.each(numbered.map(({ method, path }) => [method, path]))(
    '%s %s names the one that is wrong',
    async (method, path) => {
      const before = await stored();
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      await fc.assert(
        fc.asyncProperty(named(names), async ([name, text]) => {
          const body = method === 'PUT' && path.includes('plans') ? aPlan() : undefined;
          expectRefusal(await api.call(method, pathOf(path, { [name]: text }), { body }), new RegExp(`^${name}$`));
        }),
        { numRuns: 15 * fuzz },
      );
      expect(await stored()).toEqual(before);
    },
  );
});

describe('parameters of the query', () => {
  const wrong: Record<string, fc.Arbitrary<string>> = {
    limit: fc.oneof(
      fc.constantFrom('0', '-1', '1001', '1e2', ''),
      fc.string().map((text) => `x${text}`),
    ),
    cursor: fc.oneof(fc.constant(Buffer.from('other:1').toString('base64url')), fc.string(), fc.base64String()),
    project: fc.oneof(
      fc.constant('a'.repeat(3000)),
      fc.string().map((text) => `/${text}`),
    ),
    plan: fc.string().map((text) => `x${text}`),
    run: fc.string().map((text) => `x${text}`),
    state: fc.string(),
    status: fc.string(),
    result: fc.string(),
    dryRun: fc.string().filter((text) => text !== 'true' && text !== 'false'),
    expireOldAfterSeconds: fc.string().map((text) => `-${text}`),
    runs: fc.oneof(
      fc.constantFrom('0', '101', '-1', ''),
      fc.string().map((text) => `x${text}`),
    ),
    attempt: fc.string().map((text) => `x${text}`),
    final: fc.string().filter((text) => text !== 'true' && text !== 'false'),
    batchId: fc.oneof(
      fc.constantFrom('stop', 'a b'),
      fc.string().map((text) => `#${text}`),
    ),
    seq: fc.string().map((text) => `-${text}`),
  };
  const page = ['limit', 'cursor'];
  test.each([
    ['GET', '/v1/plans', [...page, 'project']],
    ['POST', '/v1/plans', ['dryRun']],
    ['GET', '/v1/runs', [...page, 'project', 'plan', 'status']],
    ['GET', '/v1/runs/{runId}/cases', [...page, 'result']],
    ['GET', '/v1/plans/{planId}/history', ['runs']],
    ['GET', '/v1/deliveries', [...page, 'plan', 'run', 'state']],
    ['GET', '/v1/environments', [...page, 'project']],
    ['POST', '/v1/keys/{keyId}/rotate', ['expireOldAfterSeconds']],
    ['POST', '/v1/runs/{runId}/results', ['attempt', 'final', 'batchId', 'seq']],
  ])('%s %s: %j', async (method, path, names) => {
    const before = await stored();
    const body = path.endsWith('/results') ? '<testsuite><testcase name="a"/></testsuite>' : undefined;
    const parameter = fc
      .constantFrom(...names)
      .chain((name) => fc.tuple(fc.constant(name), wrong[name] as fc.Arbitrary<string>));
    await fc.assert(
      fc.asyncProperty(parameter, async ([name, text]) => {
        const answer = await api.call(method, `${pathOf(path)}?${new URLSearchParams([[name, text]])}`, { body });
        expectRefusal(answer, new RegExp(`^${name}$`));
      }),
      options,
    );
    expect(await stored()).toEqual(before);
  });
});

describe('bodies', () => {
  const broken = fc.oneof(
    fc.constantFrom(
      '{',
      '{"a":1,}',
      '{"a":1,"a":2}',
      '{"__proto__":{}}',
      '{"constructor":1}',
      `${'['.repeat(40)}`,
      '{"a":NaN}',
    ),
    fc.string().map((text) => `{!${text}`),
    fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.concat([Buffer.from('{'), bytes])),
  );
  const wrongShape = fc.oneof(
    fc.array(fc.jsonValue(), { maxLength: 3 }),
    fc.record({ name: fc.constant(7), cases: fc.constant('x'), buildNo: fc.constant(1), surprise: fc.jsonValue() }),
  );

  test.each(withBody.map(({ method, path }) => [method, path]))(
    '%s %s refuses what is no JSON',
    async (method, path) => {
      const before = await stored();
      await fc.assert(
        fc.asyncProperty(
          broken.filter((body) => !isJson(body)),
          async (body) => {
            const answer = await api.call(method, pathOf(path), { body });
            expectRefusal(answer);
            expect(answer.body.code).toMatch(/INVALID_JSON|VALIDATION_FAILED/);
          },
        ),
        options,
      );
      expect(await stored()).toEqual(before);
    },
  );

  test.each(withBody.map(({ method, path }) => [method, path]))('%s %s names what is wrong', async (method, path) => {
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(wrongShape, async (given) => {
        const body = JSON.stringify(given);
        const answer = await api.call(method, pathOf(path), { body });
        // A key that reaches prototypes is refused before any field is looked at, and named in the sentence.
        if (!reachesPrototypes.test(body)) return expectRefusal(answer, /\S/);
        expectRefusal(answer);
        expect(answer.body.detail).toMatch(/the key (__proto__|constructor|prototype) is not allowed/);
      }),
      options,
    );
    expect(await stored()).toEqual(before);
  });
});

describe('reading', () => {
  test('changes nothing and never breaks, whatever the headers', async () => {
    const before = await stored();
    const headers = fc.dictionary(
      fc.constantFrom('if-none-match', 'if-match', 'idempotency-key', 'content-encoding', 'content-type', 'accept'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...readers), headers, async ({ method, path }, given) => {
        const answer = await api.call(method, pathOf(path), { headers: given });
        expect(answer.status).toBeLessThan(500);
      }),
      options,
    );
    expect(await stored()).toEqual(before);
  });

  test('no request so far was answered with an internal error', () => {
    expect(api.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** JSON text with such a key, which generated objects have now and then. */
const reachesPrototypes = /"(?:__proto__|constructor|prototype)":/;

/** Broken on purpose, a text may still be whole by chance: `{}` is. */
function isJson(body: Uint8Array | string): boolean {
  try {
    JSON.parse(Buffer.from(body).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
