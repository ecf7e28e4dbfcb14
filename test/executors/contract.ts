import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isServiceError } from '../../lib/core/errors.ts';
import type { Dispatch, Executor } from '../../lib/core/executor.ts';
import type { ReportedCase } from '../../lib/core/results.ts';

/** Ways the far side of an executor can fail. */
export type Breakage = 'down' | 'garbage' | 'refuse';

/** One executor with a far side that the suite controls. Made anew for every test. */
export interface ExecutorHarness {
  readonly executor: Executor;
  /** A dispatch of the same attempt each time; its job runs until `endJob`. */
  dispatch(overrides?: Partial<Dispatch>): Dispatch;
  /** How many jobs were really started, once there were `expected` of them or it took too long. */
  jobsStarted(expected: number): number | Promise<number>;
  /** Lets the attempt's job report these cases and end. */
  endJob(dispatch: Dispatch, cases: readonly ReportedCase[]): Promise<void>;
  /** From now on the far side fails like that. */
  breakDown(how: Breakage): void;
  close(): Promise<void>;
}

/** What the suite cannot learn from the executor's capabilities before it runs. */
export interface ExecutorTraits {
  /** Those its far side can have at all. */
  readonly breaks: readonly Breakage[];
  /** It has something to poll, so that the end is seen. */
  readonly polls: boolean;
  /** It can stop jobs. */
  readonly stops: boolean;
  /** Text that must never come back in an error. */
  readonly secret: string;
}

/** The promises of the `Executor` interface, which every implementation keeps. */
export function describeExecutorContract(
  name: string,
  traits: ExecutorTraits,
  setup: () => Promise<ExecutorHarness>,
): void {
  describe(`the ${name} executor keeps the contract:`, () => {
    let harness: ExecutorHarness;
    beforeEach(async () => {
      harness = await setup();
    });
    afterEach(() => harness.close());
    const breaks = (how: Breakage): boolean => traits.breaks.includes(how);

    it('its capabilities are those the suite was told', () => {
      const { polls, stops } = harness.executor.capabilities(harness.dispatch().settings);
      expect({ polls, stops }).toEqual({ polls: traits.polls, stops: traits.stops });
    });

    it('starting twice gives one job and the same reference', async () => {
      const { executor } = harness;
      const first = await executor.start(harness.dispatch());
      const second = await executor.start(harness.dispatch());
      expect(second.ref).toBe(first.ref);
      expect(await harness.jobsStarted(1)).toBe(1);
    });

    it('starting at the same time gives one job and the same reference', async () => {
      const start = () => harness.executor.start(harness.dispatch());
      const [first, second] = await Promise.all([start(), start()]);
      expect(second.ref).toBe(first.ref);
      expect(await harness.jobsStarted(1)).toBe(1);
    });

    it('another attempt is another job', async () => {
      const again = { attempt: 2, key: harness.dispatch().key.replace(/-a1$/, '-a2') };
      const first = await harness.executor.start(harness.dispatch());
      const second = await harness.executor.start(harness.dispatch(again));
      expect(second.ref).not.toBe(first.ref);
      expect(await harness.jobsStarted(2)).toBe(2);
    });

    it('the reference is short and holds no secret', async () => {
      const { ref } = await harness.executor.start(harness.dispatch());
      expect(ref).toMatch(/^.{1,1000}$/s);
      expect(ref).not.toContain(traits.secret);
      expect(ref).not.toContain(harness.dispatch().callback.token);
    });

    it('says that everything runs when everything is asked for', async () => {
      const { executing } = await harness.executor.start(harness.dispatch({ selection: null }));
      expect(executing.grain).toBe('everything');
      expect(executing.description).not.toBe('');
    });

    it('never claims to run a finer selection than it can', async () => {
      const selection = [{ suite: 's', className: '', name: 'one' }];
      const dispatch = harness.dispatch({ selection });
      const { executing } = await harness.executor.start(dispatch);
      const grains = ['everything', 'nothing', 'suites', 'cases', 'iterations'];
      const { selects } = harness.executor.capabilities(dispatch.settings);
      expect(grains.indexOf(executing.grain)).toBeLessThanOrEqual(grains.indexOf(selects));
      expect(executing.description).not.toBe('');
    });

    it('is running before its end', async () => {
      const dispatch = harness.dispatch();
      const { ref } = await harness.executor.start(dispatch);
      expect((await harness.executor.poll(ref, dispatch)).state).toBe('running');
    });

    if (traits.polls) {
      it('tells the cases with the end, as often as it is asked', async () => {
        const dispatch = harness.dispatch();
        const { ref } = await harness.executor.start(dispatch);
        await harness.endJob(dispatch, cases);
        const first = await untilEnded(harness.executor, ref, dispatch);
        const second = await harness.executor.poll(ref, dispatch);
        expect(first.cases).toEqual(cases);
        expect(second).toMatchObject({ state: 'ended' });
        expect([...second.cases]).toEqual(cases);
        expect(first.problem).toBeUndefined();
      });

      it('starting again after the end starts nothing, and the end stays', async () => {
        const dispatch = harness.dispatch();
        const { ref } = await harness.executor.start(dispatch);
        await harness.endJob(dispatch, cases);
        await untilEnded(harness.executor, ref, dispatch);
        expect((await harness.executor.start(dispatch)).ref).toBe(ref);
        expect(await harness.jobsStarted(1)).toBe(1);
        expect((await untilEnded(harness.executor, ref, dispatch)).cases).toEqual(cases);
      });

      it('a job nobody knows has ended with a problem', async () => {
        const dispatch = harness.dispatch();
        const ended = await untilEnded(harness.executor, dispatch.key, dispatch);
        expect(ended).toMatchObject({ cases: [], problem: 'executorLost' });
      });
    }

    it('stopping what was never started does no harm', async () => {
      const stopped = await harness.executor.stop(harness.dispatch().key, harness.dispatch());
      expect(['gone', 'stopping']).toContain(stopped);
      expect(await harness.jobsStarted(0)).toBe(0);
    });

    it('stopping twice is stopping once', async () => {
      const dispatch = harness.dispatch();
      const { ref } = await harness.executor.start(dispatch);
      await harness.executor.stop(ref, dispatch);
      expect(['gone', 'stopping']).toContain(await harness.executor.stop(ref, dispatch));
      if (traits.stops) await expect.poll(() => harness.executor.stop(ref, dispatch), patience).toBe('gone');
    });

    if (traits.stops && traits.polls) {
      it('a stopped job ends', async () => {
        const dispatch = harness.dispatch();
        const { ref } = await harness.executor.start(dispatch);
        await harness.executor.stop(ref, dispatch);
        await expect.poll(async () => (await harness.executor.poll(ref, dispatch)).state, patience).toBe('ended');
      });

      it('stopping after the end says gone and changes nothing', async () => {
        const dispatch = harness.dispatch();
        const { ref } = await harness.executor.start(dispatch);
        await harness.endJob(dispatch, cases);
        await untilEnded(harness.executor, ref, dispatch);
        expect(await harness.executor.stop(ref, dispatch)).toBe('gone');
        expect((await untilEnded(harness.executor, ref, dispatch)).cases).toEqual(cases);
      });
    }

    if (breaks('refuse')) {
      it('a refusal is final and tells no secret', async () => {
        harness.breakDown('refuse');
        const error = await errorOf(
          harness.executor.start(harness.dispatch({ variables: { PASSWORD: traits.secret } })),
        );
        expect(codeOf(error)).toBe('EXECUTOR_REFUSED');
        expect(everythingIn(error)).not.toContain(traits.secret);
        expect(everythingIn(error)).not.toContain(harness.dispatch().callback.token);
      });
    }

    if (breaks('down')) {
      it('an unavailable far side is worth another try and tells no secret', async () => {
        const dispatch = harness.dispatch({ variables: { PASSWORD: traits.secret } });
        const { ref } = await harness.executor.start(dispatch);
        harness.breakDown('down');
        const calls = [harness.executor.start(dispatch), harness.executor.stop(ref, dispatch)];
        if (traits.polls) calls.push(harness.executor.poll(ref, dispatch) as never);
        for (const error of await Promise.all(calls.map((call) => errorOf(call)))) {
          expect(codeOf(error)).toBe('EXECUTOR_UNAVAILABLE');
          expect(everythingIn(error)).not.toContain(traits.secret);
          expect(everythingIn(error)).not.toContain(dispatch.callback.token);
        }
      });
    }

    if (breaks('garbage') && traits.polls) {
      it('garbage is no result', async () => {
        const dispatch = harness.dispatch();
        const { ref } = await harness.executor.start(dispatch);
        harness.breakDown('garbage');
        const outcome = await settle(harness, ref, dispatch);
        expect(['EXECUTOR_PROTOCOL', 'reportUnreadable']).toContain(outcome);
      });
    }
  });
}

const cases: readonly ReportedCase[] = [
  { suite: 's', className: 'c', name: 'one', result: 'passed', durationMs: 1500 },
  { suite: 's', className: 'c', name: 'two', result: 'failed', durationMs: 20, message: 'expected 1 to be 2' },
];

const patience = { timeout: 4000, interval: 20 };

/** Polls until the end. Errors end it at once, unlike those within `expect.poll`. */
async function untilEnded(executor: Executor, ref: string, dispatch: Dispatch) {
  for (let tries = 0; tries < patience.timeout / patience.interval; tries++) {
    const poll = await executor.poll(ref, dispatch);
    if (poll.state === 'ended') return { cases: [...poll.cases], problem: poll.end.problem?.reason };
    await new Promise((resolve) => setTimeout(resolve, patience.interval));
  }
  throw new Error('The job did not end');
}

/** How polling comes out in the end: the code of its error, or the reason of the attempt's problem. */
async function settle({ executor }: ExecutorHarness, ref: string, dispatch: Dispatch): Promise<string | undefined> {
  try {
    return (await untilEnded(executor, ref, dispatch)).problem;
  } catch (error) {
    return codeOf(error);
  }
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function codeOf(error: unknown): string | undefined {
  return isServiceError(error) ? error.code : undefined;
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  const fields = isServiceError(error) ? JSON.stringify(error.fields) : '';
  return [error.message, error.stack, fields, error.cause === undefined ? '' : everythingIn(error.cause)].join('\n');
}
