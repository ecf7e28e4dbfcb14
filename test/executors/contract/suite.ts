import { expect } from 'vitest';
import { isServiceError } from '../../../lib/core/errors.ts';
import type { Dispatch, Executor } from '../../../lib/core/executor.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Received } from './harness.ts';

/** What the files of the suite register their promises with. */
export interface Suite {
  readonly traits: ExecutorTraits;
  /** The harness of the test that runs. */
  readonly harness: () => ExecutorHarness;
  /** Moves the executor's clock for the test that runs, in milliseconds. */
  readonly skewClock: (byMs: number) => void;
  /** Registers one promise. */
  readonly promise: (sentence: string, test: () => Promise<void>) => void;
}

export const canBreak = ({ traits }: Suite, how: Breakage): boolean => traits.breaks.includes(how);
export const takes = ({ traits }: Suite, what: keyof Received): boolean => traits.takes.includes(what);

/** Starts the attempt's job, and says how to ask for it. */
export async function startJob(suite: Suite, overrides: Partial<Dispatch> = {}) {
  const { executor, dispatch: make } = suite.harness();
  const dispatch = make(overrides);
  const { ref } = await executor.start(dispatch);
  return {
    ref,
    dispatch,
    poll: (by: Executor = executor) => by.poll(ref, dispatch),
    stop: (by: Executor = executor) => by.stop(ref, dispatch),
    untilEnded: (by: Executor = executor) => untilEnded(by, ref, dispatch),
    /** The cases it shows while it runs, once all of them were seen. */
    untilSeen: (cases: readonly ReportedCase[]) => untilSeen(suite, ref, dispatch, cases),
  };
}

/** The first attempt of another run. */
export const otherRun: Partial<Dispatch> = {
  runId: 53,
  key: 'run-53-a1',
  callback: { url: 'https://proctor.example/callbacks/53', token: 'cbt1.53.1.1800000000.token' },
};

const one: ReportedCase = { suite: 's', className: 'c', name: 'one', result: 'passed', durationMs: 1500 };
const two: ReportedCase = {
  suite: 's',
  className: 'c',
  name: 'two',
  result: 'failed',
  durationMs: 2000,
  message: 'expected 1 to be 2',
};

/** What the job reports unless the test is about something else. */
export const cases: readonly ReportedCase[] = [one, two];

/** The cases as the executor can tell them: what is lost on its way is left out. */
export function told({ traits }: Suite, reported: readonly ReportedCase[]): Record<string, unknown>[] {
  return reported.map(({ suite, className, message, durationMs, iteration, ...rest }) => ({
    ...rest,
    ...(traits.cannotTell.includes('suite') ? {} : { suite }),
    ...(traits.cannotTell.includes('className') ? {} : { className }),
    ...(message === undefined || traits.cannotTell.includes('message') ? {} : { message }),
    ...(traits.cannotTell.includes('milliseconds') ? {} : { durationMs }),
    ...(iteration === undefined || traits.cannotTell.includes('iteration') ? {} : { iteration }),
  }));
}

/** The cases are these and no others, in any order. */
export function expectCases(suite: Suite, actual: Iterable<ReportedCase>, reported: readonly ReportedCase[]): void {
  const byName = (a: { name?: unknown }, b: { name?: unknown }) => (String(a.name) < String(b.name) ? -1 : 1);
  expect([...actual].sort(byName)).toMatchObject(told(suite, reported).sort(byName));
}

export const patience = { timeout: 6000, interval: 20 };

/** Polls until the end. Errors end it at once, unlike those within `expect.poll`. */
export async function untilEnded(executor: Executor, ref: string, dispatch: Dispatch) {
  for (let tries = 0; tries < patience.timeout / patience.interval; tries++) {
    const poll = await executor.poll(ref, dispatch);
    if (poll.state === 'ended') return { cases: [...poll.cases], problem: poll.end.problem?.reason };
    await new Promise((resolve) => setTimeout(resolve, patience.interval));
  }
  throw new Error('The job did not end');
}

/** Some tell each case once, some all of them each time. */
async function untilSeen(suite: Suite, ref: string, dispatch: Dispatch, wanted: readonly ReportedCase[]) {
  const seen = new Map<string, ReportedCase>();
  await expect
    .poll(async () => {
      const poll = await suite.harness().executor.poll(ref, dispatch);
      expect(poll.state).toBe('running');
      for (const one of poll.cases) seen.set(JSON.stringify([one.suite, one.name, one.iteration]), one);
      return seen.size;
    }, patience)
    .toBeGreaterThanOrEqual(wanted.length);
  return [...seen.values()];
}

/** The call is refused with that code. */
export async function expectRefusal(call: Promise<unknown>, code: string): Promise<{ retryAfterSeconds?: number }> {
  const error = await call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  if (!isServiceError(error)) throw new Error('Not refused as expected', { cause: error });
  expect(error.code).toBe(code);
  return error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds };
}

/** An error with all that a log could show of it. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  const fields = isServiceError(error) ? JSON.stringify(error.fields) : '';
  return [error.message, error.stack, fields, error.cause === undefined ? '' : everythingIn(error.cause)].join('\n');
}
