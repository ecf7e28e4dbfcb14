import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readTestiniumSettings, type Variant } from '../../lib/http/testinium/settings.ts';
import { until } from '../executors/command/job-harness.ts';
import { startFakeTestinium } from '../support/fake-testinium.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

interface Created {
  readonly id: number;
}
interface Case {
  readonly suite: string;
  readonly name: string;
  readonly result: string;
  readonly durationMs: number;
  readonly message?: string;
}
interface Attempts {
  readonly attempts: readonly { readonly executing: string; readonly ref?: string }[];
}

let front: TestSystem;
beforeAll(async () => {
  front = await startTestSystem();
});
afterAll(async () => {
  await front.close();
  vi.unstubAllEnvs();
});

/** The plan in front of the tenant's plan, and its run once it is over. */
async function applyFront(executor: Record<string, unknown>, change: Record<string, unknown> = {}): Promise<number> {
  const name = `front ${Math.random()}`;
  return (await front.post<Created>('/v1/plans', { name, executor: { type: 'testinium', ...executor }, ...change }))
    .body.id;
}
const trigger = async (planId: number, by = front): Promise<number> =>
  (await by.post<Created>(`/v1/plans/${planId}/runs`, {})).body.id;
const casesOf = async (system: TestSystem, runId: number): Promise<readonly Case[]> =>
  (await system.call<{ cases: Case[] }>(`/v1/runs/${runId}/cases?limit=200`)).body.cases;
const told = (cases: readonly Case[]) =>
  cases
    .map(({ suite, name, result, durationMs, message }) => ({ suite, name, result, durationMs, message }))
    .sort(byName);
const byName = (a: { suite: string; name: string }, b: { suite: string; name: string }) =>
  `${a.suite} ${a.name}` < `${b.suite} ${b.name}` ? -1 : 1;

/** Two systems and the processes of the shop on a machine that may have two cores. */
const timeout = 180_000;

describe.each<Variant>(['cloud', 'enterprise'])('a Proctor in front of a Proctor, %s', { timeout }, (variant) => {
  let tenant: TestSystem;
  let settings: (planId: number | string) => Record<string, unknown>;
  beforeAll(async () => {
    tenant = await startTestSystem({ testinium: readTestiniumSettings(undefined, variant) });
    const key = `TENANT_KEY_${variant}`;
    vi.stubEnv(key, tenant.system.adminKey.token);
    settings = (planId) => ({
      url: tenant.system.url,
      variant,
      planId,
      username: 'administrator',
      password: `env:${key}`,
      retrySeconds: 1,
    });
  });
  afterAll(() => tenant.close());

  /** The sample shop, its bank asleep in a folder of its own. */
  const applyShop = async (change: Record<string, unknown>): Promise<Created & { name: string }> => {
    const file = resolve('examples/plan.yaml');
    const plan = parse(await readFile(file, 'utf8'));
    plan.executor.directory = resolve(file, '..', plan.executor.directory);
    const { id: _, ...shop } = plan;
    return (
      await tenant.post<Created & { name: string }>('/v1/plans', {
        ...shop,
        name: `shop ${Math.random()}`,
        variables: { TMPDIR: tenant.directory },
        ...change,
      })
    ).body;
  };
  const applyCommand = async (command: string, change: Record<string, unknown> = {}): Promise<number> => {
    const executor = { type: 'command', directory: tenant.directory, command };
    return (await tenant.post<Created>('/v1/plans', { name: `plan ${Math.random()}`, executor, ...change })).body.id;
  };
  const runsOf = async (planId: number): Promise<readonly Created[]> =>
    (await tenant.call<{ runs: Created[] }>(`/v1/runs?plan=${planId}`)).body.runs;

  test('runs the shop through: the cases are those of the tenant, and its callback came before a poll', async () => {
    const shop = await applyShop({});
    // The enterprise variant takes the plan's name, too.
    const planId = await applyFront(settings(variant === 'cloud' ? shop.id : shop.name));
    const run = await front.completed(await trigger(planId));
    expect(run).toMatchObject({ result: 'passed', attempt: 1, counts: { total: 12, passed: 12 } });
    const [inner] = (await runsOf(shop.id)) as [Created];
    // What the wire loses: classes, iterations, and that a case was flaky.
    expect(told(await casesOf(front, run.id))).toEqual(told(await casesOf(tenant, inner.id)));
    const { endedAt } = await tenant.completed(inner.id);
    expect(Date.parse(run.endedAt) - Date.parse(endedAt)).toBeLessThan(10_000);
    await vi.waitFor(async () => {
      const { body } = await tenant.call<{ deliveries: { state: string }[] }>(`/v1/deliveries?run=${inner.id}`);
      expect(body.deliveries).toMatchObject([{ state: 'delivered' }]);
    }, 10_000);
    const attempts = await front.call<Attempts>(`/v1/runs/${run.id}/attempts`);
    expect(attempts.body.attempts).toMatchObject([{ executing: 'everything' }]);
  });

  test('reruns at the tenant just the scenario that failed', async () => {
    const shop = await applyShop({ rerun: { max: 0 } });
    const planId = await applyFront(settings(shop.id), { rerun: { max: 1 } });
    const before = (await tenant.call<{ runs: Created[] }>('/v1/runs')).body.runs[0]?.id ?? 0;
    // By then the bank of the second run is awake.
    await writeFile(join(tenant.directory, `shop-bank-${new URL(tenant.system.url).port}-${before + 2}`), '');
    const run = await front.completed(await trigger(planId));
    expect(run).toMatchObject({ result: 'passed', attempt: 2, counts: { total: 12, passed: 12, flaky: 1 } });
    const inner = await runsOf(shop.id);
    expect(inner).toHaveLength(2);
    const second = await tenant.completed(Math.max(...inner.map(({ id }) => id)));
    expect(second.counts).toMatchObject({ total: 1, passed: 1 });
    const { attempts } = (await front.call<Attempts>(`/v1/runs/${run.id}/attempts`)).body;
    expect(attempts.map(({ executing }) => executing)).toEqual(['everything', '1 case']);
  });

  test('a stop reaches the tenant’s run, and what it had finished is kept', async () => {
    const progress = JSON.stringify({ suite: 'Payment', className: '', name: 'pays', result: 'passed', durationMs: 5 });
    const planAtTenant = await applyCommand(`echo '${progress}' >> "$PROCTOR_PROGRESS"; sleep 300`);
    const planId = await applyFront(settings(planAtTenant));
    const runId = await trigger(planId);
    await until(async () => (await runsOf(planAtTenant)).length === 1);
    const [inner] = (await runsOf(planAtTenant)) as [Created];
    await until(async () => (await casesOf(tenant, inner.id)).some(({ result }) => result === 'passed'));
    await until(async () => (await front.call<{ status: string }>(`/v1/runs/${runId}`)).body.status === 'running');
    await front.post(`/v1/runs/${runId}/stop`, '');
    expect(await front.completed(runId)).toMatchObject({
      result: 'stopped',
      reason: 'requested',
      counts: { passed: 1 },
    });
    expect(await tenant.completed(inner.id)).toMatchObject({ result: 'stopped' });
  });

  test('a busy plan: one waits until the other run is over, one is refused, as its plan says', async () => {
    const go = join(tenant.directory, `go-${variant}`);
    const report = `echo '<testsuite name="S"><testcase name="works" time="0.01"/></testsuite>' > {report}`;
    const planAtTenant = await applyCommand(`while [ ! -e ${go} ]; do sleep 0.05; done; ${report}`, {
      overlap: 'reject',
    });
    const others = await trigger(planAtTenant, tenant);
    await until(async () => (await tenant.call<{ status: string }>(`/v1/runs/${others}`)).body.status === 'running');
    const refused = await front.completed(
      await trigger(await applyFront({ ...settings(planAtTenant), whenBusy: 'refuse' })),
    );
    expect(refused).toMatchObject({ result: 'errored' });
    expect(refused.explanation).toContain(`running already as execution ${others}`);
    const waiting = await trigger(await applyFront(settings(planAtTenant)));
    await until(async () => JSON.stringify((await front.system.services.runs.getRun(waiting))?.dispatchTries) === '1');
    await writeFile(go, '');
    expect(await front.completed(waiting)).toMatchObject({ result: 'passed', counts: { total: 1 } });
    expect(await runsOf(planAtTenant)).toHaveLength(2);
  });
});

test('a lost callback costs one interval of polling, an ended token one login, and any method of callback is understood', {
  timeout,
}, async () => {
  vi.stubEnv('FAKE_TENANT_SECRET', 'prk_example');
  const tenant = await startFakeTestinium({ knowsKeys: false, inlinesNames: false });
  const executor = { url: tenant.origin, planId: 204, username: 'proctor', accessKey: 'env:FAKE_TENANT_SECRET' };
  const planId = await applyFront(executor, { overlap: 'allow' });
  const start = async () => {
    const known = tenant.executions.length;
    const runId = await trigger(planId);
    await until(() => tenant.executions.length > known);
    await until(async () => (await front.call<{ status: string }>(`/v1/runs/${runId}`)).body.status === 'running');
    return { runId, execution: tenant.executions[known] as (typeof tenant.executions)[number] };
  };
  const works = [{ scenario: 'works', level: 'SUCCESS', runtime: 5 }];
  const [lost, posted, got] = [await start(), await start(), await start()];
  for (const { execution } of [lost, posted, got]) tenant.end(execution, works);
  tenant.expireTokens();
  const calls = [
    await fetch(posted.execution.callbackUrl ?? '', { method: 'POST', body: '{"type":"run.completed"}' }),
    await fetch(got.execution.callbackUrl ?? ''),
  ];
  expect(calls.map(({ status }) => status)).toEqual([202, 202]);
  const startedAt = Date.now();
  const results = await Promise.all([posted, got].map(({ runId }) => front.completed(runId)));
  expect(results).toMatchObject([{ result: 'passed' }, { result: 'passed' }]);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  // One login for all three, then one refresh for all who look at the same time.
  expect(tenant.grants).toEqual(['testinium_access_key', 'refresh_token']);
  expect(await front.completed(lost.runId)).toMatchObject({ result: 'passed', counts: { total: 1 } });
  // The callback of a run that is over is taken, and changes nothing.
  expect((await fetch(posted.execution.callbackUrl ?? '', { method: 'POST' })).status).toBe(200);
  await tenant.close();
});
