import { strToU8, zipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { parsePlan } from '../../../lib/core/plan.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { createGithubActionsExecutor } from '../../../lib/executors/github-actions/github-actions-executor.ts';
import { toJUnit } from '../to-junit.ts';
import { ended, startGithub, token } from './harness.ts';

type World = Awaited<ReturnType<typeof startGithub>>;
let world: World;
afterEach(() => world?.github.close());

const open = async (settings?: Record<string, unknown>): Promise<World> => {
  world = await startGithub(settings);
  return world;
};

const passed: ReportedCase = { suite: 's', className: 'c', name: 'one', result: 'passed', durationMs: 10 };
const failed: ReportedCase = { ...passed, name: 'two', result: 'failed', message: 'expected 1 to be 2' };

/** 65 MiB of blanks in 65 kB. */
const bomb = zipSync({ 'a.xml': new Uint8Array(65 * 1024 * 1024).fill(32) }, { level: 1 });

/** Starts the first attempt, ends its job so, and polls it. */
async function pollAfter(end: Parameters<World['end']>[1], settings?: Record<string, unknown>) {
  const { executor, dispatch, end: endJob } = await open(settings);
  const one = dispatch();
  const { ref } = await executor.start(one);
  await endJob(one, end);
  const poll = await executor.poll(ref, one);
  if (poll.state !== 'ended') throw new Error('it is still running');
  return { cases: [...poll.cases], problem: poll.end.problem };
}

describe('starting a workflow', () => {
  it('sends just the inputs the plan asks for, the picked cases as words of a shell', async () => {
    const { executor, dispatch, github } = await open({ inputs: { browser: 'firefox' }, variables: ['BASE_URL'] });
    const workflow = github.workflows.get('e2e.yml');
    if (workflow)
      github.workflows.set('e2e.yml', { ...workflow, inputs: { ...workflow.inputs, browser: { required: true } } });
    const selection = [{ suite: 'cart.spec.ts', className: '', name: "it's empty" }];
    const started = await executor.start(
      dispatch({ selection, variables: { BASE_URL: 'https://stg.example', PASSWORD: 'hunter2' } }),
    );
    expect(github.runs[0]?.inputs).toEqual({
      browser: 'firefox',
      proctor_key: expect.stringMatching(/^run-52-a1-[0-9a-z]+$/),
      proctor_selection: `'--grep=^(?:(?:.* )?cart\\.spec\\.ts it'\\''s empty)(?: @\\S+)*$'`,
      proctor_variables: '{"BASE_URL":"https://stg.example"}',
    });
    expect(github.calls.at(-1)?.body.ref).toBe('main');
    expect(started).toEqual({
      ref: String(github.runs[0]?.id),
      executing: { grain: 'cases', description: '1 case' },
      link: `https://github.example/acme/shop/actions/runs/${github.runs[0]?.id}`,
    });
  });

  it('sends the callback and its token only if the plan asks for that', async () => {
    const { executor, dispatch, github } = await open({ callback: true });
    await executor.start(dispatch());
    await executor.start(dispatch({ attempt: 2, key: 'run-52-a2' }, { callback: false }));
    expect(github.runs.map(({ inputs }) => [inputs.proctor_callback_url, inputs.proctor_callback_token])).toEqual([
      ['https://proctor.example/callbacks/52/results', dispatch().callback.token],
      [undefined, undefined],
    ]);
  });

  it.each([
    ['jest', ['cart.test.js', 'tax.test.js'], ' --testNamePattern=^(?:one)$'],
    ['vitest', ['cart.test.js', 'tax.test.js'], ' --testNamePattern=^(?:one)$'],
    ['pytest', ['tests.cart', 'tests.tax'], ''],
  ])('names no file of this machine to %s', async (selector, suites, _) => {
    const { executor, dispatch, github } = await open({ selector });
    const selection = suites.map((suite) => ({ suite, className: suite, name: 'one' }));
    await executor.start(dispatch({ selection }));
    const words = github.runs[0]?.inputs.proctor_selection ?? '';
    expect(words).toContain('one');
    expect(words).not.toContain(process.cwd());
    expect(words).not.toContain('.mjs');
  });

  it('passes the words in the input the plan names, and none without a selector', async () => {
    const { executor, dispatch, github } = await open({ selectionInput: 'grep' });
    const workflow = github.workflows.get('e2e.yml');
    if (workflow)
      github.workflows.set('e2e.yml', {
        ...workflow,
        inputs: { proctor_key: { required: true }, grep: { required: false } },
      });
    await executor.start(dispatch());
    const second = await executor.start(
      dispatch({ attempt: 2, key: 'run-52-a2', selection: [passed] }, { selector: undefined }),
    );
    expect(github.runs.map(({ inputs }) => inputs.grep)).toEqual(['', undefined]);
    expect(second.executing.description).toBe('everything (1 case asked for, but the runner cannot select)');
  });

  it('finds the run of a start whose answer was lost, also in another process', async () => {
    const { executor, create, dispatch, github } = await open();
    github.answer = ({ method, path }, response) => {
      if (method !== 'POST' || !path.endsWith('/dispatches')) return false;
      github.answer = undefined;
      response.on('close', () => {});
      // The job is started, its answer never arrives.
      fetch(`${github.origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ ref: 'main', inputs: github.calls.at(-1)?.body.inputs }),
      }).finally(() => response.destroy());
      return true;
    };
    await expect(executor.start(dispatch())).rejects.toMatchObject({
      code: 'EXECUTOR_UNAVAILABLE',
      retryAfterSeconds: 15,
    });
    const { ref } = await create().start(dispatch());
    expect(github.runs.map(({ id }) => String(id))).toEqual([ref]);
  });

  it('is one run for two starts at the same time', async () => {
    const { executor, dispatch, github } = await open();
    const [first, second] = await Promise.all([executor.start(dispatch()), executor.start(dispatch())]);
    expect([github.runs.length, second.ref]).toEqual([1, first.ref]);
  });

  it('takes no run of another deployment, nor one of a longer number, for its own', async () => {
    const { executor, dispatch, github } = await open();
    const one = dispatch();
    await executor.start(one);
    await executor.start({ ...one, createdAt: one.createdAt - 1 });
    await executor.start(dispatch({ key: 'run-5-a1', runId: 5 }));
    expect(new Set(github.runs.map(({ inputs }) => inputs.proctor_key)).size).toBe(3);
  });

  it('starts no second run where the first is not listed yet, and finds it when it is polled', async () => {
    const { executor, dispatch, github, clock } = await open();
    Object.assign(github, { tellsRunIds: false, hidesRuns: true });
    const one = dispatch();
    const { ref, link } = await executor.start(one);
    expect([github.runs.length, link]).toEqual([1, undefined]);
    expect(await executor.poll(ref, one)).toEqual({ state: 'running', cases: [] });
    expect(await executor.stop(ref, one)).toBe('stopping');
    github.hidesRuns = false;
    expect((await executor.poll(ref, one)).state).toBe('running');
    github.hidesRuns = true;
    clock.now += 301_000;
    expect(await executor.poll(ref, one)).toMatchObject({
      end: { problem: { reason: 'executorLost', message: expect.stringContaining('run-name') } },
    });
  });

  it.each([
    ['a workflow that is not there', { workflow: 'other.yml' }, 'there is no workflow other.yml in acme/shop'],
    ['an input the workflow does not declare', { inputs: { colour: 'red' } }, 'declare the inputs colour, proctor_key'],
    ['another repository', { repository: 'acme/other' }, 'there is no workflow e2e.yml in acme/other'],
  ])('is refused for good with %s', async (_, settings, message) => {
    const { executor, dispatch, github } = await open(settings);
    await expect(executor.start(dispatch())).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining(message),
    });
    expect(github.runs).toEqual([]);
  });

  it('is refused for good with a wrong token, which is not shown', async () => {
    const { executor, dispatch, github } = await open();
    github.token = 'another';
    const error = await executor.start(dispatch()).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'EXECUTOR_REFUSED', message: expect.stringContaining('permission Actions') });
    expect(String((error as Error).stack)).not.toContain(token);
  });
});

describe('how a workflow run ended', () => {
  it.each([
    ['success', [passed], undefined],
    ['failure', [passed, failed], undefined],
    ['success', [passed, failed], undefined],
    ['failure', [passed], 'executorProtocol'],
    ['cancelled', [passed], 'executorLost'],
    ['timed_out', [passed], 'executorLost'],
    ['startup_failure', [passed], 'executorLost'],
    ['action_required', [passed], 'executorLost'],
    ['stale', [passed], 'executorLost'],
    ['something_new', [passed], 'executorLost'],
  ])('%s with a report', async (conclusion, cases, reason) => {
    const poll = await pollAfter(ended(cases, conclusion));
    expect([poll.cases, poll.problem?.reason]).toEqual([cases, reason]);
    if (reason) expect(poll.problem?.message).toMatch(/: https:\/\/github\.example\/acme\/shop\/actions\/runs\/\d+$/);
  });

  it.each(['success', 'failure', 'skipped', 'neutral'])('%s without a report is not believed', async (conclusion) => {
    const { cases, problem } = await pollAfter({ conclusion });
    expect([cases, problem?.reason]).toEqual([[], 'reportUnreadable']);
    expect(problem?.message).toContain('it left no artifact called junit*');
  });

  it('a run that GitHub deleted is lost', async () => {
    const { executor, dispatch, github } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    github.runs.length = 0;
    expect(await executor.poll(ref, one)).toMatchObject({ end: { problem: { reason: 'executorLost' } } });
    expect(await executor.stop(ref, one)).toBe('gone');
  });
});

describe('the artifacts of a run', () => {
  it('are fetched without the token from where GitHub says', async () => {
    await pollAfter(ended([passed]));
    expect(world.github.downloads).toEqual([{ authorization: undefined }]);
  });

  it('of several jobs are one report, in which a pass hides no failure', async () => {
    const other: ReportedCase = { ...passed, name: 'two' };
    const xml = (host: string, one: ReportedCase) =>
      toJUnit([one]).replace('<testsuite ', `<testsuite hostname="${host}" `);
    const { cases } = await pollAfter({
      conclusion: 'failure',
      artifacts: {
        'junit-a': { 'a.xml': xml('runner-1', failed) },
        'junit-b': { 'b.xml': xml('runner-2', other), 'deep/c.XML': toJUnit([passed]), 'log.txt': 'no' },
        screenshots: { 'd.xml': '<broken' },
      },
    });
    expect(cases.map(({ name, result }) => [name, result])).toEqual([
      ['two', 'failed'],
      ['one', 'passed'],
    ]);
  });

  it('that were left twice under one name count as they were left last', async () => {
    const { executor, dispatch, end, github } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    await end(one, ended([passed]));
    const runId = github.runs[0]?.id ?? 0;
    const zip = zipSync({ 'junit.xml': strToU8(toJUnit([{ ...passed, result: 'failed', message: 'again' }])) });
    github.artifacts.push({ id: 9_999_999_999, runId, name: 'junit-chromium', zip, expired: false });
    expect([...(await executor.poll(ref, one)).cases]).toMatchObject([{ name: 'one', result: 'failed' }]);
  });

  it('that have expired are no report', async () => {
    const { executor, dispatch, end, github } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    await end(one, ended([passed]));
    for (const artifact of github.artifacts) artifact.expired = true;
    expect(await executor.poll(ref, one)).toMatchObject({
      end: { problem: { reason: 'reportUnreadable', message: expect.stringContaining('it has expired') } },
    });
  });

  it.each([
    ['no zip at all', strToU8('<html>It works!</html>'), 'it is no complete zip archive'],
    ['half a zip', zipSync({ 'a.xml': strToU8(toJUnit([passed]).repeat(50)) }).subarray(0, 120), 'no complete zip'],
    ['no XML', zipSync({ 'a.txt': strToU8('nothing') }), 'it holds no XML file'],
    ['a name that leads outside', zipSync({ '../../etc/a.xml': strToU8(toJUnit([passed])) }), 'outside of itself'],
    ['a bomb', bomb, 'it is too large unpacked'],
    ['XML that breaks off', zipSync({ 'a.xml': strToU8('<testsuite><testcase name="one"/>') }), 'a.xml: '],
  ])('that are %s are an unreadable report', async (_, zip, message) => {
    const { problem } = await pollAfter({ conclusion: 'success', artifacts: { junit: zip } });
    expect(problem?.reason).toBe('reportUnreadable');
    expect(problem?.message).toContain(message);
  });

  it('are not fetched from where nothing public is', async () => {
    const { github, dispatch, end, executor } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    await end(one, ended([passed]));
    const { origin } = github;
    github.answer = ({ path }, response) => {
      if (!path.endsWith('/zip')) return false;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      return true;
    };
    await expect(executor.poll(ref, one)).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
    expect(github.origin).toBe(origin);
  });
});

describe('the limits of a token', () => {
  it('make a poll wait as long as GitHub says, without asking meanwhile', async () => {
    const { executor, dispatch, github, clock } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    github.limit = { remaining: 0, reset: Math.floor(clock.now / 1000) + 600 };
    const before = github.calls.length;
    const limited = await executor.poll(ref, one);
    expect(limited).toMatchObject({ state: 'running', retryAfterSeconds: expect.closeTo(600, -1) });
    clock.now += 300_000;
    expect(await executor.poll(ref, one)).toMatchObject({ retryAfterSeconds: expect.closeTo(300, -1) });
    expect(github.calls.length).toBe(before + 1);
    github.limit = undefined;
    clock.now += 301_000;
    expect(await executor.poll(ref, one)).toEqual({ state: 'running', cases: [] });
  });

  it.each([
    ['403 with retry-after', 403, { 'retry-after': '42' }, 42],
    ['429 with retry-after', 429, { 'retry-after': '7' }, 15],
    ['429 without any time', 429, {}, 60],
  ])('%s puts a start off', async (_, status, headers, seconds) => {
    const { executor, dispatch, github } = await open();
    github.answer = ({ method }, response) => {
      if (method === 'POST') response.writeHead(status, headers).end('{}');
      return method === 'POST';
    };
    await expect(executor.start(dispatch())).rejects.toMatchObject({
      code: 'EXECUTOR_UNAVAILABLE',
      retryAfterSeconds: seconds,
    });
  });
});

describe('stopping a workflow run', () => {
  it('cancels once, and by force after half a minute', async () => {
    const { executor, dispatch, github, clock } = await open();
    github.deaf = true;
    const one = dispatch();
    const { ref } = await executor.start(one);
    for (let i = 0; i < 3; i++) expect(await executor.stop(ref, one)).toBe('stopping');
    expect(github.runs[0]?.cancels).toEqual(['cancel']);
    clock.now += 31_000;
    await executor.stop(ref, one);
    expect(github.runs[0]?.cancels).toEqual(['cancel', 'force-cancel']);
    await expect.poll(() => executor.stop(ref, one)).toBe('gone');
    expect(await executor.poll(ref, one)).toMatchObject({ end: { problem: { reason: 'executorLost' } } });
  });

  it('is done for a run that ends in the same moment', async () => {
    const { executor, dispatch, github, end } = await open();
    const one = dispatch();
    const { ref } = await executor.start(one);
    let raced = false;
    github.answer = ({ path }, response) => {
      if (!path.endsWith('/cancel')) return false;
      raced = true;
      response.writeHead(409).end('{}');
      return true;
    };
    expect(await executor.stop(ref, one)).toBe('stopping');
    await end(one, ended([passed]));
    expect([raced, await executor.stop(ref, one)]).toEqual([true, 'gone']);
  });
});

describe('the settings', () => {
  const base = { type: 'github-actions', repository: 'acme/shop', workflow: 'e2e.yml', token: 'env:TOKEN' };
  it.each([
    ['repository', { repository: 'acme' }, 'must be owner/name'],
    ['repository', { repository: 'acme/..' }, 'must be owner/name'],
    ['workflow', { workflow: '../other/e2e.yml' }, 'must be the file name'],
    ['token', { token: 'ghp_plain' }, 'env:NAME'],
    ['inputs', { inputs: { proctor_key: 'mine' } }, 'must not set what Proctor sends'],
    ['inputs', { selectionInput: 'grep', inputs: { grep: 'x' } }, 'must not set what Proctor sends'],
    ['selector', { selector: 'node:test' }, 'must be one of vitest, jest'],
  ])('refuse a wrong %s (%#)', (field, change, message) => {
    expect(() => parsePlan({ name: 'e2e', executor: { ...base, ...change } })).toThrow(message);
    expect(() => parsePlan({ name: 'e2e', executor: { ...base, ...change } })).toThrow(`executor.${field}`);
  });

  it.each([
    [undefined, 'nothing'],
    ['playwright', 'iterations'],
    ['maven-surefire', 'cases'],
    [{ arguments: '--grep {pattern}' }, 'cases'],
  ])('say what %s can select', (selector, selects) => {
    const { executor } = parsePlan({ name: 'e2e', executor: { ...base, selector } });
    const tools = { egress: { checkUrl: () => {}, send: async () => Promise.reject() }, now: () => 0, newId: () => '' };
    const secrets = { get: async () => '' };
    expect(createGithubActionsExecutor({ ...tools, secrets }).capabilities(executor)).toMatchObject({ selects });
  });
});
