import { isServiceError } from '../../lib/core/errors.ts';
import type { AttemptEnd, Capabilities, Dispatch, Executor, Poll } from '../../lib/core/executor.ts';
import type { ReportableResult, ReportedCase } from '../../lib/core/results.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Something a job sends by itself. */
export interface Callback {
  readonly afterMs: number;
  readonly cases: readonly ReportedCase[];
  readonly end?: AttemptEnd;
  readonly batchId?: string;
  readonly seq?: number;
  /** Another attempt than the job's own. */
  readonly attempt?: number;
}

/** What one attempt does at its executor. */
interface Job {
  readonly callbacks?: readonly Callback[];
  /** How it shows when it is asked: running until then, ended from then on. */
  readonly endsAfterMs?: number;
  readonly cases?: readonly ReportedCase[];
  readonly end?: AttemptEnd;
}

export interface Script {
  readonly capabilities?: Partial<Capabilities>;
  job(dispatch: Dispatch): Job;
  /** Before the job is made; what it throws is the answer. `nth` counts the calls of one attempt from 1. */
  onStart?(dispatch: Dispatch, nth: number): void | Promise<void>;
  onPoll?(dispatch: Dispatch, nth: number): Poll | undefined;
  /** Milliseconds from the first request to stop until the job is gone; at once without it. */
  readonly stopsAfterMs?: number;
}

export interface FakeExecutor extends Executor {
  readonly starts: Dispatch[];
  readonly polls: number[];
  readonly stops: number[];
  /** Codes of refused callbacks, `folded` for a repeat that was part of the result. */
  readonly answers: string[];
  aliveJobs(): number;
}

interface LiveJob {
  readonly startedAt: number;
  readonly job: Job;
  readonly cancel: (() => void)[];
  stopAskedAt?: number;
}

/** An executor that does what its script says, in virtual time. `send` hands over what its jobs report by themselves. */
export function createFakeExecutor(
  script: Script,
  clock: VirtualClock,
  send: (dispatch: Dispatch, callback: Callback) => Promise<{ folded: boolean }>,
): FakeExecutor {
  const jobs = new Map<string, LiveJob>();
  const calls = new Map<string, number>();
  const starts: Dispatch[] = [];
  const polls: number[] = [];
  const stops: number[] = [];
  const answers: string[] = [];
  const count = (name: string): number => {
    calls.set(name, (calls.get(name) ?? 0) + 1);
    return calls.get(name) ?? 0;
  };
  const isGone = (live: LiveJob): boolean => {
    const stopped = live.stopAskedAt !== undefined && clock.now() >= live.stopAskedAt + (script.stopsAfterMs ?? 0);
    return stopped || clock.now() >= live.startedAt + (live.job.endsAfterMs ?? Number.POSITIVE_INFINITY);
  };
  const report = async (dispatch: Dispatch, callback: Callback): Promise<void> => {
    try {
      answers.push((await send(dispatch, callback)).folded ? 'folded' : 'taken');
    } catch (error) {
      answers.push(isServiceError(error) ? error.code : String(error));
    }
  };

  return {
    starts,
    polls,
    stops,
    answers,
    aliveJobs: () => [...jobs.values()].filter((live) => !isGone(live)).length,
    capabilities: () => ({ selects: 'iterations', callsBack: true, polls: false, stops: true, ...script.capabilities }),
    async start(dispatch) {
      await script.onStart?.(dispatch, count(`start ${dispatch.key}`));
      if (!jobs.has(dispatch.key)) {
        starts.push(dispatch);
        const job = script.job(dispatch);
        const cancel = (job.callbacks ?? []).map((callback) =>
          clock.after(callback.afterMs, () => report(dispatch, callback)),
        );
        const endsAfterMs = job.endsAfterMs ?? job.callbacks?.find(({ end }) => end)?.afterMs;
        jobs.set(dispatch.key, {
          startedAt: clock.now(),
          job: endsAfterMs === undefined ? job : { ...job, endsAfterMs },
          cancel,
        });
      }
      return { ref: dispatch.key, executing: { grain: 'everything', description: 'everything' } };
    },
    async poll(ref, dispatch) {
      polls.push(clock.now());
      const scripted = script.onPoll?.(dispatch, count(`poll ${dispatch.key}`));
      if (scripted) return scripted;
      const live = jobs.get(ref);
      if (live === undefined)
        return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message: 'Gone.' } } };
      if (!isGone(live)) return { state: 'running', cases: [] };
      return { state: 'ended', cases: live.job.cases ?? [], end: live.job.end ?? {} };
    },
    async stop(ref) {
      stops.push(clock.now());
      const live = jobs.get(ref);
      if (live === undefined) return 'gone';
      live.stopAskedAt ??= clock.now();
      if (!isGone(live)) return 'stopping';
      for (const cancel of live.cancel) cancel();
      return 'gone';
    },
  };
}

export function aCase(name: string, result: ReportableResult = 'passed', iteration?: string): ReportedCase {
  return {
    suite: 'Checkout',
    className: '',
    name,
    result,
    durationMs: 10,
    ...(iteration === undefined ? {} : { iteration }),
    ...(result === 'failed' || result === 'errored' ? { message: `${name} did not work` } : {}),
  };
}
