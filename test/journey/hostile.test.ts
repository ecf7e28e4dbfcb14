import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../lib/http/routes.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
let ids: Record<string, string>;
beforeAll(async () => {
  proctor = await startTestSystem();
  const command = `echo '<testsuite name="S"><testcase name="works"/></testsuite>' > {report}`;
  const plan = { name: 'here', executor: { type: 'command', directory: proctor.directory, command } };
  const { body } = await proctor.post<{ id: number }>('/v1/plans', plan);
  const run = await proctor.post<{ id: number }>(`/v1/plans/${body.id}/runs`, {});
  await proctor.completed(run.body.id);
  const environment = await proctor.post<{ id: number }>('/v1/environments', { name: 'staging' });
  const planId = String(body.id);
  const runId = String(run.body.id);
  ids = {
    id: runId,
    planId,
    runId,
    attempt: '1',
    environmentId: String(environment.body.id),
    keyId: 'none',
    token: 'none',
  };
});
afterAll(() => proctor.close());

const hostileBodies: [string, string | Uint8Array][] = [
  ['half an object', '{"executionId":'],
  ['a lone null', 'null'],
  ['an array', '[]'],
  ['a text', '"x"'],
  ['a duplicate key', '{"name":"a","name":"b"}'],
  ['a prototype', '{"__proto__":{"admin":true},"name":"x"}'],
  ['deep nesting', `${'['.repeat(100_000)}`],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['10 MB', 'x'.repeat(10 * 1024 * 1024)],
  [
    'wrong types',
    '{"name":5,"executionId":{},"executor":"x","scopes":"all","cases":7,"variables":[],"runtimeData":3,"result":1,"which":1}',
  ],
  ['XML with a document type', '<!DOCTYPE x [<!ENTITY a "b">]><testsuite name="&a;"/>'],
  ['XML that ends early', '<testsuite name="S"><testcase name="a">'],
];

const writing = routes.filter(
  ({ method, path }) => method !== 'GET' && method !== 'DELETE' && !path.endsWith('/stop') && !path.endsWith('/rotate'),
);

/** What anyone could notice of a stored thing. */
async function everything(): Promise<string> {
  const lists = ['/v1/plans', '/v1/runs', '/v1/environments', '/v1/keys', `/v1/runs/${ids.runId}/cases`];
  return (await Promise.all(lists.map(async (path) => (await proctor.call(path)).text))).join('\n');
}

describe('no body makes a route fail, store something or say where it broke', () => {
  test.each(writing.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', async (_, route) => {
    const before = await everything();
    const path = route.path.replace(/\{(\w+)\}/g, (__, name) => ids[name] ?? 'x');
    for (const [what, body] of hostileBodies) {
      const answer = await proctor.call<Refusal>(path, { method: route.method, body });
      expect(answer.status, what).toBeGreaterThanOrEqual(400);
      expect(answer.status, what).toBeLessThan(500);
      expect(answer.text, what).not.toMatch(/\n\s+at |node_modules|\.ts:\d|Error:/);
      // The Testinium API's error bodies say it as `error`.
      expect(answer.body.code ?? answer.body.error, what).toMatch(/^[A-Z_]+$/);
      if (answer.body.code !== 'VALIDATION_FAILED') continue;
      const fields = answer.body.errors ?? answer.body.fieldErrors ?? [];
      expect(fields.length, what).toBeGreaterThan(0);
      for (const { field, message } of fields) {
        expect(field, what).not.toBe('');
        expect(message, what).not.toBe('');
      }
    }
    expect(await everything()).toBe(before);
  });
});

describe('no path makes a route fail', () => {
  const garbage = ['abc', '0', '-1', '99999999999', '1.5', '%00', '..%2f..', '%ff', '1%20or%201', 'x'.repeat(2000)];
  // The page of a path is one and the same file, whatever the path names; what it then asks for is among the others.
  const withIds = routes.filter(
    ({ path, scope, operation }) =>
      path.includes('{') && scope !== 'callback' && scope !== 'hook' && operation !== 'page.getPage',
  );
  test.each(withIds.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', async (_, route) => {
    const before = await everything();
    for (const value of garbage) {
      const path = route.path.replaceAll(/\{\w+\}/g, value);
      const body = route.method === 'GET' || route.method === 'DELETE' ? {} : { body: '{}' };
      const answer = await proctor.call<Refusal>(path, { method: route.method, ...body });
      expect([400, 404], `${path} → ${answer.text}`).toContain(answer.status);
      expect(answer.text).not.toMatch(/\n\s+at |node_modules|\.ts:\d/);
    }
    expect(await everything()).toBe(before);
  });
});

interface Refusal {
  readonly code?: string;
  readonly error?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly fieldErrors?: readonly { readonly field: string; readonly message: string }[];
}
