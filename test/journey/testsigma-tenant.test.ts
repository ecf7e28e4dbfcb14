import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type EmbeddedProcess, freePort, startEmbedded } from '../support/embedded-process.ts';
import { type NativeRun, startTestSystem, type TestSystem } from '../support/local.ts';
import { startTenantProxy, type TenantProxy } from '../support/tenant-proxy.ts';

/** Proctor in front of another Proctor, which stands for the tenant: between them is only the wire. */
let front: TestSystem;
let tenant: TestSystem;
let proxy: TenantProxy;
beforeAll(async () => {
  [front, tenant] = await Promise.all([startTestSystem(), startTestSystem()]);
  proxy = await startTenantProxy(() => tenant.system.url);
  process.env.TENANT_KEY = tenant.system.adminKey.token;
});
afterEach(() => {
  proxy.before = undefined;
  proxy.after = undefined;
  proxy.passed.length = 0;
});
afterAll(async () => {
  process.env.TENANT_KEY = undefined;
  await Promise.all([front.close(), tenant.close(), proxy.close()]);
});

interface Created {
  readonly id: number;
}

interface Case {
  readonly suite: string;
  readonly className: string;
  readonly name: string;
  readonly machine: string | null;
  readonly result: string;
  readonly durationMs: number;
  readonly message: string | null;
  readonly iterations: readonly { readonly name: string; readonly result: string }[];
}

interface Attempt {
  readonly executing: string;
  readonly links: { readonly job: string };
}

const shopDirectory = resolve('examples/shop');

/** The sample shop at the tenant, without reruns of its own. Its bank is awake once any of its runs has called it. */
async function shopAtTenant(): Promise<number> {
  const plan = parse(await readFile('examples/plan.yaml', 'utf8'));
  const command = 'PROCTOR_RUN_ID="$BANK" node --test {selection} tests/*.test.js';
  const executor = { ...plan.executor, directory: shopDirectory, command };
  const { id: _, rerun: __, ...rest } = plan;
  return (await tenant.post<Created>('/v1/plans', { ...rest, executor, name: unique('shop') })).body.id;
}

/** A plan at the tenant whose command reports the same four results each time, for tests of everything but them. */
async function quickAtTenant(seconds = 0, change: Record<string, unknown> = {}): Promise<number> {
  const failed = '<failure message="expected 90, got 100"/>';
  const xml = [
    '<testsuites><testsuite name="Cart"><testcase name="adds up prices" time="0.01"/>',
    `<testcase classname="shop.Bank" name="pays" time="0.02">${failed}</testcase></testsuite>`,
    '<testsuite name="Tax"><testcase name="charges[Germany]"/><testcase name="charges[Japan]"/></testsuite></testsuites>',
  ].join('');
  const command = `sleep ${seconds} & wait; echo '${xml}' > {report}`;
  const suites = [{ name: 'Tax', cases: [{ name: 'charges', iterations: ['Germany', 'Japan'] }] }];
  const executor = { type: 'command', directory: tenant.directory, command };
  const plan = { name: unique('quick'), executor, suites, ...change };
  return (await tenant.post<Created>('/v1/plans', plan)).body.id;
}

async function planInFront(testPlanId: number, change: Record<string, unknown> = {}): Promise<number> {
  const executor = { type: 'testsigma', url: proxy.url, apiKey: 'env:TENANT_KEY', testPlanId };
  const plan = { name: unique('front'), executor, variables: { BANK: unique('bank') }, ...change };
  const { status, body } = await front.post<Created>('/v1/plans', plan);
  expect(status).toBe(201);
  return body.id;
}

const unique = (word: string): string => `${word} ${process.pid} ${Math.random().toString(36).slice(2)}`;

async function trigger(planId: number, body: Record<string, unknown> = {}): Promise<number> {
  const answer = await front.post<Created>(`/v1/plans/${planId}/runs`, body);
  expect(answer.status).toBe(202);
  return answer.body.id;
}

/** The run once it is completed, looked at far more often than its cadence would. */
async function completed(runId: number): Promise<NativeRun> {
  const { services } = front.system;
  for (let tries = 0; tries < 400; tries++) {
    const run = await services.runs.getRun(runId);
    if (run?.status === 'completed') return front.completed(runId);
    if (run !== undefined) await services.workflow.wake(run, 'look');
    await sleep(300);
  }
  throw new Error(`run ${runId} was not completed in time`);
}

async function casesOf(system: TestSystem, runId: number): Promise<readonly Case[]> {
  return (await system.call<{ cases: Case[] }>(`/v1/runs/${runId}/cases?limit=1000`)).body.cases;
}

async function attemptsOf(runId: number): Promise<readonly Attempt[]> {
  return (await front.call<{ attempts: Attempt[] }>(`/v1/runs/${runId}/attempts`)).body.attempts;
}

/** Ids of the tenant's runs of a plan, oldest first. */
async function tenantRuns(planId: number): Promise<readonly number[]> {
  const path = `/api/v1/execution_results?executionId=${planId}&size=100&direction=ASC`;
  return (await tenant.call<{ content: Created[] }>(path)).body.content.map(({ id }) => id);
}

/** A case as both sides must tell it: the wire has no classes, and of a data-driven case one duration and one text. */
function told({ suite, name, result, durationMs, message, iterations }: Case) {
  const sets = iterations.map((iteration) => `${iteration.name}: ${iteration.result}`).sort();
  // Three shares of a duration, rounded.
  const ms = sets.length === 0 ? durationMs : Math.round(durationMs / 10);
  return { suite, name, result, message, ms, sets };
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

describe('a plan at a tenant', () => {
  test('runs through, reruns just what failed by the tenant’s own rerun, and says case by case what the tenant says', async () => {
    const shop = await shopAtTenant();
    const planId = await planInFront(shop, { rerun: { max: 1 } });
    const runId = await trigger(planId, { buildNo: 'b42' });
    const run = await completed(runId);
    expect(run).toMatchObject({ result: 'passed', attempt: 2, counts: { total: 12, passed: 12, flaky: 1 } });

    const [first = 0, second = 0, ...others] = await tenantRuns(shop);
    expect(others).toEqual([]);
    const rerun = await tenant.call<Record<string, unknown>>(`/api/v1/execution_results/${second}`);
    expect(rerun.body).toMatchObject({ reRunParentId: first, reRunType: 'USER_PICKED', totalCount: 1 });
    expect(rerun.body.buildNo).toMatch(new RegExp(`^b42 proctor-run-${runId}-a2-[0-9a-f]{12}$`));
    const [whole, again] = await attemptsOf(runId);
    expect(whole).toMatchObject({ executing: 'everything', links: { job: `${tenant.system.url}/runs/${first}` } });
    expect(again).toMatchObject({ executing: `1 case, of the tenant's run ${first}` });

    const [mine, before, after] = await Promise.all([
      casesOf(front, runId),
      casesOf(tenant, first),
      casesOf(tenant, second),
    ]);
    const flaky = after.find(({ name }) => name === 'pays at the bank');
    // What became flaky keeps the text of its failure here; at the tenant its rerun is another run.
    const failure = before.find(({ name }) => name === 'pays at the bank')?.message;
    expect(failure).toContain('503 from the bank');
    const expected = before.map((one) => (one.name === flaky?.name ? { ...flaky, message: failure ?? null } : one));
    expect(mine.map(told).sort(byName)).toEqual(expected.map(told).sort(byName));
  });

  test('without a rerun its failure stands, with the tenant’s words; the class is lost on the way', async () => {
    const quick = await quickAtTenant();
    const planId = await planInFront(quick);
    const runId = await trigger(planId);
    expect(await completed(runId)).toMatchObject({
      result: 'failed',
      reason: 'casesFailed',
      counts: { total: 3, failed: 1 },
    });
    const failed = (await casesOf(front, runId)).filter(({ result }) => result === 'failed');
    const [theirs = 0] = await tenantRuns(quick);
    expect((await casesOf(tenant, theirs)).find(({ name }) => name === 'pays')?.className).toBe('shop.Bank');
    expect(failed).toMatchObject([
      { suite: 'Cart', className: '', name: 'pays', message: 'expected 90, got 100', durationMs: 20 },
    ]);
  });

  test('a partial run picks its cases and iterations from the newest run Proctor started there, and runs in full without one', async () => {
    const quick = await quickAtTenant();
    const planId = await planInFront(quick);
    const cases = [
      { suite: 'Cart', name: 'adds up prices' },
      { suite: 'Tax', name: 'charges', iterations: ['Japan'] },
    ];
    // Nobody's run but Proctor's is picked from: a rerun would change what others are shown.
    const foreign = await tenant.post<Created>('/api/v1/execution_results', { executionId: quick });
    await tenant.completed(foreign.body.id);
    const whole = await trigger(planId);
    await completed(whole);
    const runId = await trigger(planId, { cases });
    expect(await completed(runId)).toMatchObject({ result: 'passed', counts: { total: 2, passed: 2 } });
    const [, base = 0, picked = 0, ...others] = await tenantRuns(quick);
    expect(others).toEqual([]);
    expect((await attemptsOf(runId))[0]?.executing).toBe(
      `2 cases, of some only 1 iteration, of the tenant's run ${base}`,
    );
    expect((await casesOf(tenant, picked)).map(told).sort(byName)).toMatchObject([
      { name: 'adds up prices', sets: [] },
      { name: 'charges', sets: ['Japan: passed'] },
    ]);
  });

  test('a selection no run there has the results of runs in full, and says so; just what was asked for counts', async () => {
    const suites = [{ name: 'Cart', cases: [{ name: 'adds up prices' }, { name: 'pays' }] }];
    const planId = await planInFront(await quickAtTenant(), { suites });
    const runId = await trigger(planId, { cases: [{ suite: 'Cart', name: 'adds up prices' }] });
    expect(await completed(runId)).toMatchObject({ result: 'passed', counts: { total: 1, passed: 1 } });
    expect((await attemptsOf(runId))[0]?.executing).toBe(
      'everything (1 case asked for, but the tenant has no run of Proctor’s in the same environment to pick them from)',
    );
  });

  test('stopping it stops the job at the tenant, and nothing else there', async () => {
    const slow = await quickAtTenant(60, { overlap: 'allow' });
    const other = await tenant.post<Created>('/api/v1/execution_results', { executionId: slow });
    const runId = await trigger(await planInFront(slow));
    await waitForAttempt(runId);
    expect((await front.post(`/v1/runs/${runId}/stop`, {})).status).toBeLessThan(300);
    expect(await completed(runId)).toMatchObject({ result: 'stopped', reason: 'requested' });
    const [, stopped = 0] = await tenantRuns(slow);
    expect(await tenant.completed(stopped)).toMatchObject({ result: 'stopped' });
    expect((await tenant.call<NativeRun>(`/v1/runs/${other.body.id}`)).body.status).toBe('running');
    await tenant.post(`/v1/runs/${other.body.id}/stop`, {});
    await tenant.completed(other.body.id);
  });

  test('a tenant that is away for a while delays the run, and no answer that was lost starts a second one', async () => {
    const quick = await quickAtTenant();
    const planId = await planInFront(quick);
    let refused = 0;
    let lost = 0;
    proxy.before = (_passing, response) => {
      if (refused === 2) return false;
      refused += 1;
      response.writeHead(503, { 'retry-after': '1' }).end('busy');
      return true;
    };
    // The tenant starts the run, and its answer never comes.
    proxy.after = ({ method }) => method === 'POST' && lost++ === 0;
    const runId = await trigger(planId);
    await waitForAttempt(runId);
    let polls = 0;
    proxy.before = ({ method }, response) => {
      if (method !== 'GET' || polls === 5) return false;
      polls += 1;
      response.writeHead(503).end();
      return true;
    };
    expect(await completed(runId)).toMatchObject({ result: 'failed', attempt: 1, counts: { total: 3, passed: 2 } });
    expect({ refused, polls }).toEqual({ refused: 2, polls: 5 });
    expect(proxy.passed.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(await tenantRuns(quick)).toHaveLength(1);
  });
});

test('a tenant killed in the middle of a run and started again ends it, and so does the run here', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-tenant-'));
  const port = await freePort();
  let killed: EmbeddedProcess | undefined;
  try {
    killed = await startEmbedded(directory, port);
    const key = await killed.key();
    process.env.KILLED_TENANT_KEY = key;
    const command = `sleep 3; echo '<testsuite name="S"><testcase name="works"/></testsuite>' > {report}`;
    const plan = { name: 'slow', executor: { type: 'command', directory, command } };
    const headers = { authorization: `Bearer ${key}` };
    const made = await fetch(`${killed.url}/v1/plans`, { method: 'POST', headers, body: JSON.stringify(plan) });
    const { id: testPlanId } = (await made.json()) as Created;
    const executor = { type: 'testsigma', url: killed.url, apiKey: 'env:KILLED_TENANT_KEY', testPlanId };
    const { body } = await front.post<Created>('/v1/plans', { name: unique('killed'), executor });
    const runId = await trigger(body.id);
    await waitForAttempt(runId);
    await killed.kill();
    // Polls go nowhere meanwhile.
    const { services } = front.system;
    const live = await services.runs.getRun(runId);
    if (live !== undefined) await services.workflow.wake(live, 'look');
    await sleep(300);
    expect((await front.call<NativeRun>(`/v1/runs/${runId}`)).body.status).toBe('running');
    killed = await startEmbedded(directory, port);
    expect(await completed(runId)).toMatchObject({ result: 'passed', attempt: 1, counts: { total: 1, passed: 1 } });
    const list = await fetch(`${killed.url}/api/v1/execution_results?executionId=${testPlanId}`, { headers });
    expect(((await list.json()) as { totalElements: number }).totalElements).toBe(1);
  } finally {
    await killed?.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** The run's attempts once its first is at the tenant. */
async function waitForAttempt(runId: number): Promise<readonly Attempt[]> {
  for (let tries = 0; tries < 300; tries++) {
    const attempts = await attemptsOf(runId);
    if (attempts[0]?.executing) return attempts;
    await sleep(100);
  }
  throw new Error(`run ${runId} was not dispatched in time`);
}
