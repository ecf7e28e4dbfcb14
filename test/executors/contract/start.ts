import { expect } from 'vitest';
import {
  canBreak,
  cases,
  expectCases,
  expectRefusal,
  otherRun,
  type Suite,
  startJob,
  takes,
  untilEnded,
} from './suite.ts';

/** One dispatch is one job, whatever happens to its start. */
export function promiseStarts(suite: Suite): void {
  const { promise, harness, traits } = suite;
  const start = (overrides = {}) => harness().executor.start(harness().dispatch(overrides));
  const second = { attempt: 2, key: 'run-52-a2' };

  promise('starting twice gives one job and the same reference', async () => {
    const first = await start();
    expect((await start()).ref).toBe(first.ref);
    expect(await harness().jobsStarted(1)).toBe(1);
  });

  promise('starting again in another process gives the same job', async () => {
    const first = await start();
    expect((await harness().another().start(harness().dispatch())).ref).toBe(first.ref);
    expect(await harness().jobsStarted(1)).toBe(1);
  });

  if (traits.startsAtomically) {
    promise('starting at the same time gives one job and the same reference', async () => {
      const refs = await Promise.all([start(), start(), harness().another().start(harness().dispatch())]);
      expect(new Set(refs.map(({ ref }) => ref)).size).toBe(1);
      expect(await harness().jobsStarted(1)).toBe(1);
    });
  }

  promise('another attempt is another job', async () => {
    const first = await start();
    expect((await start(second)).ref).not.toBe(first.ref);
    expect(await harness().jobsStarted(2)).toBe(2);
  });

  promise('another run is another job', async () => {
    const first = await start();
    expect((await start(otherRun)).ref).not.toBe(first.ref);
    expect(await harness().jobsStarted(2)).toBe(2);
  });

  if (takes(suite, 'variables')) {
    promise('the variables reach the job as they are', async () => {
      const variables = { GREETING: 'a "b" \'c\' $(d) `e` \\ ü 日本' };
      const { dispatch } = await startJob(suite, { variables });
      await harness().jobsStarted(1);
      expect((await harness().received(dispatch)).variables).toMatchObject(variables);
    });
  }

  if (takes(suite, 'deadline')) {
    promise('the deadline reaches the job', async () => {
      const deadlineAt = Date.now() + 30 * 60_000;
      const { dispatch } = await startJob(suite, { deadlineAt });
      const { deadline } = await harness().received(dispatch);
      const at = deadline && 'at' in deadline ? deadline.at : Date.now() + (deadline?.afterSeconds ?? 0) * 1000;
      // Far sides count in minutes; none may give up before the run does, or long after.
      expect(at - deadlineAt).toBeGreaterThan(-90_000);
      expect(at - deadlineAt).toBeLessThan(10 * 60_000);
    });
  }

  if (traits.polls) {
    promise('a job that is over before its start was answered is not lost', async () => {
      await harness().endAtOnce(cases);
      const { untilEnded } = await startJob(suite);
      expectCases(suite, (await untilEnded()).cases, cases);
      expect(await harness().jobsStarted(1)).toBe(1);
    });

    promise('starting again after the end starts nothing, and the end stays', async () => {
      const { dispatch, ref, untilEnded } = await startJob(suite);
      await harness().endJob(dispatch, cases);
      await untilEnded();
      expect((await start()).ref).toBe(ref);
      expect(await harness().jobsStarted(1)).toBe(1);
      expectCases(suite, (await untilEnded()).cases, cases);
    });
  }

  if (canBreak(suite, 'lostAnswer')) {
    promise('a start whose answer was lost is found again, not started again', async () => {
      await harness().breakDown('lostAnswer');
      await expectRefusal(start(), 'EXECUTOR_UNAVAILABLE');
      await harness().recover();
      const { ref } = await start();
      expect(await harness().jobsStarted(1)).toBe(1);
      if (!traits.polls) return;
      await harness().endJob(harness().dispatch(), cases);
      const ended = await untilEnded(harness().executor, ref, harness().dispatch());
      expectCases(suite, ended.cases, cases);
    });
  }

  if (canBreak(suite, 'throttled')) {
    promise(
      'a throttled start is worth another try, as late as the far side asks, and then starts one job',
      async () => {
        await harness().breakDown('throttled');
        const { retryAfterSeconds } = await expectRefusal(start(), 'EXECUTOR_UNAVAILABLE');
        expect(retryAfterSeconds).toBe(traits.waitSeconds);
        await harness().recover();
        await start();
        expect(await harness().jobsStarted(1)).toBe(1);
      },
    );
  }

  for (const how of ['down', 'silent'] as const) {
    if (!canBreak(suite, how)) continue;
    promise(`a start while the far side is ${how} is worth another try, which starts one job`, async () => {
      await harness().breakDown(how);
      await expectRefusal(start(), 'EXECUTOR_UNAVAILABLE');
      await harness().recover();
      await start();
      expect(await harness().jobsStarted(1)).toBe(1);
    });
  }

  if (canBreak(suite, 'refuse')) {
    promise('a refused start is final and starts nothing', async () => {
      await harness().breakDown('refuse');
      await expectRefusal(start(), 'EXECUTOR_REFUSED');
      expect(await harness().jobsStarted(0)).toBe(0);
    });
  }

  if (!traits.sharesClock) {
    for (const [what, byMs] of [
      ['a day behind', -86_400_000],
      ['a day ahead', 86_400_000],
    ] as const) {
      promise(`a clock ${what} changes nothing about start, poll and stop`, async () => {
        suite.skewClock(byMs);
        const { ref, poll, dispatch, stop } = await startJob(suite);
        expect((await start()).ref).toBe(ref);
        expect(await harness().jobsStarted(1)).toBe(1);
        if (traits.polls) {
          expect((await poll()).state).toBe('running');
          await harness().endJob(dispatch, cases);
          expectCases(suite, (await untilEnded(harness().executor, ref, dispatch)).cases, cases);
        }
        if (traits.stops && traits.polls) expect(await stop()).toBe('gone');
      });
    }
  }
}
