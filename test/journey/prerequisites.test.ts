import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJUnit } from '../../lib/adapters/junit/read-junit.ts';
import { until } from '../executors/command/job-harness.ts';
import { type HttpRunner, startHttpRunner } from '../executors/http-runner.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
let runner: HttpRunner;
beforeAll(async () => {
  proctor = await startTestSystem();
  runner = await startHttpRunner();
});
afterAll(async () => {
  await runner.close();
  await proctor.close();
});

interface Created {
  readonly id: number;
}
interface Attempts {
  readonly attempts: {
    readonly why: string;
    readonly purpose: string;
    readonly requested: string[];
    readonly executing: string;
  }[];
}
interface Explained {
  readonly sentence: string;
  readonly steps: { readonly kind: string; readonly sentence: string }[];
}

const suites = [
  {
    name: 'Shop',
    cases: [
      { name: 'browses' },
      { name: 'refunds', prerequisites: ['pays'] },
      { name: 'pays', prerequisites: ['logs in'] },
      { name: 'logs in' },
    ],
  },
];
/** Each case writes its name down; `logs in` fails as often as the file `failures` says. */
const source = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
describe('Shop', () => {
  for (const name of ['browses', 'refunds', 'pays', 'logs in']) {
    it(name, () => {
      appendFileSync('ran', name + '\\n');
      const failures = Number(readFileSync('failures', 'utf8'));
      if (name !== 'logs in' || failures === 0) return;
      writeFileSync('failures', String(failures - 1));
      throw new Error('no account');
    });
  }
});
`;

/** A plan whose command is node:test over a file of its own. */
async function makePlan(name: string, failures: number): Promise<{ planId: number; ran: () => Promise<string[]> }> {
  const directory = join(proctor.directory, name);
  await mkdir(directory);
  await writeFile(join(directory, 'shop.test.mjs'), source);
  await writeFile(join(directory, 'failures'), String(failures));
  const executor = {
    type: 'command',
    directory,
    command: 'node --test {selection} shop.test.mjs',
    selector: 'node:test',
  };
  const { body } = await proctor.post<Created>('/v1/plans', { name, executor, suites, rerun: { max: 1 } });
  const ran = async () => (await readFile(join(directory, 'ran'), 'utf8')).trim().split('\n');
  return { planId: body.id, ran };
}

test('a command runs in stages, and what a rerun heals lets the others run', { timeout: 120_000 }, async () => {
  const { planId, ran } = await makePlan('healed', 1);
  const { body } = await proctor.post<Created>(`/v1/plans/${planId}/runs`, {});
  const run = await proctor.completed(body.id);
  expect(run).toMatchObject({ result: 'passed', attempt: 4, counts: { total: 4, passed: 4, flaky: 1 } });
  expect(await ran()).toEqual(['browses', 'logs in', 'logs in', 'pays', 'refunds']);
  const { attempts } = (await proctor.call<Attempts>(`/v1/runs/${body.id}/attempts`)).body;
  expect(attempts.map(({ why, purpose, executing }) => [why, purpose, executing])).toEqual([
    ['first', 'stage 1: 2 cases without prerequisites', '2 cases'],
    ['rerun', 'automatic rerun 1 of 1: 1 case that had not passed', '1 case'],
    ['stage', 'stage 2: 1 case whose prerequisites passed', '1 case'],
    ['stage', 'stage 3: 1 case whose prerequisites passed', '1 case'],
  ]);
  expect(attempts[0]?.requested).toEqual(['Shop › browses', 'Shop › logs in']);
  const { steps } = (await proctor.call<Explained>(`/v1/runs/${body.id}/explain`)).body;
  const sentences = steps.filter(({ kind }) => kind === 'attempt').map(({ sentence }) => sentence);
  expect(sentences[2]).toMatch(
    /^Attempt 3 was stage 2: 1 case whose prerequisites passed \(Shop › pays\); it was taken by the executor, which ran 1 case; it ended after /,
  );
});

test('cases whose prerequisite fails are PRE_REQUISITE_FAILURE on the wire and skipped in the report', {
  timeout: 120_000,
}, async () => {
  const { planId, ran } = await makePlan('broken', 9);
  const { body } = await proctor.post<Created>('/api/v1/execution_results', { executionId: planId });
  expect(await proctor.completed(body.id)).toMatchObject({ result: 'failed', reason: 'casesFailed', attempt: 2 });
  expect(await ran()).toEqual(['browses', 'logs in', 'logs in']);

  const status = await proctor.call(`/api/v1/execution_results/${body.id}`);
  expect(status.body).toMatchObject({
    status: 'STATUS_COMPLETED',
    result: 'FAILURE',
    totalCount: 4,
    passedCount: 1,
    failedCount: 1,
    preRequisiteFailedCount: 2,
    notExecutedCount: 0,
  });
  const cases = await proctor.call<{ testCases: Record<string, unknown>[] }>(
    `/api/v1/execution_results/${body.id}/test_case_results`,
  );
  expect(
    cases.body.testCases.map(({ testCaseName, result, message, duration }) => ({
      testCaseName,
      result,
      message,
      duration,
    })),
  ).toEqual([
    { testCaseName: 'browses', result: 'SUCCESS', message: null, duration: expect.any(Number) },
    {
      testCaseName: 'refunds',
      result: 'PRE_REQUISITE_FAILURE',
      message: 'Not run: its prerequisite Shop › pays was not run for the same reason.',
      duration: null,
    },
    {
      testCaseName: 'pays',
      result: 'PRE_REQUISITE_FAILURE',
      message: 'Not run: its prerequisite Shop › logs in did not pass.',
      duration: null,
    },
    {
      testCaseName: 'logs in',
      result: 'FAILURE',
      message: expect.stringContaining('no account'),
      duration: expect.any(Number),
    },
  ]);
  const { text } = await proctor.call(`/api/v1/reports/junit/${body.id}`);
  expect(text).toMatch(/<testsuite [^>]*tests="4" failures="1" errors="0" skipped="2"/);
  const reported = [];
  for await (const some of readJUnit([Buffer.from(text)])) reported.push(...some);
  expect(reported.map(({ name, result }) => [name, result])).toEqual([
    ['browses', 'passed'],
    ['refunds', 'skipped'],
    ['pays', 'skipped'],
    ['logs in', 'failed'],
  ]);
  const explained = (await proctor.call<Explained>(`/v1/runs/${body.id}/explain`)).body;
  expect(explained.steps.find(({ kind }) => kind === 'blocked')?.sentence).toBe(
    '2 cases did not run because a prerequisite did not pass: Shop › refunds, Shop › pays.',
  );
});

interface Message {
  readonly key: string;
  readonly planName: string;
  readonly selection: { suite: string; className: string; name: string }[] | null;
  readonly prerequisites: { name: string; prerequisites: { name: string }[] }[];
  readonly executionDetails: Record<string, unknown>;
  readonly callback: { url: string; token: string };
}

/** The nth dispatch the runner got of the plan, answered with results by callback. */
async function answer(planName: string, nth: number, result: (name: string) => string): Promise<Message> {
  const messages = () =>
    runner.received.filter(({ url, json }) => url === '/start' && json.planName === planName).map(({ json }) => json);
  await until(() => messages().length > nth);
  const message = messages()[nth] as unknown as Message;
  const cases = (
    message.selection ?? suites.flatMap(({ name: suite, cases }) => cases.map(({ name }) => ({ suite, name })))
  ).map(({ suite, name }) => ({ suite, name, result: result(name) }));
  const response = await fetch(`${message.callback.url}/results`, {
    method: 'POST',
    headers: { authorization: `Bearer ${message.callback.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cases, final: true }),
  });
  expect(response.status).toBe(202);
  return message;
}

const httpPlan = (name: string, selects: string) => ({
  name,
  suites,
  executor: { type: 'http', url: `${runner.origin}/start`, selects },
  settings: { onCasePrerequisiteFail: 'Continue' },
});

test('a runner that selects cases gets them stage by stage, with what the plan wants before each', async () => {
  const { body: plan } = await proctor.post<Created>('/v1/plans', httpPlan('by http', 'cases'));
  const { body } = await proctor.post<Created>(`/v1/plans/${plan.id}/runs`, {});
  const messages = [];
  for (let nth = 0; nth < 3; nth++) {
    messages.push(await answer('by http', nth, (name) => (name === 'logs in' ? 'failed' : 'passed')));
  }
  expect(messages.map(({ selection }) => selection?.map(({ name }) => name))).toEqual([
    ['browses', 'logs in'],
    ['pays'],
    ['refunds'],
  ]);
  expect(
    messages.map(({ prerequisites }) => prerequisites.map((one) => [one.name, one.prerequisites[0]?.name])),
  ).toEqual([[], [['pays', 'logs in']], [['refunds', 'pays']]]);
  expect(messages[1]?.executionDetails).toMatchObject({
    test_case_prerequisite_fail: 'Continue',
    group_prerequisite_fail: 'Abort',
  });
  expect(await proctor.completed(body.id)).toMatchObject({
    result: 'failed',
    counts: { passed: 3, failed: 1, blocked: 0 },
  });
  const { attempts } = (await proctor.call<Attempts>(`/v1/runs/${body.id}/attempts`)).body;
  expect(attempts[2]?.purpose).toBe('stage 3: 1 case whose prerequisites are over');
});

test('a runner that selects nothing gets everything with its prerequisites, and the run says that they are its', async () => {
  const { body: plan } = await proctor.post<Created>('/v1/plans', httpPlan('all by http', 'nothing'));
  const { body } = await proctor.post<Created>(`/v1/plans/${plan.id}/runs`, {});
  const message = await answer('all by http', 0, (name) => (name === 'refunds' ? 'blocked' : 'passed'));
  expect(message.selection).toBeNull();
  expect(message.prerequisites.map(({ name }) => name)).toEqual(['refunds', 'pays']);
  expect(await proctor.completed(body.id)).toMatchObject({ result: 'failed', counts: { passed: 3, blocked: 1 } });
  const { steps } = (await proctor.call<Explained>(`/v1/runs/${body.id}/explain`)).body;
  expect(steps.find(({ kind }) => kind === 'prerequisites')?.sentence).toBe(
    'Its executor selects no cases, so prerequisites are left to it.',
  );
});
