import { expect } from 'vitest';
import { canBreak, cases, expectCases, expectRefusal, otherRun, patience, type Suite, startJob } from './suite.ts';

/** A stop reaches its own job, may be repeated, and says `gone` only of what is gone. */
export function promiseStops(suite: Suite): void {
  const { promise, harness, traits } = suite;

  promise('stopping what was never started does no harm', async () => {
    const stopped = await harness().executor.stop(harness().dispatch().key, harness().dispatch());
    expect(['gone', 'stopping']).toContain(stopped);
    expect(await harness().jobsStarted(0)).toBe(0);
  });

  promise('stopping twice is stopping once', async () => {
    const { stop } = await startJob(suite);
    await stop();
    expect(['gone', 'stopping']).toContain(await stop());
    if (traits.stops) await expect.poll(() => stop(), patience).toBe('gone');
  });

  if (!traits.stops) return;

  promise('another process can stop the job', async () => {
    const { stop } = await startJob(suite);
    await stop(harness().another());
    await expect.poll(() => stop(), patience).toBe('gone');
  });

  if (traits.polls) {
    promise('a stopped job ends', async () => {
      const { stop, poll } = await startJob(suite);
      await stop();
      await expect.poll(async () => (await poll()).state, patience).toBe('ended');
    });

    promise('stopping after the end says gone and changes nothing', async () => {
      const { dispatch, stop, untilEnded } = await startJob(suite);
      await harness().endJob(dispatch, cases);
      await untilEnded();
      expect(await stop()).toBe('gone');
      expectCases(suite, (await untilEnded()).cases, cases);
    });

    promise('a stop leaves the jobs of other runs alone', async () => {
      const first = await startJob(suite);
      const second = await startJob(suite, otherRun);
      await harness().jobsStarted(2);
      await expect.poll(() => first.stop(), patience).toBe('gone');
      expect((await second.poll()).state).toBe('running');
      await harness().endJob(second.dispatch, cases);
      expectCases(suite, (await second.untilEnded()).cases, cases);
    });
  }

  if (canBreak(suite, 'stopLate')) {
    promise('a stop that is not confirmed yet is not said to be over', async () => {
      await harness().breakDown('stopLate');
      const { stop } = await startJob(suite);
      await harness().jobsStarted(1);
      expect(await stop()).toBe('stopping');
      await harness().recover();
      await expect.poll(() => stop(), patience).toBe('gone');
    });
  }

  if (canBreak(suite, 'refuseStop')) {
    promise('a refused stop is an error, and the job is not said to be gone', async () => {
      const { stop, poll } = await startJob(suite);
      await harness().breakDown('refuseStop');
      await expectRefusal(stop(), 'EXECUTOR_REFUSED');
      if (traits.polls) expect((await poll()).state).toBe('running');
      await harness().recover();
      await expect.poll(() => stop(), patience).toBe('gone');
    });
  }

  for (const how of ['down', 'throttled', 'lostAnswer', 'silent'] as const) {
    if (!canBreak(suite, how)) continue;
    promise(`a stop that fails (${how}) is worth another try, which stops the job`, async () => {
      const { stop } = await startJob(suite);
      await harness().breakDown(how);
      const { retryAfterSeconds } = await expectRefusal(stop(), 'EXECUTOR_UNAVAILABLE');
      if (how === 'throttled') expect(retryAfterSeconds).toBe(traits.waitSeconds);
      await harness().recover();
      await expect.poll(() => stop(), patience).toBe('gone');
    });
  }
}
