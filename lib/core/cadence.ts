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
 * Seconds without a sign of life before an executor that is polled counts as silent, whatever its plan says: three polls of a
 * minute, so that one that answers is never taken for silent.
 */
const leastSilenceSeconds = 180;

/** Seconds an executor may have itself or its jobs left alone at most, by Retry-After (reliability.md F13). */
const maxHoldSeconds = 300;

/**
 * When to ask the executor again. Without history the wait grows from 15 s to 60 s, half the time elapsed: 66 state
 * transitions for a 60-minute run. With history it is sparse, up to 300 s, until three quarters of the usual duration are
 * over, and 60 s at most from then on: under 30 transitions (performance.md P2). Never longer than a minute or a third of the
 * inactivity deadline, whichever is more.
 */
export function pollWait(elapsedSeconds: number, usualSeconds: number | undefined, inactivitySeconds: number): Wait {
  const growing = Math.min(60, Math.max(15, elapsedSeconds / 2));
  const sparseFor = usualSeconds === undefined ? 0 : usualSeconds * 0.75 - elapsedSeconds;
  return waitWithin(Math.min(Math.max(growing, Math.min(300, sparseFor)), longestPoll(inactivitySeconds)));
}

/** Seconds until an executor is asked again that said when: whole minutes, within what `pollWait` may last. */
export function pollHold(retryAfterSeconds: number, inactivitySeconds: number): number {
  const seconds = Math.min(retryAfterSeconds, maxHoldSeconds, longestPoll(inactivitySeconds));
  return Math.ceil(seconds / 60) * 60;
}

/**
 * When to look at a run that waits until a time its executor named. Retriers of 60 s and 300 s are the ones that last for a
 * day, so all such waits are made of them.
 */
export function holdWait(seconds: number): number {
  return seconds >= 300 ? 300 : Math.min(60, seconds);
}

/** Seconds without a sign of life after which an attempt is given up. */
export function silenceOf({ inactivitySeconds }: { readonly inactivitySeconds: number }, polls: boolean): number {
  return polls ? Math.max(leastSilenceSeconds, inactivitySeconds) : inactivitySeconds;
}

function longestPoll(inactivitySeconds: number): number {
  return Math.max(leastSilenceSeconds, inactivitySeconds) / 3;
}

/** Tries of one dispatch, the first included, before it counts as failed. */
export const dispatchTries = 6;

/** Seconds before the next try of a dispatch: 2, 4, 8, 15, 30, or what the executor asks for up to 300 (reliability.md F13). */
export function dispatchBackoff(failedTries: number, retryAfterSeconds: number | undefined): number {
  const backoff = waits[Math.min(failedTries, 5)] ?? 30;
  return Math.min(maxHoldSeconds, Math.max(backoff, retryAfterSeconds ?? 0));
}

/** How a new duration moves the plan's usual one: an average that forgets, so that a changed plan is followed in a few runs. */
export function learnUsual(before: number | undefined, seconds: number): number {
  return before === undefined ? seconds : Math.round(before * 0.7 + seconds * 0.3);
}
