import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Route, routes } from '../../lib/http/routes.ts';
import { type Called, startTestSystem, type TestSystem } from '../support/local.ts';

/**
 * What keys of another project, or of another plan, get from every route (reliability.md T12, F50, I9); those without a right, or
 * that are none, are in entry.test.ts. Names that nobody else may learn hold this word.
 */
const canary = 'unseen';
/** What there is nowhere, and parameters that name nothing of anybody. */
const nowhere: Readonly<Record<string, string>> = { project: 'nobodys', deliveryId: 'msg_002147483000' };
const constants = { attempt: '1', cid: '1', appId: '7', forceRun: 'false' };

let proctor: TestSystem;
let ids: Record<string, string>;
let strangers: readonly (readonly [string, string])[];

beforeAll(async () => {
  proctor = await startTestSystem();
  const made = async (path: string, body: unknown): Promise<string> => {
    const answer = await proctor.post<{ id: number | string }>(path, body);
    expect([path, answer.status < 300, answer.text]).toEqual([path, true, answer.text]);
    return String(answer.body.id);
  };
  const command = `echo '<testsuite name="S"><testcase name="${canary} case"/></testsuite>' > {report}`;
  const executor = { type: 'command', directory: proctor.directory, command };
  const query = [{ key: 'tags', value: ['smoke'], operation: 'IN' }];
  const planId = await made('/v1/plans', {
    name: `${canary} plan`,
    project: canary,
    executor,
    configs: [{ name: `${canary} config`, query }],
    notify: [{ url: 'http://127.0.0.1:9/', on: ['run.completed'], secret: 'env:NOBODY_HAS_THIS' }],
  });
  const runId = await made(`/v1/plans/${planId}/runs`, {});
  await proctor.completed(Number(runId));
  const plan = await proctor.call<{ configs: { id: number }[] }>(`/v1/plans/${planId}`);
  const deliveries = await proctor.call<{ deliveries: { id: string }[] }>('/v1/deliveries');
  const project = await proctor.system.services.plans.getProject(canary);
  const cases = await proctor.call<{ cases: { id: number; resultId: number }[] }>(`/v1/runs/${runId}/cases`);
  const environmentId = await made('/v1/environments', { name: `${canary} environment`, project: canary });
  const schedule = {
    planId: Number(planId),
    name: `${canary} schedule`,
    cron: '0 2 * * ? *',
    timezone: 'Europe/Berlin',
  };
  const scheduleId = await made('/v1/schedules', schedule);
  const other = await made('/v1/plans', { name: 'another', project: 'bank', executor });
  const beside = await made('/v1/plans', { name: 'beside', project: canary, executor });
  ids = {
    planId,
    runId,
    environmentId,
    scheduleId,
    configId: String(plan.body.configs[0]?.id),
    deliveryId: deliveries.body.deliveries[0]?.id ?? '',
    projectId: String(project?.id),
    caseId: String(cases.body.cases[0]?.id),
    resultId: String(cases.body.cases[0]?.resultId),
    project: canary,
    ...constants,
  };
  const keyOf = async (name: string, limits: object): Promise<string> => {
    const scopes = [
      'PLAN_VIEW',
      'PLAN_EDIT',
      'PLAN_RUN',
      'RUN_STOP',
      'RESULT_WRITE',
      'SCHEDULE_EDIT',
      'WEBHOOK_ADMIN',
      'KEY_ADMIN',
    ];
    return (await proctor.post<{ token: string }>('/v1/keys', { name, scopes, ...limits })).body.token;
  };
  strangers = [
    ['another project', await keyOf('bank', { projects: ['bank'] })],
    ['another plan there', await keyOf('one', { projects: ['bank'], planIds: [Number(other)] })],
    ['another plan of the project', await keyOf('beside', { projects: [canary], planIds: [Number(beside)] })],
  ];
});
afterAll(() => proctor.close());

/** The name of what a path is about on the vendors' surfaces, where all of them are called `id`. */
function nameOf({ path }: Route, parameter: string): string {
  if (parameter !== 'id') return parameter;
  if (path.includes('/plans/{id}')) return 'planId';
  if (path.includes('/projects/{id}')) return 'projectId';
  if (path.includes('environments')) return 'environmentId';
  if (/\/(results|testResults)\//.test(path)) return 'resultId';
  return path.includes('schedule_executions') ? 'scheduleId' : 'runId';
}

/** Environments and names of projects are the project's: whoever has a key for one of its plans may see them. */
function strangersTo({ path, surface }: Route): typeof strangers {
  const isProjects =
    /environment|\{project\}|projects/.test(path) || (surface === 'testinium' && path.includes('companies'));
  return isProjects ? strangers.slice(0, 2) : strangers;
}

const bodies: Readonly<Record<string, unknown>> = {
  'native.overrideRun': { result: 'failed', comment: canary },
  'native.rerunRun': {},
  'native.triggerRun': {},
};

const about = routes.filter(
  ({ path, scope }) =>
    /\{(?!hookId|keyId|token|cid)\w+\}/.test(path) &&
    !path.includes('/companies/') &&
    !['public', 'callback', 'hook'].includes(scope) &&
    scope !== 'hook',
);

test.each(about.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s answers keys of another project or plan as if it were not there',
  async (_name, route) => {
    const before = await proctor.call(`/v1/runs/${ids.runId}`);
    const fill = (of: (name: string) => string): string =>
      route.path.replace(/\{(\w+)\}/g, (_all, parameter: string) => of(nameOf(route, parameter)));
    const init =
      route.method === 'GET' || route.method === 'DELETE'
        ? {}
        : { body: JSON.stringify(bodies[route.operation] ?? {}) };
    for (const [who, key] of strangersTo(route)) {
      const there = fill((name) => ids[name] ?? 'x');
      const absent = fill((name) => nowhere[name] ?? constants[name as keyof typeof constants] ?? '2147483000');
      const call = (path: string) => proctor.call(path, { method: route.method, key, ...init });
      const [seen, unseen] = [await call(there), await call(absent)];
      expect([who, seen.status]).toEqual([who, unseen.status]);
      expect([who, seen.status >= 400 && seen.status < 500]).toEqual([who, true]);
      expect(sameBut(seen, there)).toEqual(sameBut(unseen, absent));
      expect(seen.text).not.toContain(`${canary} `);
    }
    expect((await proctor.call(`/v1/runs/${ids.runId}`)).text).toBe(before.text);
  },
);

/** The answer without what the caller said itself, and what is another each time. */
function sameBut({ text }: Called<unknown>, path: string): string {
  const own = [...path.split('/'), ...Object.values(ids), 'nobodys'].filter((part) =>
    /\d{2,}|^\d$|unseen|nobodys/.test(part),
  );
  const plain = own.reduce(
    (left, part) => left.replaceAll(new RegExp(`(?<![0-9a-z_])${part}(?![0-9a-z_])`, 'g'), '…'),
    text,
  );
  return plain.replaceAll(/"(requestId|timestamp)":("[^"]*"|\d+)/g, '').replaceAll('msg_…', '…');
}

const lists = routes.filter(
  ({ method, path, scope }) =>
    method === 'GET' && !path.includes('{') && !['public', 'callback', 'hook'].includes(scope),
);

test.each(lists.map((route) => [route.path, route] as const))('GET %s lists nothing of them', async (path, route) => {
  const query = /execution_results$|test_plan_results$/.test(path) ? `?executionId=${ids.planId}` : '';
  for (const [who, key] of strangersTo(route)) {
    const { text, status } = await proctor.call(`${path}${query}`, { key });
    // Its own project may be named, nothing in it.
    expect([who, text.replaceAll(`"${canary}"`, '').includes(canary)]).toEqual([who, false]);
    expect(status).toBeLessThan(500);
  }
});
