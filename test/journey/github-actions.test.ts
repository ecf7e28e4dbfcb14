import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../executors/command/job-harness.ts';
import { toJUnit } from '../executors/to-junit.ts';
import { type FakeGithub, type Job, type JobEnd, startFakeGithub } from '../support/fake-github.ts';
import { type NativeRun, startTestSystem, type TestSystem } from '../support/local.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const shop = join(import.meta.dirname, '../../examples/shop');
const optional = { required: false };
const inputs = { proctor_key: { required: true }, proctor_selection: optional };

let proctor: TestSystem;
let github: FakeGithub;
let directory: string;
/** The job of `e2e.yml`, which a test may exchange. */
let job: (job: Job) => Promise<JobEnd>;

beforeAll(async () => {
  process.env.FAKE_GITHUB_TOKEN = 'github_pat_canary';
  proctor = await startTestSystem();
  directory = await mkdtemp(join(tmpdir(), 'proctor-actions-'));
});
afterAll(async () => {
  await proctor.close();
  await rm(directory, { recursive: true, force: true });
  delete process.env.FAKE_GITHUB_TOKEN;
});
beforeEach(async () => {
  github = await startFakeGithub();
  github.workflows.set('e2e.yml', {
    inputs,
    runName: ({ proctor_key: key = '' }) => `e2e ${key}`,
    job: (one) => job(one),
  });
});
afterEach(() => github.close());

const addPlan = async (change: Record<string, unknown> = {}, executor: Record<string, unknown> = {}) => {
  const { body } = await proctor.post<{ id: number }>('/v1/plans', {
    name: `e2e ${Math.random()}`,
    executor: {
      type: 'github-actions',
      repository: 'acme/shop',
      workflow: 'e2e.yml',
      token: 'env:FAKE_GITHUB_TOKEN',
      apiUrl: github.origin,
      selector: { arguments: '--test-name-pattern=^(?:{pattern})$' },
      ...executor,
    },
    commitStatus: { context: 'e2e' },
    ...change,
  });
  return body;
};

const trigger = async (planId: number) => {
  const { body, status } = await proctor.post<NativeRun & { commit: unknown }>(`/v1/plans/${planId}/runs`, {
    commit: { sha },
  });
  expect([status, body.commit]).toEqual([202, { sha }]);
  return body;
};

/** Looks at the run now instead of at the next poll, once the workflow run is over. */
const lookAfter = async (runId: number, nth: number): Promise<void> => {
  await until(() => github.runs[nth]?.status === 'completed');
  const look = async (): Promise<boolean> => {
    const run = await proctor.system.services.runs.getRun(runId);
    if (run?.dispatch !== 'accepted' && run?.status !== 'completed') return false;
    if (run.status !== 'completed') await proctor.system.services.workflow.wake(run, 'look');
    return run.status === 'completed' || run.attempt > nth + 1;
  };
  await expect.poll(look, { timeout: 10_000, interval: 50 }).toBe(true);
};

const statusesOf = () =>
  github.statuses.filter(({ context }) => context === 'e2e').map(({ state, description }) => [state, description]);
const shown = () => expect.poll(() => github.status(sha, 'e2e')?.state, { timeout: 5000 });

/** Runs tests of the sample shop as a step of the workflow would. */
const runShop = async ({
  inputs: { proctor_key: key = '', proctor_selection: selection = '' },
}: Job): Promise<JobEnd> => {
  const report = join(directory, `${key}.xml`);
  const reporters = `--test-reporter=junit --test-reporter-destination=${report}`;
  const command = `eval "node --test ${reporters} $SELECTION tests/checkout.test.js"`;
  const env = { PATH: process.env.PATH, SELECTION: selection, PROCTOR_RUN_ID: key.replace(/-a[0-9]+-/, '-') };
  const code = await new Promise<number>((resolve) => {
    execFile('sh', ['-c', command], { cwd: shop, env }, (error) => resolve(error === null ? 0 : 1));
  });
  const xml = await readFile(report, 'utf8');
  return { conclusion: code === 0 ? 'success' : 'failure', artifacts: { junit: { 'junit.xml': xml } } };
};

describe('a plan that runs a workflow of GitHub Actions', () => {
  test('reruns just what failed, reads the artifacts, and shows all of it at the commit', async () => {
    job = runShop;
    const plan = await addPlan({ rerun: { max: 1 } });
    const { id } = await trigger(plan.id);
    await shown().toBe('pending');
    await lookAfter(id, 0);
    await lookAfter(id, 1);
    const run = await proctor.completed(id);
    expect(run).toMatchObject({ result: 'passed', attempt: 2, counts: { failed: 0, flaky: 1 } });
    expect(github.runs.map((one) => one.inputs.proctor_selection)).toEqual([
      '',
      "'--test-name-pattern=^(?:pays at the bank)$'",
    ]);
    await shown().toBe('success');
    expect(statusesOf()).toEqual([
      ['pending', `Run ${id} is under way`],
      ['success', `${run.counts.passed} passed, 1 flaky`],
    ]);
    expect(github.status(sha, 'e2e')?.target_url).toBe(`${proctor.system.url}/runs/${id}`);
    const { body } = await proctor.call<{ attempts: { link: string; executing: string }[] }>(`/v1/runs/${id}/attempts`);
    expect(body.attempts.map(({ executing }) => executing)).toEqual([
      'everything',
      '1 case (cases of the same name in other suites run too)',
    ]);
    expect(JSON.stringify(body)).toContain(`https://github.example/acme/shop/actions/runs/${github.runs[0]?.id}`);
  });

  test('is stopped on GitHub, and the commit says so', async () => {
    job = () => new Promise(() => {});
    const { id } = await trigger((await addPlan()).id);
    await until(() => github.runs.length === 1);
    await proctor.call(`/v1/runs/${id}/stop`, { method: 'POST' });
    expect(await proctor.completed(id)).toMatchObject({ result: 'stopped', reason: 'requested' });
    expect(github.runs[0]).toMatchObject({ cancels: ['cancel'], conclusion: 'cancelled' });
    await shown().toBe('error');
    expect(github.status(sha, 'e2e')?.description).toMatch(/^Stopped/);
  });

  test('takes results by callback, with the token it sent, before the workflow is over', async () => {
    const callbacks = { proctor_callback_url: optional, proctor_callback_token: optional };
    github.workflows.set('e2e.yml', { inputs: { ...inputs, ...callbacks }, job: (one) => job(one) });
    let answered: number | undefined;
    job = async ({ inputs: { proctor_callback_url: url = '', proctor_callback_token: token = '' } }) => {
      const body = toJUnit([
        { suite: 's', className: 'c', name: 'one', result: 'failed', durationMs: 1, message: 'no' },
      ]);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/xml' };
      answered = (await fetch(url, { method: 'POST', headers, body })).status;
      return { conclusion: 'failure' };
    };
    const { id } = await trigger((await addPlan({}, { callback: true })).id);
    expect(await proctor.completed(id)).toMatchObject({ result: 'failed', counts: { failed: 1 } });
    expect(answered).toBe(202);
    await shown().toBe('failure');
  });

  const report = (result: 'passed' | 'failed'): JobEnd['artifacts'] => ({
    junit: {
      'junit.xml': toJUnit([{ suite: 's', className: 'c', name: 'one', result, durationMs: 1, message: 'no' }]),
    },
  });
  test.each<[string, JobEnd, Record<string, unknown>, string, string]>([
    ['failed', { conclusion: 'failure', artifacts: report('failed') ?? {} }, {}, 'failure', '1 failed'],
    ['errored', { conclusion: 'timed_out' }, {}, 'error', 'Errored'],
    [
      'noTests',
      { conclusion: 'success', artifacts: { junit: { 'junit.xml': '<testsuites/>' } } },
      {},
      'failure',
      'No tests ran',
    ],
  ])('that ends as %s shows it at the commit', async (result, end, change, state, description) => {
    job = async () => end;
    const { id } = await trigger((await addPlan(change)).id);
    await lookAfter(id, 0);
    expect(await proctor.completed(id)).toMatchObject({ result });
    await shown().toBe(state);
    expect(github.status(sha, 'e2e')?.description).toBe(description);
  });

  test('that runs out of time shows it at the commit, and what is left is to be cancelled', async () => {
    job = () => new Promise(() => {});
    const { id } = await trigger((await addPlan({ deadlines: { runSeconds: 1 } })).id);
    await until(() => github.runs.length === 1);
    expect(await proctor.completed(id)).toMatchObject({ result: 'timedOut' });
    await shown().toBe('error');
    expect(github.status(sha, 'e2e')?.description).toMatch(/^Timed out/);
    // The sweeper cancels it, and goes on until GitHub says that it is over.
    expect((await proctor.system.services.runs.getRun(id))?.cancelPending).toBe(true);
  });

  test('whose executor refuses it shows it at the commit', async () => {
    const { id } = await trigger((await addPlan({}, { workflow: 'missing.yml' })).id);
    expect(await proctor.completed(id)).toMatchObject({ result: 'errored', reason: 'executorRefused' });
    await shown().toBe('error');
  });

  test('whose workflow crashed in Proctor shows it at the commit', async () => {
    job = () => new Promise(() => {});
    const { id } = await trigger((await addPlan()).id);
    const { services } = proctor.system;
    await until(() => github.runs.length === 1);
    for (let n = 1; n <= 4; n++) await services.runs.continueExecution(id, n, Date.now());
    const run = await services.runs.getRun(id);
    if (run) await services.workflow.wake(run, 'look');
    expect(await proctor.completed(id)).toMatchObject({ result: 'errored', reason: 'executionCrashed' });
    await shown().toBe('error');
  });

  test('a waiting run is pending at its commit, and one that is rerun keeps its commit', async () => {
    let finish = (_: JobEnd): void => {};
    job = () => new Promise((resolve) => (finish = resolve));
    const plan = await addPlan();
    const first = await trigger(plan.id);
    await until(() => github.runs.length === 1);
    const second = await trigger(plan.id);
    expect(second.status).toBe('queued');
    await expect.poll(() => statusesOf().length, { timeout: 5000 }).toBe(2);
    await proctor.call(`/v1/runs/${second.id}/stop`, { method: 'POST' });
    finish({ conclusion: 'failure', artifacts: report('failed') ?? {} });
    await lookAfter(first.id, 0);
    await proctor.completed(first.id);
    job = async () => ({ conclusion: 'success', artifacts: report('passed') ?? {} });
    const rerun = await proctor.post<NativeRun>(`/v1/runs/${first.id}/rerun`, {});
    await lookAfter(rerun.body.id, 1);
    expect(await proctor.completed(rerun.body.id)).toMatchObject({ result: 'passed', commit: { sha } });
    await shown().toBe('success');
  });
});
