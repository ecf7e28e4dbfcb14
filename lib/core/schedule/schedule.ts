import type { Overlap } from '../overlap.ts';
import type { Timing } from './timing.ts';

/** What becomes of the latest occurrence that could not be started in time: nothing, or one late run. */
export const missedWords = ['skip', 'runOnce'] as const;
export const maxJitterSeconds = 3600;
/** A day: later than that nobody waits for the run any more (contracts/testsigma.md 4.7). */
export const longestLatenessSeconds = 86_400;

/** A saved selection by name, id or both, as the schedule's maker wrote it. */
export interface ConfigRef {
  readonly name?: string | undefined;
  readonly id?: number | undefined;
}

/**
 * When a plan runs by itself (`SCHEDULE` item). Plan, selection and environment are references, looked up when it fires. Times
 * are epoch milliseconds.
 */
export interface Schedule {
  readonly id: number;
  /** Grows with every change people make; `revision` with every write. */
  readonly version: number;
  readonly revision: number;
  readonly planId: number;
  readonly project: string;
  readonly name: string;
  readonly comments: string | null;
  readonly status: 'active' | 'paused';
  readonly timing: Timing;
  readonly config?: ConfigRef;
  readonly environmentId?: number;
  /** Environment variables of the tests, over those of the environment and the plan. */
  readonly variables: Readonly<Record<string, string>>;
  readonly buildNo?: string;
  /** Unless given, the plan's. */
  readonly overlap?: Overlap;
  readonly jitterSeconds: number;
  readonly missed: (typeof missedWords)[number];
  readonly maxLatenessSeconds: number;
  /** Digest of the entry of the plan's document it was made from; absent for one that a request made. */
  readonly declared?: string;
  /** The armed occurrence; while it is paused, the one it was paused at. */
  readonly nextAt: number;
  /** Someone is starting the armed occurrence since then. */
  readonly claimedAt?: number;
  /** What became of occurrences, committed and not yet on record. */
  readonly unrecorded: readonly Occurrence[];
  /** When the sweeper looks at it; absent once nothing is left to do. */
  readonly nextActionAt?: number;
  /** The key it was made with, or `plan`. */
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Owner number of the keys that made and changed it. */
  readonly createdBy: number;
  readonly updatedBy: number;
}

export const occurrenceStates = ['fired', 'late', 'errored', 'skipped', 'missed'] as const;
/**
 * `late`: a missed one that got its run afterwards. `errored`: its run could not be built and is recorded as an errored one.
 * `skipped`: the trigger was refused. `missed`: nobody started it in time.
 */
export type OccurrenceState = (typeof occurrenceStates)[number];

/** What became of an occurrence, or of several missed in a row. */
export interface Occurrence {
  readonly scheduleId: number;
  readonly scheduledAt: number;
  readonly state: OccurrenceState;
  readonly recordedAt: number;
  readonly runId?: number;
  /** Why there was no run, as refusals say it. */
  readonly code?: string;
  /** One sentence for people. */
  readonly explanation: string;
  /** Of those missed in a row: how many (`countedMissed` at most), and the last. */
  readonly count?: number;
  readonly lastAt?: number;
  /** Of its schedule, which may be gone when the bus is told. */
  readonly planId: number;
  readonly project: string;
  readonly scheduleName: string;
}

/** True for what the bus is told: an occurrence that did not start a run. */
export function isSkip({ state }: Pick<Occurrence, 'state'>): boolean {
  return state === 'skipped' || state === 'missed';
}

/** The occurrence's name for whoever must start one run for it at most (reliability.md F20). */
export function occurrenceKey(scheduleId: number, scheduledAt: number): string {
  return `${scheduleId}@${scheduledAt}`;
}
