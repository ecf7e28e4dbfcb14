import type { Dispatch, Executor } from '../../../lib/core/executor.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';

/** What can be wrong with the far side of an executor. It lasts until `recover`. */
export type Breakage =
  /** Everything it is asked is answered by a 5xx; nothing is done. */
  | 'down'
  /** Everything is answered by a 429 (or its like) that asks to wait for `traits.waitSeconds`; nothing is done. */
  | 'throttled'
  /** Starts are refused for good (4xx), as for a wrong token. */
  | 'refuse'
  /** Stops are refused for good (4xx); the job goes on. */
  | 'refuseStop'
  /** Stops are taken, but the jobs go on until `recover` (or until the executor kills them). */
  | 'stopLate'
  /** Everything is answered by what makes no sense: a web page, say. For a job that leaves a file, its report is such. */
  | 'garbage'
  /** Answers never end (or are far over what the executor should read). */
  | 'oversized'
  /** Everything is done, and its answer never arrives: the connection is cut. */
  | 'lostAnswer'
  /** Nothing is done, and no answer comes at all. Only for executors that the harness can give short timeouts. */
  | 'silent';

/**
 * What of a reported case an executor loses by nature. `milliseconds`: it tells whole seconds at best; `running` and
 * `skipped`: it has no such result.
 */
export type Untold = 'suite' | 'className' | 'message' | 'milliseconds' | 'iteration' | 'running' | 'skipped';

/** What one job was really given, as the far side saw it. */
export interface Received {
  /** Variables of the attempt; others may be among them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Names of the cases it was told to run; null is everything. */
  readonly selection?: readonly string[] | null;
  /** When it is to give up: epoch milliseconds, or how long it may take from its start in seconds. */
  readonly deadline?: { readonly at: number } | { readonly afterSeconds: number };
}

/** One executor with a far side that the suite controls. Made anew for every test. */
export interface ExecutorHarness {
  readonly executor: Executor;
  /** The executor as another process would make it, against the same far side. */
  another(): Executor;
  /** A dispatch of the same attempt each time (`makeDispatch` of dispatch.ts); its job runs until `endJob`. */
  dispatch(overrides?: Partial<Dispatch>): Dispatch;
  /** How many jobs were really started, once there were `expected` of them or it took too long. */
  jobsStarted(expected: number): number | Promise<number>;
  /** What the attempt's job was given. */
  received(dispatch: Dispatch): Received | Promise<Received>;
  /** Lets the attempt's job show these cases, and go on. Not called if `tellsProgress` is false. */
  progress(dispatch: Dispatch, cases: readonly ReportedCase[]): void | Promise<void>;
  /** Lets the attempt's job report these cases and end. */
  endJob(dispatch: Dispatch, cases: readonly ReportedCase[]): void | Promise<void>;
  /** Lets the attempt's job end well, as far as it can say, with no results of its cases. */
  endWithoutResults(dispatch: Dispatch): void | Promise<void>;
  /** Jobs that start from now on report these cases and end at once, if possible before the start is answered. */
  endAtOnce(cases: readonly ReportedCase[]): void | Promise<void>;
  /** From now on the far side is broken like that. */
  breakDown(how: Breakage): void | Promise<void>;
  /** It is well again. What it did meanwhile stays done. */
  recover(): void | Promise<void>;
  /** Ends all jobs, servers and files. */
  close(): Promise<void>;
}

/** What the suite must know of an executor before it runs. What cannot be by nature is not tested. */
export interface ExecutorTraits {
  /** Those its far side can have at all. */
  readonly breaks: readonly Breakage[];
  /** As in its capabilities, for the settings of the harness. */
  readonly polls: boolean;
  readonly stops: boolean;
  readonly callsBack: boolean;
  /** Two starts at the very same moment are one job. False only where the far side has no key to know a repeat by. */
  readonly startsAtomically: boolean;
  /** A poll shows cases before the end. */
  readonly tellsProgress: boolean;
  /** What is lost of the cases it reports. */
  readonly cannotTell: readonly Untold[];
  /** What its jobs can be given; `selection` if it selects single cases. */
  readonly takes: readonly (keyof Received)[];
  /** What a throttled far side asks to wait; undefined if it names no time. */
  readonly waitSeconds?: number;
  /** The far side's clock is the executor's own, so that they cannot differ. */
  readonly sharesClock?: true;
  /** Text that must never come back: the harness makes it the executor's token, key or signing secret where it has one. */
  readonly secret: string;
}

/** Makes one executor with its far side. `now` is the clock to give it: the suite moves it. */
export type Setup = (now: () => number) => Promise<ExecutorHarness>;
