import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandLine, startCommandLine, startProctor } from '../support/command-line.ts';
import { freePort } from '../support/embedded-process.ts';

let line: CommandLine;
const plans: Record<string, number> = {};

const report = (cases: string) => `cat > {report} <<'END'\n<testsuite name="Cart">${cases}</testsuite>\nEND`;
const passes = '<testcase name="adds"/>';
/** What a test runner with colours writes. */
const fails = '<testcase name="pays"><failure message="expected &#x9;1 got 2"/></testcase>';

beforeAll(async () => {
  line = await startCommandLine();
  const add = async (name: string, command: string, more: object = {}) => {
    const executor = { type: 'command', directory: line.directory, command };
    const { id } = await line.call<{ id: number }>('POST', '/v1/plans', { name, project: 'shop', executor, ...more });
    plans[name] = id;
  };
  const configs = [{ name: 'nothing', query: [{ key: 'tags', value: ['none'], operation: 'IN' }] }];
  const suites = [{ name: 'Cart', cases: [{ name: 'adds' }] }];
  await add('green', report(passes), { configs, suites });
  await add('red', `${report(passes + fails)}\nexit 1`);
  await add('crashes', 'exit 3');
  await add('empty', report(''));
  await add('slow', 'sleep 300', { overlap: 'reject' });
  await add('variables', report('<testcase name="$GREETING"/>').replace("<<'END'", '<<END'));
});
afterAll(() => line.close());

/** Whether a log or a pipe can hold it as it is. */
const isPlain = (text: string) => !/[^\P{Cc}\n]/u.test(text);

const isCompleted = async (id: number) =>
  (await line.call<{ status: string }>('GET', `/v1/runs/${id}`)).status === 'completed';

async function startSlow(args: readonly string[] = []) {
  const started = line.start(['run', 'slow', '--wait', ...args]);
  for (let tries = 0; !/run (\d+) of slow[\s\S]*running/.test(started.stderr()) && tries < 400; tries++)
    await sleep(50);
  const id = Number(/run (\d+) of slow/.exec(started.stderr())?.[1]);
  expect(id, started.stderr()).toBeGreaterThan(0);
  return { ...started, id };
}

describe('run', () => {
  test('exits with 0 when the run passed; stdout holds the id alone, and JUnit is written', async () => {
    const junit = join(line.directory, 'reports', 'junit.xml');
    const { code, stdout, stderr } = await line.proctor(['run', 'green', '--wait', '--junit', junit]);
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    expect(stderr).toContain('PASSED');
    expect(isPlain(stderr)).toBe(true);
    expect(await readFile(junit, 'utf8')).toContain('<testcase');
  });

  test('exits with 1 when a case failed, tells it without control characters, and puts the run on stdout as JSON', async () => {
    const { code, stdout, stderr } = await line.proctor(['run', 'shop/red', '--wait', '--json'], { CI: 'true' });
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ planId: plans.red, status: 'completed', result: 'failed' });
    expect(stderr).toContain('✗ Cart › pays');
    expect(stderr).toContain('got 2');
    expect(stderr).toContain('proctor rerun');
    expect(isPlain(stderr)).toBe(true);
  });

  test('exits with 3 when the run errored', async () => {
    const { code, stderr } = await line.proctor(['run', 'crashes', '--wait']);
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('ERRORED');
  });

  test('exits with 4 when there is no such plan, and names the one that was meant', async () => {
    const { code, stdout, stderr } = await line.proctor(['run', 'gren']);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('did you mean green?');
  });

  test.each([
    [['run'], 'missing required argument'],
    [['run', 'green', '--timeout', '45'], 'as in 90s, 45m'],
    [['run', 'green', '--var', 'x'], 'NAME=value'],
    [['run', 'green', '--case', 'adds'], 'suite::name'],
    [['run', 'green', '--waits'], 'unknown option'],
    [['run', 'green', '--github-summary'], 'GITHUB_STEP_SUMMARY'],
    [['run', 'green', '--environment', 'staging'], 'no environment of the project shop named staging'],
    [['run', 'green', '--config', 'no such'], 'no such'],
    [['status', 'green'], 'id of a run'],
  ])('exits with 4 on %j and says how it is meant', async (args, message) => {
    const { code, stdout, stderr } = await line.proctor(args);
    expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('exits with 5 when nothing was tested or selected', async () => {
    const [empty, selected] = await Promise.all([
      line.proctor(['run', 'empty', '--wait']),
      line.proctor(['run', 'green', '--config', 'nothing']),
    ]);
    expect([empty.code, selected.code], empty.stderr + selected.stderr).toEqual([5, 5]);
  });

  test('exits with 6 when the wait timed out and leaves the run going, with 7 while it goes on', async () => {
    const { code, stdout, stderr } = await line.proctor(['run', 'slow', '--timeout', '1s']);
    expect(code, stderr).toBe(6);
    const id = Number(stdout);
    expect(stderr).toContain(`proctor watch ${id}`);
    const refused = await line.proctor(['run', 'slow', '--wait']);
    expect({ code: refused.code, stdout: refused.stdout }, refused.stderr).toEqual({ code: 7, stdout: '' });
    expect(refused.stderr).toContain(String(id));
    const stopped = await line.proctor(['stop', String(id), '--json']);
    expect(stopped.code, stopped.stderr).toBe(0);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ id, result: 'stopped' });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s stops the run and exits with 2', async (signal) => {
    const { child, finished, id } = await startSlow();
    child.kill(signal);
    const { code, stderr } = await finished;
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(`run ${id} is stopped`);
    expect(await isCompleted(id)).toBe(true);
  });

  test('Ctrl-C leaves the run going with --detach-on-interrupt; who watches it sees that others stopped it: 3', async () => {
    const { child, finished, id } = await startSlow(['--detach-on-interrupt']);
    child.kill('SIGINT');
    expect((await finished).code).toBe(2);
    expect(await isCompleted(id)).toBe(false);
    const watching = line.start(['watch', String(id)]);
    while (!watching.stderr().includes('running')) await sleep(50);
    await line.proctor(['stop', String(id)]);
    const { code, stderr } = await watching.finished;
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('STOPPED');
  });

  test('hands variables and cases to the tests', async () => {
    const args = ['run', String(plans.variables), '--var', 'GREETING=hello=you', '--wait', '--json', '--build', '7'];
    const { code, stdout, stderr } = await line.proctor(args);
    expect(code, stderr).toBe(0);
    const run: { id: number; buildNo: string } = JSON.parse(stdout);
    const { cases } = await line.call<{ cases: { name: string }[] }>('GET', `/v1/runs/${run.id}/cases`);
    expect({ build: run.buildNo, names: cases.map(({ name }) => name) }).toEqual({ build: '7', names: ['hello=you'] });
    const picked = await line.proctor(['run', 'green', '--case', 'Cart::adds', '--json']);
    expect(JSON.parse(picked.stdout)).toMatchObject({ requested: '1 case' });
  });

  test('adds the results to the summary of a job of GitHub Actions', async () => {
    const file = join(line.directory, 'summary.md');
    await writeFile(file, 'before\n');
    const { code } = await line.proctor(['run', 'red', '--github-summary'], { CI: 'true', GITHUB_STEP_SUMMARY: file });
    expect(code).toBe(1);
    const summary = await readFile(file, 'utf8');
    expect(summary).toMatch(/^before\n### ❌ red: failed\n/);
    expect(summary).toContain('| 2 | 1 | 1 |');
    expect(summary).toContain('Cart › pays');
  });
});

describe('other commands on runs', () => {
  test('status, explain and rerun tell and repeat what did not pass', async () => {
    const { stdout } = await line.proctor(['run', 'red', '--wait']);
    const id = stdout.trim();
    const [status, explained, rerun] = await Promise.all([
      line.proctor(['status', id]),
      line.proctor(['explain', id]),
      line.proctor(['rerun', id, '--wait', '--json']),
    ]);
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(new RegExp(`^run ${id} of red: failed\n`));
    expect(status.stdout).toContain('2 cases: 1 passed, 1 failed');
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain('pays');
    expect(rerun.code, rerun.stderr).toBe(1);
    expect(JSON.parse(rerun.stdout)).toMatchObject({ rerunOf: Number(id), rerunType: 'failed' });
    const both = await line.proctor(['rerun', id, '--all', '--failed']);
    expect(both.code).toBe(4);
  });
});

describe('the connection', () => {
  test('nobody listening is 3 and says how to start it', async () => {
    const { code, stderr } = await line.proctor(['status', '1'], {
      PROCTOR_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(code).toBe(3);
    expect(stderr).toContain('is Proctor running? Start it with npm start');
  });

  test('a refused key is 4 and names the variable', async () => {
    const { code, stderr } = await line.proctor(['status', '1'], { PROCTOR_KEY: 'wrong' });
    expect(code).toBe(4);
    expect(stderr).toContain('PROCTOR_KEY');
  });

  test('the key of this machine is sent to no other one', async () => {
    const { code, stderr } = await line.proctor(['status', '1'], { PROCTOR_URL: 'https://proctor.invalid' });
    expect(code).toBe(4);
    expect(stderr).toContain('no API key for https://proctor.invalid: set PROCTOR_KEY');
  });

  test('help is no mistake', async () => {
    const { code, stdout } = await startProctor(['run', '--help'], {}).finished;
    expect(code).toBe(0);
    expect(stdout).toContain('--detach-on-interrupt');
  });
});
