import type { ExecutorSettings } from './executor-settings.ts';
import type { ExecutionSettings } from './plan.ts';
import type { CaseName, ReportedCase } from './results.ts';
import type { DeclaredPrerequisites } from './with-prerequisites.ts';

/** The finest thing an executor can be told to run alone. What it cannot select runs in full, and the run says so. */
export type SelectionGrain = 'iterations' | 'cases' | 'suites' | 'nothing';

export interface Capabilities {
  readonly selects: SelectionGrain;
  /** It reports to the callback API by itself; polling is then only the safety net. */
  readonly callsBack: boolean;
  /** It has something to poll. */
  readonly polls: boolean;
  readonly stops: boolean;
}

/**
 * A test case that must run in this attempt. Iterations are there for a data-driven one: only the named ones run, all of
 * them if none are named.
 */
export interface PickedCase extends CaseName {
  readonly iterations?: readonly string[];
  /** Title of the machine to run it on; absent is every machine of the attempt. */
  readonly machine?: string;
  readonly file?: string;
}

/** Everything an executor gets to run one attempt. */
export interface Dispatch {
  readonly runId: number;
  /** 1 is the first passage; 2 and later are further stages and automatic reruns. */
  readonly attempt: number;
  /** `run-<id>-a<attempt>`: idempotency key and name of the test job. */
  readonly key: string;
  /** The run's earlier attempts that an executor took, oldest first: one may go on from what its own job said. */
  readonly earlier: readonly { readonly attempt: number; readonly ref: string }[];
  /** When the run was triggered, epoch milliseconds. No job of it is older; with its id it tells runs of two deployments apart. */
  readonly createdAt: number;
  readonly planId: number;
  readonly planName: string;
  readonly settings: ExecutorSettings;
  /** What must run; null is everything the executor has. */
  readonly selection: readonly PickedCase[] | null;
  /** What the plan wants before them. An executor that selects cases gets them in stages and need not look at it. */
  readonly prerequisites: readonly DeclaredPrerequisites[];
  /** Where the attempt runs, each with the name of its environment; empty if the plan names no machines. */
  readonly machines: readonly { readonly title: string; readonly environment: string | null }[];
  /** Environment variables, runtime data over the environment's over the plan's. Secret: never logged. */
  readonly variables: Readonly<Record<string, string>>;
  /** Those of their values nobody may be shown: runtime data, and what the environment keeps secret. */
  readonly secrets: readonly string[];
  /** Names of the variables the environment keeps secret, each with where its value is kept; null if the environment has it. */
  readonly secretVariables?: Readonly<Record<string, string | null>>;
  readonly uploadVersions: Readonly<Record<string, string>>;
  readonly environment: string | null;
  readonly buildNo: string | null;
  readonly executionSettings: ExecutionSettings;
  /** Where results go, for executors that call back. The token is a bearer for this attempt only. */
  readonly callback: { readonly url: string; readonly token: string };
  /** Epoch milliseconds after which the run is timed out. */
  readonly deadlineAt: number;
  /**
   * When the first try before this one was sent that is not known to have started nothing, in epoch milliseconds; absent if
   * there was none. Its job may be there although nobody got its answer.
   */
  readonly triedAt?: number;
}

/** What will really run, against what was asked for. Shown with the run. */
export interface Executing {
  readonly grain: SelectionGrain | 'everything';
  /** For people: "2 cases", "1 suite (41 extra cases are ignored)". */
  readonly description: string;
}

export interface Started {
  /** What the executor needs to find its job again; at most 1,000 characters, no secret. */
  readonly ref: string;
  readonly executing: Executing;
  /** Where people can watch it, if anywhere. */
  readonly link?: string;
}

/** Why an attempt ended without a readable report. The words are the run's reasons; their classes are in failure.ts. */
export interface AttemptProblem {
  readonly reason:
    | 'dispatchFailed'
    | 'executorRefused'
    | 'executorProtocol'
    | 'executorLost'
    | 'inactivity'
    | 'reportUnreadable';
  readonly message: string;
  /** The job broke by itself, and its executor did its part: nothing that others should wait for. */
  readonly jobOnly?: true;
  /** No try to dispatch it made a job. */
  readonly nothingStarted?: true;
}

/** The end of an attempt, as its executor tells it. */
export interface AttemptEnd {
  readonly problem?: AttemptProblem;
  /** How many distinct cases were reported in this attempt, if the executor knows. */
  readonly expectedCases?: number;
}

/** No executor ever took the attempt. */
export function isUntaken({ problem }: AttemptEnd): boolean {
  return problem?.reason === 'dispatchFailed' || problem?.reason === 'executorRefused';
}

/** Nobody took the attempt for certain, and a job of it may be there all the same. */
export function mayHaveStarted(end: AttemptEnd): boolean {
  return isUntaken(end) && end.problem?.nothingStarted !== true;
}

/** It was we who ended the attempt: nobody knows that its job is over, so it must be stopped. */
export function mayGoOn(end: AttemptEnd): boolean {
  return end.problem?.reason === 'executorProtocol' || end.problem?.reason === 'inactivity';
}

export type Poll =
  | { readonly state: 'running'; readonly cases: Iterable<ReportedCase>; readonly retryAfterSeconds?: number }
  | { readonly state: 'ended'; readonly cases: Iterable<ReportedCase>; readonly end: AttemptEnd };

/**
 * One kind of executor. `start` is idempotent by `dispatch.key`: a second call finds the first one's job. `stop` is
 * idempotent and says whether the job is known to be gone. Refusals are ServiceErrors: EXECUTOR_REFUSED is final,
 * EXECUTOR_UNAVAILABLE is worth another try, EXECUTOR_PROTOCOL is an answer that makes no sense.
 */
export interface Executor {
  capabilities(settings: ExecutorSettings): Capabilities;
  start(dispatch: Dispatch): Promise<Started>;
  poll(ref: string, dispatch: Dispatch): Promise<Poll>;
  stop(ref: string, dispatch: Dispatch): Promise<'gone' | 'stopping'>;
}
