import { lastOccurrence, nextOccurrence } from './next-occurrence.ts';
import type { Timing } from './timing.ts';

/** Two occurrences of one schedule, the second due before the run of the first usually ends. */
export interface Overlap {
  readonly at: number;
  readonly next: number;
}

/** An occurrence that another schedule of the plan comes too close to. */
export interface Clash {
  readonly at: number;
  readonly scheduleId: number;
  readonly otherAt: number;
}

/** Where occurrences in ascending order follow each other sooner than the plan's usual duration. */
export function findOverlaps(occurrences: readonly number[], usualSeconds: number): readonly Overlap[] {
  return occurrences.flatMap((at, i) => {
    const next = occurrences[i + 1];
    return next !== undefined && next - at < usualSeconds * 1000 ? [{ at, next }] : [];
  });
}

/**
 * Where other schedules of the plan are due within its usual duration of an occurrence, before it or after it: one of the two runs
 * will find the other active. For each occurrence and schedule the nearest one, the earlier of two equally near.
 */
export function findClashes(
  occurrences: readonly number[],
  others: readonly { readonly id: number; readonly timing: Timing }[],
  usualSeconds: number,
): readonly Clash[] {
  return occurrences.flatMap((at) =>
    others.flatMap(({ id, timing }) => {
      const otherAt = nearest(timing, at);
      const clashes = otherAt !== undefined && (otherAt === at || Math.abs(otherAt - at) < usualSeconds * 1000);
      return clashes ? [{ at, scheduleId: id, otherAt }] : [];
    }),
  );
}

function nearest(timing: Timing, at: number): number | undefined {
  const before = lastOccurrence(timing, at);
  const after = nextOccurrence(timing, at);
  if (before === undefined || after === undefined) return before ?? after;
  return at - before <= after - at ? before : after;
}
