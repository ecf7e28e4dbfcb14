import { countOccurrences, lastOccurrence, nextOccurrence } from './next-occurrence.ts';
import { longestLatenessSeconds } from './schedule.ts';
import type { Timing } from './timing.ts';

/** What becomes of an occurrence that could not be started in time. */
export type MissedPolicy =
  | { readonly type: 'skip' }
  /** It starts late, until the next occurrence is due, and no later than this. */
  | { readonly type: 'runOnce'; readonly maxLatenessSeconds: number };

/** Within this an occurrence is on time: the Scheduler promises the minute only, and the sweeper looks once a minute. */
export const onTimeSeconds = 120;
/** No more missed occurrences than this are counted. */
export const countedMissed = 10_000;

export interface CatchUp {
  /** The occurrence to start a run for, on time or late. */
  readonly run?: number;
  /** Those that are recorded as missed: the first, the last, and how many, 10,000 at most. */
  readonly missed?: { readonly first: number; readonly last: number; readonly count: number };
}

/**
 * What to do about the occurrences after the last one that was handled, up to now: at most one run, for the latest of them, and
 * never a burst (reliability.md F21). `dueAt` is when an occurrence is armed: its time, or a little later by its jitter.
 */
export function catchUp(
  timing: Timing,
  lastHandled: number,
  now: number,
  policy: MissedPolicy,
  dueAt = (occurrence: number): number => occurrence,
): CatchUp {
  const latest = latestDue(timing, now, dueAt);
  if (latest === undefined || latest <= lastHandled) return {};
  const mayBeLate = Math.max(onTimeSeconds, toleratedSeconds(policy));
  const run = now - dueAt(latest) <= mayBeLate * 1000 ? latest : undefined;
  const missedUpTo = run === undefined ? latest : lastOccurrence(timing, latest - 1);
  const first = nextOccurrence(timing, lastHandled);
  if (first === undefined || missedUpTo === undefined || first > missedUpTo) return run === undefined ? {} : { run };
  const count = countOccurrences(timing, lastHandled, missedUpTo, countedMissed);
  const missed = { first, last: missedUpTo, count };
  return run === undefined ? { missed } : { run, missed };
}

/** Jitter may keep the newest occurrences from being due. */
function latestDue(timing: Timing, now: number, dueAt: (occurrence: number) => number): number | undefined {
  let latest = lastOccurrence(timing, now);
  while (latest !== undefined && dueAt(latest) > now) latest = lastOccurrence(timing, latest - 1);
  return latest;
}

function toleratedSeconds(policy: MissedPolicy): number {
  return policy.type === 'skip' ? 0 : Math.min(policy.maxLatenessSeconds, longestLatenessSeconds);
}
