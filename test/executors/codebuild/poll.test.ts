import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Build } from '../../../lib/adapters/codebuild.ts';
import type { Poll } from '../../../lib/core/executor.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { toAttemptEnd } from '../../../lib/executors/codebuild/build-end.ts';
import type { BuildEnding } from '../../support/fake-codebuild.ts';
import { type BuildWorld, createBuildWorld } from './world.ts';

let world: BuildWorld;
let runs = 0;
beforeAll(async () => {
  world = await createBuildWorld();
});
beforeEach(() => {
  world.aheadMs = 0;
});
afterAll(() => world.close());

const passed: ReportedCase = { suite: 'Cart', className: 'cart', name: 'adds', result: 'passed', durationMs: 3 };
const failed: ReportedCase = { ...passed, name: 'pays', result: 'failed', message: 'expected 1' };
const buildFailed = { type: 'BUILD', status: 'FAILED', message: 'exit status 1' };

/** How an attempt comes out whose build ends like that. */
async function pollOf(ending: BuildEnding, settings?: Record<string, unknown>, aheadMs = 0): Promise<Poll> {
  const key = `run-${++runs}-a1`;
  const dispatch = world.dispatch({ key, runId: runs }, settings);
  const { ref } = await world.executor.start(dispatch);
  world.fake.end(key, ending);
  world.aheadMs = aheadMs;
  return world.executor.poll(ref, dispatch);
}

const problemOf = (poll: Poll) => (poll.state === 'ended' ? poll.end.problem : undefined);
const listOf = (poll: Poll) => [...poll.cases];

describe('the results of a build', () => {
  it('are the test cases of its report', async () => {
    const all: ReportedCase[] = [passed, failed, { ...passed, name: 'later', result: 'skipped' }];
    const poll = await pollOf({ status: 'FAILED', phases: [buildFailed], reports: { proctor: all } });
    expect(poll).toMatchObject({ state: 'ended', end: {} });
    expect(listOf(poll)).toEqual(all);
  });

  it('are read page by page, all of them', async () => {
    const all = Array.from({ length: 450 }, (_, i) => ({ ...passed, name: `case ${i}` }));
    const before = world.fake.calls.DescribeTestCases ?? 0;
    const poll = await pollOf({ reports: { proctor: all } });
    expect(listOf(poll)).toEqual(all);
    expect(poll).toMatchObject({ end: {} });
    expect((world.fake.calls.DescribeTestCases ?? 0) - before).toBe(5);
  });

  it('are no pass when CodeBuild cut them off at 500', async () => {
    const all = Array.from({ length: 1200 }, (_, i) => ({ ...passed, name: `case ${i}` }));
    const poll = await pollOf({ reports: { proctor: all } });
    expect(listOf(poll)).toHaveLength(500);
    expect(problemOf(poll)).toMatchObject({
      reason: 'reportUnreadable',
      message: expect.stringMatching(/1200 .* 500/),
    });
  });

  it('take an error, and a status nobody knows, for an error of the case', async () => {
    const odd = [
      { ...passed, result: 'errored' },
      { ...passed, name: 'odd', result: 'blocked' },
    ] as ReportedCase[];
    const poll = await pollOf({ status: 'FAILED', phases: [buildFailed], reports: { proctor: odd } });
    expect(listOf(poll).map(({ result }) => result)).toEqual(['errored', 'errored']);
  });

  it('keep the worse of two tests of one name, where the runner reports each once', async () => {
    const reports = { proctor: [{ ...passed, name: 'pays' }, failed, { ...passed, name: 'pays' }] };
    const poll = await pollOf({ status: 'FAILED', phases: [buildFailed], reports });
    expect(listOf(poll).map(({ result }) => result)).toEqual(['failed']);
  });
});

describe('a build is no result of its tests', () => {
  it.each([
    ['SUBMITTED', 'FAILED'],
    ['QUEUED', 'TIMED_OUT'],
    ['PROVISIONING', 'FAULT'],
    ['DOWNLOAD_SOURCE', 'FAILED'],
    ['INSTALL', 'FAILED'],
    ['PRE_BUILD', 'FAILED'],
  ])('when its phase %s ended %s', async (type, status) => {
    const phases = [{ type, status, message: 'CLIENT_ERROR: authorization failed' }];
    const problem = problemOf(await pollOf({ status: 'FAILED', phases, reports: { proctor: [passed] } }));
    expect(problem?.reason).toBe('executorLost');
    expect(problem?.message).toContain(`phase ${type} ended ${status}`);
    expect(problem?.message).toContain('CLIENT_ERROR: authorization failed');
  });

  it.each([
    ['TIMED_OUT', /timed the build out after 61 minutes/],
    ['STOPPED', /was stopped/],
    ['FAULT', /could not carry the build out/],
  ] as const)('when it is %s', async (status, message) => {
    const problem = problemOf(await pollOf({ status, reports: { proctor: [passed] } }));
    expect(problem).toMatchObject({ reason: 'executorLost', message: expect.stringMatching(message) });
    expect(problem?.jobOnly).toBe(status === 'FAULT' ? undefined : true);
  });

  it('when it left no report', async () => {
    const problem = problemOf(await pollOf({ status: 'SUCCEEDED' }));
    expect(problem).toEqual({
      reason: 'reportUnreadable',
      message: expect.stringMatching(/SUCCEEDED, and it left no report/),
    });
  });

  it('when its report failed to upload', async () => {
    const phases = [
      { type: 'BUILD', status: 'SUCCEEDED' },
      { type: 'UPLOAD_ARTIFACTS', status: 'FAILED', message: 'no files' },
    ];
    const problem = problemOf(await pollOf({ status: 'FAILED', phases }));
    expect(problem?.reason).toBe('reportUnreadable');
    expect(problem?.message).toContain('phase UPLOAD_ARTIFACTS ended FAILED (no files)');
  });

  it('when its command failed and no test did', async () => {
    const problem = problemOf(
      await pollOf({ status: 'FAILED', phases: [buildFailed], reports: { proctor: [passed] } }),
    );
    expect(problem?.reason).toBe('executorProtocol');
    expect(problem?.message).toContain('phase BUILD ended FAILED (exit status 1), although its report has no failure');
  });

  it('while its report is still read, until a minute has passed', async () => {
    const ending = { reports: { proctor: [passed] }, reportStatus: 'GENERATING' };
    expect(await pollOf(ending)).toMatchObject({ state: 'running' });
    const late = await pollOf(ending, {}, 61_000);
    expect(problemOf(late)).toEqual({
      reason: 'reportUnreadable',
      message: expect.stringMatching(/report is GENERATING/),
    });
    const incomplete = await pollOf({ ...ending, reportStatus: 'INCOMPLETE' }, {}, 61_000);
    expect(problemOf(incomplete)?.message).toMatch(/report is INCOMPLETE/);
  });
});

it('an attempt ends without a problem only when build and report agree', () => {
  const status = fc.constantFrom<Build['status']>('SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED');
  const phase = fc.record({
    type: fc.constantFrom('SUBMITTED', 'DOWNLOAD_SOURCE', 'PRE_BUILD', 'BUILD', 'POST_BUILD', 'UPLOAD_ARTIFACTS'),
    status: fc.constantFrom('SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'CLIENT_ERROR'),
    message: fc.constant(''),
  });
  const reports = fc.record({
    cases: fc.array(fc.constantFrom(passed, failed), { maxLength: 3 }),
    problem: fc.option(fc.constant('it left no report'), { nil: undefined }),
    pending: fc.constant(false),
  });
  fc.assert(
    fc.property(status, fc.array(phase, { maxLength: 3 }), reports, (buildStatus, phases, { problem, ...rest }) => {
      const build = { id: 'a:1', arn: undefined, reportArns: [], variables: {}, timeoutMinutes: 60, endedAt: 0 };
      const read = { ...rest, ...(problem === undefined ? {} : { problem }) };
      const end = toAttemptEnd({ ...build, status: buildStatus, phases }, read);
      if (end.problem !== undefined) return;
      expect(problem).toBeUndefined();
      const agrees =
        buildStatus === 'SUCCEEDED' || (buildStatus === 'FAILED' && rest.cases.some((one) => one.result === 'failed'));
      expect(agrees).toBe(true);
    }),
  );
});
