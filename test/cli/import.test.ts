import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';
import { startFakeTestinium } from '../support/fake-testinium.ts';
import { type FakeTestsigma, startFakeTestsigma } from '../support/fake-testsigma.ts';

let line: CommandLine;
let testsigma: FakeTestsigma;
let testinium: Awaited<ReturnType<typeof startFakeTestinium>>;
beforeAll(async () => {
  [line, testsigma, testinium] = await Promise.all([startCommandLine(), startFakeTestsigma(), startFakeTestinium()]);
});
afterEach(() => {
  testsigma.answer = undefined;
  testinium.before = undefined;
});
afterAll(() => Promise.all([line.close(), testsigma.close(), testinium.close()]));

/** Answers by the path of a request, without its query; what it does not know goes on. */
function answerer(answers: Readonly<Record<string, unknown>>) {
  return ({ path }: { path: string }, response: ServerResponse): boolean => {
    const found = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (found === undefined) return false;
    const isStatus = typeof found === 'number';
    response.writeHead(isStatus ? found : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isStatus ? {} : found));
    return true;
  };
}

const page = (content: readonly unknown[]) => ({ content, last: true });

function answerTestsigma(change: Readonly<Record<string, unknown>> = {}): void {
  const by = answerer({
    '/api/v1/test_plans': page([
      {
        id: 58,
        name: 'Checkout smoke',
        description: 'All of it',
        environmentId: 12,
        reRunType: 'NONE',
        mailList: 'a@b.c',
      },
      { id: 59, name: 'Checkout <smoke>', reRunType: 'ONLY_FAILED_TESTS' },
    ]),
    '/api/v1/environments': page([{ id: 12, name: 'staging', variables: [{ key: 'TOKEN', value: 's3cret' }] }]),
    '/api/v1/saved_execution_configs': [{ id: 7, name: 'payments only', query: '[]' }],
    '/api/v1/schedule_executions': page([]),
    ...change,
  });
  testsigma.answer = ({ url }, response) => by({ path: url.replace(/\?.*/, '') }, response);
}

async function importInto(directory: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const out = join(line.directory, directory);
  const { code, stdout, stderr } = await line.proctor(['plans', 'import', ...args, '--out', out], env);
  const read = async (name: string) => readFile(join(out, name), 'utf8');
  return { out, code, stdout, stderr, read, plan: async (name: string) => parse(await read(name)) };
}

test('plans of a Testsigma tenant become files that validate, apply once, and are never overwritten unasked', async () => {
  const schedule = { executionId: 58, scheduleType: 'WEEKLY', status: 'ACTIVE', timezone: 'Europe/Istanbul' };
  answerTestsigma({
    '/api/v1/schedule_executions': page([
      { ...schedule, id: 41, name: 'weekly', nextInterval: Date.UTC(2027, 0, 18, 6, 30), comments: 'asked for\nby QA' },
      {
        ...schedule,
        id: 42,
        name: 'weekly',
        status: 'IN_ACTIVE',
        nextInterval: Date.UTC(2027, 0, 19),
        timezone: 'IST',
      },
      {
        ...schedule,
        id: 43,
        name: 'part',
        nextInterval: Date.UTC(2027, 0, 20),
        executionConfig: { name: 'payments only' },
      },
      { ...schedule, id: 44, name: 'over', scheduleType: 'ONCE', nextInterval: 1_000_000_000_000 },
    ]),
  });
  testsigma.addRun({
    cases: [
      { suite: 'Payment', name: 'pays by card', result: 'SUCCESS' },
      {
        suite: 'Payment',
        name: 'pays by voucher',
        result: 'FAILURE',
        iterations: { small: 'SUCCESS', large: 'FAILURE' },
      },
      { suite: 'Cart', name: 'applies coupon', result: 'SUCCESS' },
    ],
  });
  const args = ['testsigma', '--url', testsigma.origin, '--plan', '58', '4711'];
  const env = { TESTSIGMA_KEY: 'the-secret-key' };
  const { code, stdout, stderr, out, plan, read } = await importInto('testsigma', args, env);
  expect(code, stderr).toBe(0);
  const files = ['checkout-smoke.yaml', 'checkout-smoke-payments-only.yaml'].map((name) => join(out, name));
  expect(stdout.trimEnd().split('\n')).toEqual(files);
  const executor = {
    type: 'testsigma',
    url: testsigma.origin,
    apiKey: 'env:TESTSIGMA_KEY',
    testPlanId: 58,
    environmentId: 12,
    environments: { staging: 12 },
  };
  expect(await plan('checkout-smoke.yaml')).toEqual({
    name: 'Checkout smoke',
    description: 'All of it',
    executor,
    schedules: [
      { name: 'weekly', every: 'week', at: '2027-01-18T09:30:00', timezone: 'Europe/Istanbul', enabled: false },
      { name: 'weekly (42)', every: 'week', at: '2027-01-19T05:30:00', timezone: 'IST', enabled: false },
    ],
    suites: [
      {
        name: 'Payment',
        cases: [{ name: 'pays by card' }, { name: 'pays by voucher', iterations: ['small', 'large'] }],
      },
      { name: 'Cart', cases: [{ name: 'applies coupon' }] },
    ],
  });
  expect(await plan('checkout-smoke-payments-only.yaml')).toMatchObject({
    executor: { ...executor, config: 'payments only' },
    schedules: [{ name: 'part', enabled: false }],
  });
  const text = await read('checkout-smoke.yaml');
  expect(text).toMatch(/# schedule 41, fires at the tenant: pause it there before it may here asked for by QA\n/);
  expect(text).toMatch(/# schedule 42, paused at the tenant, too\n/);
  expect(text).toContain('not brought over: its mail list');
  expect(stderr).toContain('plan 4711 was left out: the tenant shows no such plan');
  expect(stderr).toContain('schedule 44 (over): its one time is over');
  expect(`${text}${stderr}${stdout}`).not.toMatch(/the-secret-key|s3cret/);

  const validated = await line.proctor(['plans', 'validate', ...files]);
  expect(validated.code, validated.stderr).toBe(0);
  const applied = await line.proctor(['plans', 'apply', ...files, '--json']);
  expect(JSON.parse(applied.stdout), applied.stderr).toMatchObject([{ change: 'create' }, { change: 'create' }]);
  const schedules: { status: string }[] = JSON.parse((await line.proctor(['schedules', 'list', '--json'])).stdout);
  expect(schedules.map(({ status }) => status)).toEqual(['paused', 'paused', 'paused']);

  await writeFile(files[1] ?? '', 'mine');
  const again = await line.proctor(['plans', 'import', ...args, '--out', out], env);
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(again.stderr).toContain(`these are there already: ${files.join(', ')}; --force`);
  expect(await readFile(files[1] ?? '', 'utf8')).toBe('mine');
  const forced = await line.proctor(['plans', 'import', ...args, '--out', out, '--force', '--json'], env);
  expect(JSON.parse(forced.stdout), forced.stderr).toMatchObject({
    written: [{ file: files[0], plan: 'Checkout smoke', tenantPlanId: 58 }, { file: files[1] }],
    leftOut: [{ tenantPlanId: 4711 }],
  });
});

test('a tenant that serves less gives less, and says what; machines are declared where every case ran on each', async () => {
  answerTestsigma({
    '/api/v1/schedule_executions': 403,
    '/api/v1/environments': 404,
    '/api/v1/saved_execution_configs': 404,
  });
  const lanes = (name: string) =>
    ['chrome', 'firefox'].map((machine) => ({ suite: 'A', name, machine, result: 'SUCCESS' }));
  testsigma.addRun({ cases: [...lanes('x'), ...lanes('y')] });
  const { code, stderr, plan, out } = await importInto(
    'less',
    ['testsigma', '--url', testsigma.origin, '--key-from', 'K', '--reference', 'ssm:/proctor/t', '--project', 'shop'],
    { K: 'k' },
  );
  expect(code, stderr).toBe(0);
  expect(await plan('checkout-smoke.yaml')).toMatchObject({
    project: 'shop',
    executor: { apiKey: 'ssm:/proctor/t' },
    machines: ['chrome', 'firefox'],
    suites: [{ name: 'A', cases: [{ name: 'x' }, { name: 'y' }] }],
  });
  expect(await readdir(out)).toEqual(['checkout-smoke-59.yaml', 'checkout-smoke.yaml']);
  expect(await plan('checkout-smoke-59.yaml')).toMatchObject({ name: 'Checkout  smoke', executor: { testPlanId: 59 } });
  expect(stderr).toContain('its schedules: the tenant does not list them to this key');
  expect(stderr).toContain('reruns by itself at the tenant (ONLY_FAILED_TESTS)');
});

test('a tenant that refuses the key is exit code 4, one that is away or nonsense 3, and nothing is written', async () => {
  const run = async (answers: Record<string, unknown> | undefined, url = testsigma.origin) => {
    if (answers) answerTestsigma(answers);
    return importInto('refused', ['testsigma', '--url', url], { TESTSIGMA_KEY: 'k' });
  };
  expect(await run({ '/api/v1/test_plans': 401 })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('TESTSIGMA_KEY'),
  });
  expect((await run({ '/api/v1/test_plans': { content: [{ id: 'x' }] } })).code).toBe(3);
  const away = await run(undefined, 'http://127.0.0.1:1');
  expect(away).toMatchObject({ code: 3, stdout: '' });
  await expect(readdir(away.out)).rejects.toThrow('ENOENT');
});

test('plans of a Testinium tenant become files with the names its executor reports', async () => {
  const [one, two] = [testinium.scenarioIdOf('pays'), testinium.scenarioIdOf('applies coupon')];
  const environment = (id: number, name: string) => ({ environment: { id, name, browser_type: name.toUpperCase() } });
  const plans = [
    {
      id: 204,
      plan_name: 'checkout-smoke',
      project_name: 'shop-web',
      description: 'Checkout on two browsers',
      enabled: false,
      is_parent: false,
      childs: [],
      scenarios: [one, two],
      environment_resolutions: [environment(31, 'chrome'), environment(32, 'firefox')],
      failed_test_retry_count: 1,
      period: { period_type: 'REPETITIVE', days_of_week: '', repeat_period: 60 },
      alerts: [{}],
    },
    { id: 210, plan_name: 'all', is_parent: true, childs: [{ id: 204, plan_name: 'checkout-smoke' }], scenarios: [] },
    { id: 205, plan_name: 'api', scenarios: [4711], period: { period_type: 'ONCE' } },
  ];
  testinium.before = answerer({ '/Testinium.RestApi/api/plans': plans });
  const args = ['testinium', '--url', testinium.origin, '--username', 'proctor'];
  const { code, stderr, plan, read } = await importInto('testinium', args, { TESTINIUM_PASSWORD: testinium.secret });
  expect(code, stderr).toBe(0);
  expect(await plan('checkout-smoke.yaml')).toEqual({
    name: 'checkout-smoke',
    project: 'shop-web',
    description: 'Checkout on two browsers',
    enabled: false,
    executor: {
      type: 'testinium',
      url: testinium.origin,
      username: 'proctor',
      password: 'env:TESTINIUM_PASSWORD',
      planId: 204,
    },
    schedules: [{ name: 'repeat', rate: '60 minutes', enabled: false }],
    machines: ['chrome', 'firefox'],
    suites: [{ name: 'checkout-smoke', cases: [{ name: 'pays' }, { name: 'applies coupon' }] }],
  });
  expect(await read('checkout-smoke.yaml')).toContain(
    '# repeats at the tenant: make it manual there before it may fire here',
  );
  expect(await plan('api.yaml')).not.toHaveProperty('suites');
  expect(stderr).toContain(
    'api.yaml: not brought over: its cases: the tenant does not tell the names of all its scenarios',
  );
  expect(stderr).toContain('api.yaml: not brought over: its period (ONCE)');
  expect(stderr).toMatch(/checkout-smoke.yaml: not brought over: retries failed tests by itself/);
  expect(stderr).toContain('plan 210 (all) was left out: it is a parent of checkout-smoke (204)');
  const wrong = await importInto('wrong', args, { TESTINIUM_PASSWORD: 'wrong' });
  expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('The secret is from TESTINIUM_PASSWORD') });
  expect(wrong.stderr).not.toContain('"wrong"');
});

test('plans of another Proctor are imported by either API and can be applied', async () => {
  const executor = {
    type: 'command',
    directory: line.directory,
    command: 'echo \'<testsuite name="S"><testcase name="c"/></testsuite>\' > {report}',
  };
  const { id } = await line.call<{ id: number }>('POST', '/v1/plans', { name: 'origin', project: 'shop', executor });
  expect((await line.proctor(['run', String(id), '--wait'])).code).toBe(0);
  const env = { KEY: await line.server.key() };
  const common = ['--url', line.server.url, '--key-from', 'KEY', '--plan', String(id)];
  const one = await importInto('proctor', ['testsigma', ...common, '--project', 'a'], env);
  expect(one.code, one.stderr).toBe(0);
  expect(await one.plan('origin.yaml')).toMatchObject({ suites: [{ name: 'S', cases: [{ name: 'c' }] }] });
  const two = await importInto(
    'proctor2',
    ['testinium', ...common, '--username', 'administrator', '--project', 'b'],
    env,
  );
  expect(two.code, two.stderr).toBe(0);
  expect(await two.plan('origin.yaml')).toMatchObject({
    executor: { planId: id },
    suites: [{ name: 'S', cases: [{ name: 'c' }] }],
  });
  const files = [one, two].map(({ out }) => join(out, 'origin.yaml'));
  expect(await line.proctor(['plans', 'apply', ...files])).toMatchObject({ code: 0, stderr: '' });
});
