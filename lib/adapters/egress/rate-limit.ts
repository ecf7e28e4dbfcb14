import { readRetryAfter } from './retry-after.ts';

/** When a limit is told without a time, as GitHub asks for. */
const unknownSeconds = 60;
/** GitHub's limits begin anew each hour; more is a clock that is wrong. */
const maxSeconds = 3600;

/**
 * The seconds to wait if the answer says that too much was asked: 429, or 403 with the signs of a limit
 * (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api); undefined if it says something else.
 * `now` is epoch milliseconds.
 */
export function readRateLimit(
  { status, headers }: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  now: number,
): number | undefined {
  const wait = readRetryAfter(headers, now);
  const spent = headers['x-ratelimit-remaining']?.trim() === '0';
  if (status !== 429 && !(status === 403 && (spent || wait !== undefined))) return undefined;
  if (wait !== undefined) return Math.min(maxSeconds, wait);
  const reset = headers['x-ratelimit-reset']?.trim() ?? '';
  if (!spent || !/^[0-9]{1,12}$/.test(reset)) return unknownSeconds;
  return Math.min(maxSeconds, Math.max(1, Math.ceil(Number(reset) - now / 1000)));
}
