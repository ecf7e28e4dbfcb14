import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Executor } from '../../../lib/core/executor.ts';
import { attemptDirectory, attemptFiles } from '../../../lib/executors/command/attempt-files.ts';
import { createCommandExecutor } from '../../../lib/executors/command/command-executor.ts';
import { dispatchOf, junit, newDirectory, pollToEnd, processesWith, until } from './job-harness.ts';

let dataDirectory: string;
let executor: Executor;

const newExecutor = (stopGraceMs = 300) => createCommandExecutor({ dataDirectory, now: Date.now, stopGraceMs });
const fileOf = (name: string) => join(attemptDirectory(dataDirectory, 1, 1), name);

beforeEach(() => {
  dataDirectory = newDirectory();
  executor = newExecutor();
});

afterEach(async () => {
  await until(() => processesWith(dataDirectory).length === 0);
  rmSync(dataDirectory, { recursive: true, force: true });
});

describe('a command that ends', () => {
  it('is reported with the cases of its report', async () => {
    const dispatch = dispatchOf({ command: `echo '${junit('adds')}' > {report}` });
    const started = await executor.start(dispatch);
    expect(started).toEqual({ ref: 'run-1-a1', executing: { grain: 'everything', description: 'everything' } });
    const { list, end } = await pollToEnd(executor, dispatch);
    expect(end).toEqual({});
    expect(list).toEqual([{ suite: 'S', className: 'C', name: 'adds', result: 'passed', durationMs: 100 }]);
  });

  it('may fail when its report tells the failure, and may hide it in its exit code', async () => {
    for (const [runId, code] of [
      [1, 0],
      [2, 1],
    ] as const) {
      const dispatch = dispatchOf({ command: `echo '${junit('adds', true)}' > {report}; exit ${code}` }, { runId });
      await executor.start(dispatch);
      const { list, end } = await pollToEnd(executor, dispatch);
      expect(end).toEqual({});
      expect(list.map(({ result }) => result)).toEqual(['failed']);
    }
  });

  it('is never green when it failed and its report does not say so', async () => {
    const dispatch = dispatchOf({ command: `echo '${junit('adds')}' > {report}; exit 3` });
    await executor.start(dispatch);
    const { end } = await pollToEnd(executor, dispatch);
    expect(end.problem).toEqual({
      reason: 'reportUnreadable',
      message: 'the command exited with 3 although its report has no failure. It printed nothing.',
    });
  });

  it('without a report tells its exit code and the end of its output, without secrets', async () => {
    const variables = { PASSWORD: 's3cret-word', FLAG: '1' };
    const command = 'for i in $(seq 200); do echo line $i; done; echo "$PASSWORD $PROCTOR_CALLBACK_TOKEN" >&2; exit 7';
    const dispatch = dispatchOf({ command }, { variables });
    await executor.start(dispatch);
    const { problem } = (await pollToEnd(executor, dispatch)).end;
    expect(problem?.reason).toBe('reportUnreadable');
    expect(problem?.message).toMatch(/^the command exited with 7 and it left no report\. Its output ends with:\nline /);
    expect(problem?.message).toMatch(/line 200\n\*\*\* \*\*\*$/);
    expect(problem?.message.length).toBeLessThan(600);
  });

  it('with a report that is empty or cut off is never green', async () => {
    for (const [runId, text] of [
      [1, ''],
      [2, junit('adds').slice(0, 100)],
    ] as const) {
      const dispatch = dispatchOf({ command: `printf %s '${text}' > {report}` }, { runId });
      await executor.start(dispatch);
      const { end } = await pollToEnd(executor, dispatch);
      expect(end.problem?.reason).toBe('reportUnreadable');
      expect(existsSync(join(attemptDirectory(dataDirectory, runId, 1), attemptFiles.report))).toBe(true);
    }
  });

  it('does not count a report of an earlier run', async () => {
    const directory = join(dataDirectory, 'shop');
    mkdirSync(directory);
    writeFileSync(join(directory, 'old.xml'), junit('old'));
    utimesSync(join(directory, 'old.xml'), new Date(), new Date(Date.now() - 60_000));
    const stale = dispatchOf({ command: 'true', directory, report: '*.xml' });
    await executor.start(stale);
    const { end, list } = await pollToEnd(executor, stale);
    expect(list).toEqual([]);
    expect(end.problem?.message).toMatch(/its report is older than its start/);

    const fresh = dispatchOf({ command: `echo '${junit('new')}' > new.xml`, directory, report: '*.xml' }, { runId: 2 });
    await executor.start(fresh);
    expect((await pollToEnd(executor, fresh)).list.map(({ name }) => name)).toEqual(['new']);
  });

  it('takes what it left running with it, even what ignores SIGTERM or left its group', async () => {
    const command = `(trap '' TERM; sleep 60) & setsid sleep 60 & echo '${junit('adds')}' > {report}`;
    const dispatch = dispatchOf({ command });
    await executor.start(dispatch);
    expect((await pollToEnd(executor, dispatch)).end).toEqual({});
    await until(() => processesWith(dataDirectory).length === 0);
  });

  it('is refused when its directory does not exist', async () => {
    const dispatch = dispatchOf({ command: 'true', directory: join(dataDirectory, 'nowhere') });
    await expect(executor.start(dispatch)).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
  });
});

describe('started more than once', () => {
  it('runs once, also when two starts race', async () => {
    const marks = join(dataDirectory, 'marks');
    const dispatch = dispatchOf({ command: `echo x >> ${marks}; sleep 0.1; echo '${junit('adds')}' > {report}` });
    const refs = await Promise.all([executor, newExecutor(), newExecutor()].map((one) => one.start(dispatch)));
    expect(new Set(refs.map(({ ref }) => ref)).size).toBe(1);
    await pollToEnd(executor, dispatch);
    await executor.start(dispatch);
    expect((await pollToEnd(executor, dispatch)).end).toEqual({});
    expect(readFileSync(marks, 'utf8')).toBe('x\n');
  });

  it('goes on where the first start crashed before it told of the job', async () => {
    const dispatch = dispatchOf({ command: `echo '${junit('adds')}' > {report}` });
    mkdirSync(fileOf('.'), { recursive: true });
    writeFileSync(fileOf(attemptFiles.command), 'half a comm');
    await executor.start(dispatch);
    expect((await pollToEnd(executor, dispatch)).end).toEqual({});
  });

  it('is found by the next Proctor, which polls on', async () => {
    const dispatch = dispatchOf({
      command: `echo '{"suite":"S","name":"early","result":"passed","durationMs":1}' >> "$PROCTOR_PROGRESS"
        sleep 0.3; echo '${junit('adds')}' > {report}`,
    });
    await executor.start(dispatch);
    await until(() => existsSync(fileOf(attemptFiles.progress)));
    const { seen, list } = await pollToEnd(newExecutor(), dispatch);
    expect(seen.map(({ name }) => name)).toEqual(['early']);
    expect(list.map(({ name }) => name)).toEqual(['adds']);
  });

  it('goes on while the Proctor that started it is killed', async () => {
    const dispatch = dispatchOf({ command: `sleep 0.3; echo '${junit('adds')}' > {report}` });
    const script = `import { createCommandExecutor } from ${JSON.stringify(executorUrl)};
      const executor = createCommandExecutor({ dataDirectory: ${JSON.stringify(dataDirectory)}, now: Date.now });
      await executor.start(${JSON.stringify(dispatch)});
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
    expect(signal).toBe('SIGKILL');
    expect((await pollToEnd(executor, dispatch)).end).toEqual({});
  });
});

describe('a job that vanished', () => {
  it('is lost once its supervisor was killed, and so is what it left', async () => {
    const dispatch = dispatchOf({ command: 'sleep 60' });
    await executor.start(dispatch);
    await until(() => existsSync(fileOf(attemptFiles.output)));
    process.kill(Number(readFileSync(fileOf(attemptFiles.pid), 'utf8')), 'SIGKILL');
    const { end } = await pollToEnd(executor, dispatch);
    expect(end.problem?.reason).toBe('executorLost');
    expect(processesWith(dataDirectory)).toEqual([]);
  });

  it('is lost when its number belongs to another process now', async () => {
    mkdirSync(fileOf(attemptFiles.claim), { recursive: true });
    writeFileSync(fileOf(attemptFiles.pid), `${process.pid}\n`);
    const { end } = await pollToEnd(executor, dispatchOf({ command: 'true' }));
    expect(end.problem?.reason).toBe('executorLost');
  });

  it('is lost when it was claimed 2 s ago and never told its number', async () => {
    let now = Date.now();
    const patient = createCommandExecutor({ dataDirectory, now: () => now });
    mkdirSync(fileOf(attemptFiles.claim), { recursive: true });
    const dispatch = dispatchOf({ command: 'true' });
    expect((await patient.poll('', dispatch)).state).toBe('running');
    now += 2_100;
    expect((await pollToEnd(patient, dispatch)).end.problem?.reason).toBe('executorLost');
  });
});

describe('stop', () => {
  it('before the start keeps the command from ever running', async () => {
    const dispatch = dispatchOf({ command: `touch ${join(dataDirectory, 'ran')}` });
    expect(await executor.stop('', dispatch)).toBe('gone');
    await executor.start(dispatch);
    expect((await pollToEnd(executor, dispatch)).end.problem).toBeDefined();
    expect(existsSync(join(dataDirectory, 'ran'))).toBe(false);
  });

  it('between spawn and claim keeps the command from running', async () => {
    mkdirSync(fileOf('.'), { recursive: true });
    writeFileSync(fileOf(attemptFiles.stopped), `${Date.now()}\n`);
    const dispatch = dispatchOf({ command: `touch ${join(dataDirectory, 'ran')}` });
    await executor.start(dispatch);
    await pollToEnd(executor, dispatch);
    expect(existsSync(join(dataDirectory, 'ran'))).toBe(false);
  });

  it('ends the command and the children of its children', async () => {
    const dispatch = dispatchOf({ command: 'sh -c "sleep 60 & sleep 60 & wait"' });
    await executor.start(dispatch);
    await until(() => processesWith(dataDirectory).length >= 5);
    expect(await executor.stop('', dispatch)).toBe('stopping');
    await until(async () => (await executor.stop('', dispatch)) === 'gone');
    expect(processesWith(dataDirectory)).toEqual([]);
    expect(readFileSync(fileOf(attemptFiles.exit), 'utf8')).toBe('143\n');
  });

  it('kills what ignores SIGTERM after the grace, by whichever Proctor is there', async () => {
    const dispatch = dispatchOf({ command: `trap '' TERM; while :; do sleep 0.05; done` });
    await executor.start(dispatch);
    await until(() => existsSync(fileOf(attemptFiles.output)));
    const startedAt = Date.now();
    expect(await newExecutor(60_000).stop('', dispatch)).toBe('stopping');
    await sleep(100);
    expect(await executor.stop('', dispatch)).toBe('stopping');
    const next = newExecutor();
    await until(async () => (await next.stop('', dispatch)) === 'gone');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(300);
    expect((await pollToEnd(next, dispatch)).end.problem?.reason).toBe('executorLost');
  });

  it('kills by itself when it was called only once', async () => {
    const dispatch = dispatchOf({ command: `trap '' TERM; while :; do sleep 0.05; done` });
    await executor.start(dispatch);
    await until(() => existsSync(fileOf(attemptFiles.output)));
    await executor.stop('', dispatch);
    await until(() => processesWith(dataDirectory).length === 0);
  });

  it('after the end changes nothing', async () => {
    const dispatch = dispatchOf({ command: `echo '${junit('adds')}' > {report}` });
    await executor.start(dispatch);
    await pollToEnd(executor, dispatch);
    expect(await executor.stop('', dispatch)).toBe('gone');
    expect((await pollToEnd(executor, dispatch)).end).toEqual({});
  });
});

describe('the environment of the command', () => {
  it('holds the variables and the attempt, and none of our secrets', async () => {
    vi.stubEnv('PROCTOR_MASTER_KEY', 'of-proctor').stubEnv('AWS_SECRET_ACCESS_KEY', 'of-aws').stubEnv('KEPT', 'kept');
    const dispatch = dispatchOf(
      { command: 'env > "$(dirname "$PROCTOR_REPORT")/env"; sleep 0.2' },
      {
        variables: { BASE_URL: "it's $(here)" },
        uploadVersions: { app: '1.2' },
        environment: 'staging',
        machines: [
          { title: 'linux', environment: null },
          { title: 'win', environment: 'staging' },
        ],
        buildNo: '77',
      },
    );
    await executor.start(dispatch);
    vi.unstubAllEnvs();
    await pollToEnd(executor, dispatch);
    const lines = readFileSync(fileOf('env'), 'utf8').split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'KEPT=kept',
        "BASE_URL=it's $(here)",
        'PROCTOR_RUN_ID=1',
        'PROCTOR_ATTEMPT=1',
        'PROCTOR_BUILD_NO=77',
        'PROCTOR_ENVIRONMENT=staging',
        'PROCTOR_MACHINES=["linux","win"]',
        'PROCTOR_UPLOAD_VERSIONS={"app":"1.2"}',
        'PROCTOR_CALLBACK_TOKEN=cbt1.callback-token',
        `PROCTOR_REPORT=${fileOf(attemptFiles.report)}`,
        `PROCTOR_PROGRESS=${fileOf(attemptFiles.progress)}`,
      ]),
    );
    const details = lines.find((line) => line.startsWith('PROCTOR_EXECUTION_DETAILS='))?.split('=')[1];
    expect(JSON.parse(details ?? '')).toMatchObject({ page_timeout: 30, screenshot_option: 'FAILED_STEPS' });
    expect(lines.join('\n')).not.toMatch(/of-proctor|of-aws/);
  });

  it('is the only place the variables are in: no arguments, no files', async () => {
    const dispatch = dispatchOf({ command: 'sleep 0.3' }, { variables: { PASSWORD: 's3cret-word' } });
    await executor.start(dispatch);
    await until(() => existsSync(fileOf(attemptFiles.output)));
    const lines = processesWith(dataDirectory);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('\n')).not.toMatch(/s3cret-word|callback-token/);
    const { stdout } = spawnSync('grep', ['-rlE', 's3cret-word|callback-token', dataDirectory]);
    expect(String(stdout)).toBe('');
    await pollToEnd(executor, dispatch);
  });

  it('that does not fit is refused', async () => {
    const variables = { NUL: 'a\0b' };
    await expect(executor.start(dispatchOf({ command: 'true' }, { variables }))).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
    });
  });
});

describe('progress', () => {
  it('is told once, line by line, and makes itself heard', async () => {
    const heard: number[] = [];
    const loud = createCommandExecutor({ dataDirectory, now: Date.now, onChange: (runId) => heard.push(runId) });
    const line = (name: string) => `echo '{"suite":"S","name":"${name}","result":"passed"}' >> $PROCTOR_PROGRESS`;
    const dispatch = dispatchOf({
      command: `${line('one')}; echo garbage >> $PROCTOR_PROGRESS; sleep 0.6; ${line('two')}; sleep 0.3; echo '${junit('adds')}' > {report}`,
    });
    await loud.start(dispatch);
    await until(() => heard.length > 0);
    const first = await loud.poll('', dispatch);
    expect([...first.cases].map(({ name }) => name)).toEqual(['one']);
    expect([...(await loud.poll('', dispatch)).cases]).toEqual([]);
    await until(() => heard.length > 1);
    expect([...(await loud.poll('', dispatch)).cases].map(({ name }) => name)).toEqual(['two']);
    await until(() => heard.length > 2);
    expect((await loud.poll('', dispatch)).state).toBe('ended');
    expect(new Set(heard)).toEqual(new Set([1]));
  });
});

const executorUrl = new URL('../../../lib/executors/command/command-executor.ts', import.meta.url).href;
