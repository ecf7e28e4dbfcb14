/**
 * The waits a run may be told, in seconds. Both drivers know exactly these: the state machine has one retrier for each (the
 * error's name chooses how long it waits), so a wait costs one transition.
 */
export const waits = [1, 2, 4, 8, 15, 30, 60, 120, 300] as const;
export type Wait = (typeof waits)[number];

/** The longest wait that does not exceed the seconds, and 1 for less than that. */
export function waitWithin(seconds: number): Wait {
  let best: Wait = waits[0];
  for (const wait of waits) if (wait <= seconds) best = wait;
  return best;
}

/**
 * When to ask the executor again. Without history the wait grows from 15 s to 60 s, half the time elapsed: 66 state
 * transitions for a 60-minute run. With history it is sparse, up to 300 s, until three quarters of the usual duration are
 * over, and 60 s at most from then on: under 30 transitions (performance.md P2).
 */
export function pollWait(elapsedSeconds: number, usualSeconds: number | undefined): Wait {
  const growing = Math.min(60, Math.max(15, elapsedSeconds / 2));
  const sparseFor = usualSeconds === undefined ? 0 : usualSeconds * 0.75 - elapsedSeconds;
  return waitWithin(Math.max(growing, Math.min(300, sparseFor)));
}

/** Tries of one dispatch, the first included, before it counts as failed. */
export const dispatchTries = 6;

/** Seconds before the next try of a dispatch: 2, 4, 8, 15, 30, or what the executor asks for up to 300 (reliability.md F13). */
export function dispatchBackoff(failedTries: number, retryAfterSeconds: number | undefined): Wait {
  const backoff = waits[Math.min(failedTries, 5)] ?? 30;
  return waitWithin(Math.min(300, Math.max(backoff, retryAfterSeconds ?? 0)));
}

/** How a new duration moves the plan's usual one: an average that forgets, so that a changed plan is followed in a few runs. */
export function learnUsual(before: number | undefined, seconds: number): number {
  return before === undefined ? seconds : Math.round(before * 0.7 + seconds * 0.3);
}
