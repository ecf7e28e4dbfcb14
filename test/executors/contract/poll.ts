import { expect } from 'vitest';
import { isServiceError } from '../../../lib/core/errors.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { canBreak, cases, expectCases, expectRefusal, otherRun, type Suite, startJob, untilEnded } from './suite.ts';

/** What a job says is told as it is; what it does not say is never made up. */
export function promisePolls(suite: Suite): void {
  const { promise, harness, traits } = suite;

  promise('is running before its end', async () => {
    const { poll } = await startJob(suite);
    expect((await poll()).state).toBe('running');
  });

  if (!traits.polls) return;

  promise('tells the cases with the end, as often as it is asked', async () => {
    const { dispatch, poll, untilEnded } = await startJob(suite);
    await harness().endJob(dispatch, cases);
    const first = await untilEnded();
    const second = await poll();
    expectCases(suite, first.cases, cases);
    expect(second.state).toBe('ended');
    expectCases(suite, second.cases, cases);
    expect(first.problem).toBeUndefined();
  });

  promise('tells the end to a process that did not start the job', async () => {
    const { dispatch, poll, untilEnded } = await startJob(suite);
    expect((await poll(harness().another())).state).toBe('running');
    await harness().endJob(dispatch, cases);
    expectCases(suite, (await untilEnded(harness().another())).cases, cases);
  });

  promise('an end that is told twice is one end', async () => {
    const { dispatch, untilEnded } = await startJob(suite);
    await harness().endJob(dispatch, cases);
    expectCases(suite, (await untilEnded()).cases, cases);
    await harness().endJob(dispatch, cases);
    expectCases(suite, (await untilEnded()).cases, cases);
  });

  promise('an end without results is no pass', async () => {
    const { dispatch, untilEnded } = await startJob(suite);
    await harness().endWithoutResults(dispatch);
    expect((await untilEnded()).cases).toEqual([]);
  });

  promise('two runs do not see the jobs of each other', async () => {
    const first = await startJob(suite);
    const second = await startJob(suite, otherRun);
    await harness().jobsStarted(2);
    await harness().endJob(second.dispatch, cases);
    expectCases(suite, (await second.untilEnded()).cases, cases);
    expect((await first.poll()).state).toBe('running');
    await harness().endJob(first.dispatch, cases.slice(0, 1));
    expectCases(suite, (await first.untilEnded()).cases, cases.slice(0, 1));
  });

  promise('names come back as they are, whatever they hold', async () => {
    const names = ['pays with "quotes" & <tags>', "it's $(x) `y` \\n", 'ünïcode 日本 🎉', 'a, b; c | d', '%41 #1?'];
    const odd = names.map(
      (name): ReportedCase => ({
        suite: 'Wärenkorb › "inner" & <outer>',
        className: 'pkg.Cläss$Inner',
        name,
        result: 'passed',
        durationMs: 1000,
      }),
    );
    const { dispatch, untilEnded } = await startJob(suite);
    await harness().endJob(dispatch, odd);
    expectCases(suite, (await untilEnded()).cases, odd);
  });

  promise('each result comes back as it is', async () => {
    const results = (['passed', 'failed', 'skipped'] as const).map(
      (result): ReportedCase => ({
        suite: 's',
        className: 'c',
        name: `is ${result}`,
        result,
        durationMs: 1000,
        ...(result === 'failed' ? { message: 'expected 1 to be 2' } : {}),
      }),
    );
    const { dispatch, untilEnded } = await startJob(suite);
    await harness().endJob(dispatch, results);
    expectCases(suite, (await untilEnded()).cases, results);
  });

  if (!traits.cannotTell.includes('iteration')) {
    promise('iterations come back with their case', async () => {
      const iterations = ['first', 'zweite „Reihe“'].map(
        (iteration): ReportedCase => ({
          suite: 's',
          className: 'c',
          name: 'one',
          iteration,
          result: 'passed',
          durationMs: 1000,
        }),
      );
      const { dispatch, untilEnded } = await startJob(suite);
      await harness().endJob(dispatch, iterations);
      const seen = (await untilEnded()).cases;
      expect(seen.map(({ name, iteration }) => [name, iteration])).toEqual(
        iterations.map(({ name, iteration }) => [name, iteration]),
      );
    });
  }

  if (traits.tellsProgress) {
    promise('results without an end leave it running', async () => {
      const { dispatch, untilSeen } = await startJob(suite);
      await harness().progress(dispatch, cases);
      expectCases(suite, await untilSeen(cases), cases);
    });

    promise('all results come with the end, whether they were told before or not', async () => {
      const { dispatch, untilSeen, untilEnded } = await startJob(suite);
      await harness().progress(dispatch, cases.slice(0, 1));
      await untilSeen(cases.slice(0, 1));
      await harness().endJob(dispatch, cases);
      expectCases(suite, (await untilEnded()).cases, cases);
    });

    promise('progress that goes backwards is told as it comes', async () => {
      const { dispatch, poll, untilSeen, untilEnded } = await startJob(suite);
      await harness().progress(dispatch, cases);
      await untilSeen(cases);
      const back = cases.map((one): ReportedCase => ({ ...one, result: 'running', durationMs: 0 }));
      await harness().progress(dispatch, traits.cannotTell.includes('running') ? [] : back);
      expect((await poll()).state).toBe('running');
      await harness().endJob(dispatch, cases);
      expectCases(suite, (await untilEnded()).cases, cases);
    });
  }

  promise('a job nobody knows has ended with a problem', async () => {
    const dispatch = harness().dispatch();
    const ended = await untilEnded(harness().executor, dispatch.key, dispatch);
    expect(ended).toMatchObject({ cases: [], problem: 'executorLost' });
  });

  for (const how of ['garbage', 'oversized'] as const) {
    if (!canBreak(suite, how)) continue;
    promise(`what is ${how} is no result`, async () => {
      const { untilEnded } = await startJob(suite);
      await harness().breakDown(how);
      const outcome = await untilEnded().then(
        ({ cases, problem }) => ({ cases, problem }),
        (error: unknown) => {
          if (!isServiceError(error)) throw error;
          return { cases: [], problem: error.code };
        },
      );
      expect(['EXECUTOR_PROTOCOL', 'executorProtocol', 'reportUnreadable']).toContain(outcome.problem);
      expect(outcome.cases).toEqual([]);
    });
  }

  for (const how of ['down', 'throttled', 'lostAnswer', 'silent'] as const) {
    if (!canBreak(suite, how)) continue;
    promise(`a poll that fails (${how}) is worth another try, and nothing is lost by it`, async () => {
      const { dispatch, poll, untilEnded } = await startJob(suite);
      await harness().breakDown(how);
      const { retryAfterSeconds } = await expectRefusal(poll(), 'EXECUTOR_UNAVAILABLE');
      if (how === 'throttled') expect(retryAfterSeconds).toBe(traits.waitSeconds);
      await harness().recover();
      expect((await poll()).state).toBe('running');
      await harness().endJob(dispatch, cases);
      expectCases(suite, (await untilEnded()).cases, cases);
    });
  }
}
