import { readRetryAfter } from '../../adapters/egress/retry-after.ts';
import type { EgressResponse } from '../../adapters/egress.ts';
import { ServiceError } from '../../core/errors.ts';

/** The JSON in an answer; undefined if it is none, or was cut. */
export function jsonOf({ body, truncated }: EgressResponse): unknown {
  if (truncated) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** The code of an error (contracts/testinium.md 2.2), if it looks like one: no other word of an answer is ever shown. */
export function codeOf(response: EgressResponse): string | undefined {
  const { error } = (jsonOf(response) ?? {}) as { error?: unknown };
  return typeof error === 'string' && /^[A-Z][A-Z_]{1,59}$/.test(error) ? error : undefined;
}

/** 408, 425, 429 and 5xx are worth another try (reliability.md F13), as late as the tenant asks, 300 s at most. */
export function refuseWhatPasses(response: EgressResponse, verb: string, now: number): void {
  const { status } = response;
  if (status < 500 && ![408, 425, 429].includes(status)) return;
  const wait = readRetryAfter(response.headers, now);
  throw new ServiceError(
    'EXECUTOR_UNAVAILABLE',
    `The tenant cannot ${verb} now: status ${status}.`,
    wait === undefined ? {} : { retryAfterSeconds: Math.min(300, wait) },
  );
}

/** Milliseconds one call may take of those that are left, `most` at most. */
export function timeoutMs(leftMs: number, most: number): number {
  return Math.max(1, Math.min(most, leftMs));
}
