import type { SelectionGrain } from './executor.ts';
import type { Commit } from './github.ts';
import type { Overlap } from './overlap.ts';
import type { Overridden } from './override.ts';
import type { Deadlines, RedispatchPolicy, RerunPolicy } from './plan.ts';
import type { Counts } from './results.ts';
import type { SlotKey } from './slots.ts';

export type RunStatus = 'new' | 'rejected' | 'queued' | 'running' | 'stopping' | 'completed';
export type RunResult = 'passed' | 'failed' | 'errored' | 'timedOut' | 'stopped' | 'noTests';
export type RunReason =
  | 'allPassed'
  | 'casesFailed'
  | 'nothingReported'
  | 'dispatchFailed'
  | 'executorRefused'
  | 'notBuildable'
  | 'executorProtocol'
  | 'executorLost'
  | 'reportUnreadable'
  | 'casesMissing'
  | 'casesErrored'
  | 'executionCrashed'
  | 'queueDeadline'
  | 'startDeadline'
  | 'runDeadline'
  | 'inactivity'
  | 'requested'
  | 'backendUnconfirmed';

export interface Ending {
  readonly result: RunResult;
  readonly reason: RunReason;
  /** One sentence for people. */
  readonly explanation: string;
}

/** What a rerun was asked to run again (contracts/testsigma.md 4.3). */
export const rerunTypes = [
  'all',
  'allIterations',
  'failed',
  'failedIterations',
  'failedIterationsOfFailed',
  'picked',
] as const;
export type RerunType = (typeof rerunTypes)[number];

export type TriggerType = 'api' | 'manual' | 'schedule' | 'webhook' | 'event';

/** An event on the bus, as the run it started remembers it. */
export interface TriggerEvent {
  readonly id: string;
  readonly source: string;
  readonly detailType: string;
}

/** What is told on the bus of every run that was admitted. */
export type OutboxEvent = 'queued' | 'started' | 'completed';

/** Consecutive numbers of the sequence of results for consecutive catalog positions. */
export type ResultIdBlock = readonly [fromPosition: number, first: number, count: number];

/** Result ids go round below 2^31; the numbers of the sequence they stand for do not. */
export const resultIdPeriod = 2_000_000_000;

/** In the place of a task token whose task is known to be over, until another is registered. */
export const tokenOver = 'over';

/**
 * A run's small hot item (`RUN#<id>/META`, under 2 kB): the only truth about where it stands. Times are epoch
 * milliseconds. `version` grows with every write that a decision depends on.
 */
export interface Run {
  readonly id: number;
  readonly version: number;
  readonly status: RunStatus;
  readonly planId: number;
  readonly planVersion: number;
  readonly planName: string;
  readonly project: string;
  readonly projectId: number;
  readonly trigger: {
    readonly type: TriggerType;
    readonly keyId: string;
    /** Owner number of the key. */
    readonly ownerId: number;
    readonly sourceIp?: string;
    /** The event on the bus that started it. */
    readonly event?: TriggerEvent;
    /** The plans whose runs led to this one, oldest first: no plan is in it twice. */
    readonly ancestors?: readonly number[];
  };
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly buildNo?: string;
  /** What is tested, if whoever triggered the run knows it. */
  readonly commit?: Commit;
  readonly environmentId?: number;
  /** The schedule that fired it, and the time of the occurrence. */
  readonly schedule?: { readonly id: number; readonly scheduledAt: number };
  /** The run of the parent plan that started this one. */
  readonly groupId?: number;
  /** It was triggered as the run of a group. */
  readonly asGroup?: boolean;
  /** Environments that had no free slot when it was started all the same. */
  readonly unavailable?: readonly { readonly id: number; readonly name: string }[];
  /** There is an INPUT item beside this one: runtime data, upload versions, picked cases. */
  readonly hasInput: boolean;
  /** How many cases were picked when the run was triggered; absent when everything runs. */
  readonly requestedCases?: number;
  /** How many single iterations of them, if not all. */
  readonly requestedIterations?: number;
  /** The saved selection the run was triggered with. */
  readonly config?: { readonly id: number; readonly name: string };
  /** Why it cannot be built: its selection or environment is gone. It ends without a dispatch. */
  readonly unbuildable?: string;
  /** What was done about other runs of its plan. */
  readonly overlap: Overlap;
  /** How many runs of its key and its project might go on at once when it was triggered; absent without any limit. */
  readonly limits?: { readonly key?: number; readonly project?: number };
  readonly rerun: RerunPolicy;
  readonly redispatch: RedispatchPolicy;
  readonly deadlines: Deadlines;
  /** The executor calls back, so the workflow waits to be woken instead of polling. */
  readonly callsBack: boolean;
  readonly polls: boolean;
  readonly selects: SelectionGrain;
  /** Seconds the plan's runs usually take; absent without history. Decides the poll cadence. */
  readonly usualSeconds?: number;
  /** The blocks of result ids this run owns, by the catalog positions they are for, ascending. */
  readonly resultIds: readonly ResultIdBlock[];

  /** Digest of what each attempt after the first was asked to run, by `a<attempt>`. */
  readonly requests: Readonly<Record<string, string>>;

  /** The current attempt, from 1. */
  readonly attempt: number;
  /** How many attempts after the first were stages; those that are neither stage nor redispatch were automatic reruns. */
  readonly stages?: number;
  /** The attempts that failed by infrastructure and were dispatched again, each as the next one. */
  readonly redispatches?: readonly number[];
  readonly dispatch: 'due' | 'calling' | 'accepted';
  readonly claimedAt?: number;
  /** When the first dispatch of the current attempt was claimed that may have started a job nobody knows of. */
  readonly triedSince?: number;
  /** Tries of the current attempt's dispatch that failed for a passing reason. */
  readonly dispatchTries: number;
  /** Not before this time is the dispatch tried again. */
  readonly dispatchAfter?: number;
  /** Why the last try of the current dispatch failed, for people. */
  readonly dispatchProblem?: string;
  /** Not before this time is the executor asked again how the attempt is doing: it said so. */
  readonly pollAfter?: number;
  /** Attempts of others were lost at its executor when this one was taken: a good end says that it works again. */
  readonly onProbation?: true;
  /** When the queue, start or run deadline in force is over. */
  readonly deadlineAt: number;
  readonly lastProgressAt: number;
  /** Packed bytes of all batches, bounded by `maxRunBytes`. */
  readonly packedBytes: number;
  /** Strikes in a row of answers from the executor that made no sense. */
  readonly garbage: number;
  /** Ids of the runs this one waits for. */
  readonly waitsFor?: readonly number[];
  /** The sets it may hold or wait for slots of: they are given back when it ends. */
  readonly slots?: readonly SlotKey[];
  /** It has all the slots it needs. */
  readonly slotsHeld?: true;
  /** The sets it waits for a slot of. */
  readonly waitsForSlots?: readonly SlotKey[];
  readonly stopBy?: number;
  /** A job may still live after completion and is still being stopped. */
  readonly cancelPending?: boolean;
  /** When the sweeper looks at this run next; absent once nothing is left to do. */
  readonly nextActionAt?: number;

  readonly wakeSeq: number;
  readonly taskToken?: string;
  readonly executionN: number;

  readonly result?: RunResult;
  readonly reason?: RunReason;
  readonly explanation?: string;
  readonly counts?: Counts;
  /** `<version>#<digest>` of the stored result chunks, and how many they are. */
  readonly resultAt?: string;
  readonly resultChunks?: number;
  readonly eventId?: string;
  /** What people made of the completed run; what is above stays as it is. Read it through `shownRun`. */
  readonly overridden?: Overridden;
  /** Events committed and not yet sent. */
  readonly outbox?: ReadonlySet<OutboxEvent>;
  /** The run this one is a rerun of: the last of its chain when it was triggered. */
  readonly rerunOf?: number;
  readonly rerunType?: RerunType;
  /** The runs of the chain before this one, oldest first: from the original to `rerunOf`. */
  readonly chain?: readonly number[];
  /** Its end turned the plan; committed with the completion, so that a repeated effect cannot see it differently. */
  readonly turn?: 'plan.became_failed' | 'plan.recovered';
  /** The host its end is told to, by the callback in its input. */
  readonly callbackHost?: string;
}

/** True while the run can still change: admitted and not completed. */
export function isLive(run: Pick<Run, 'status'>): boolean {
  return run.status === 'queued' || run.status === 'running' || run.status === 'stopping';
}

/** True once a run was admitted: only then may anyone see it (invariant I6). */
export function isVisible(run: Pick<Run, 'status'>): boolean {
  return run.status !== 'new' && run.status !== 'rejected';
}

/** How many of the run's attempts were automatic reruns. */
export function rerunsUsed(run: Pick<Run, 'attempt' | 'stages' | 'redispatches'>): number {
  return run.attempt - 1 - (run.stages ?? 0) - redispatchesUsed(run);
}

/** How many of the run's attempts were made because the one before failed by infrastructure. */
export function redispatchesUsed(run: Pick<Run, 'redispatches'>): number {
  return run.redispatches?.length ?? 0;
}

/** The result id of the catalog position in this run; 0 while no block covers it. */
export function resultIdAt(run: Pick<Run, 'resultIds'>, position: number): number {
  const block = run.resultIds.findLast(([from]) => from <= position);
  if (block === undefined || position >= block[0] + block[2]) return 0;
  return toResultId(block[1] + position - block[0]);
}

/** The catalog position a result id of this run stands for. */
export function positionOf(run: Pick<Run, 'resultIds'>, resultId: number): number | undefined {
  for (const [from, first, count] of run.resultIds) {
    const offset = (resultId - toResultId(first) + resultIdPeriod) % resultIdPeriod;
    if (offset < count) return from + offset;
  }
  return undefined;
}

function toResultId(number: number): number {
  return ((number - 1) % resultIdPeriod) + 1;
}
