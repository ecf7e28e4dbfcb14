import { isLive, type Run } from './run.ts';

/** A run is over at its deadline and this (reliability.md section 4), and its end is told within this, in milliseconds. */
const stuckMs = 120_000;

/** True if the run is later than it may be: over, or with its end told. `now` is epoch milliseconds. */
export function isStuck(run: Run, now: number): boolean {
  if (isLive(run)) return now > dueToEnd(run) + stuckMs;
  return (run.outbox?.size ?? 0) > 0 && now > (run.endedAt ?? now) + stuckMs;
}

/** When a live run is over at the latest: its deadline, or that of its stop. */
export function dueToEnd({ deadlineAt, stopBy }: Run): number {
  return Math.min(deadlineAt, stopBy ?? Number.POSITIVE_INFINITY);
}
