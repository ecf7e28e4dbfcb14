import { invalidField } from '../errors.ts';
import { nextOccurrence } from './next-occurrence.ts';
import type { Timing } from './timing.ts';

/** Occurrences that are looked at: those of the expressions people write are as close as they get among so many. */
const lookedAt = 20;

/**
 * Refuses jitter that is not shorter than the time between two of the next occurrences: one would not be due before the next
 * one is, and be missed although nothing failed. The timing is one that `checkTiming` let pass.
 */
export function checkJitter(timing: Timing, jitterSeconds: number, now: number): void {
  if (jitterSeconds === 0) return;
  const shortest = shortestGap(timing, now) / 1000;
  if (jitterSeconds < shortest) return;
  throw invalidField(
    'jitterSeconds',
    `must be less than the ${shortest} seconds between two occurrences`,
    jitterSeconds,
  );
}

/** Infinity if there are no two occurrences. */
function shortestGap(timing: Timing, now: number): number {
  let shortest = Infinity;
  let before = nextOccurrence(timing, now);
  for (let seen = 1; before !== undefined && seen < lookedAt; seen++) {
    const at = nextOccurrence(timing, before);
    if (at !== undefined) shortest = Math.min(shortest, at - before);
    before = at;
  }
  return shortest;
}
