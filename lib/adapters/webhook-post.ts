import { isServiceError } from '../core/errors.ts';
import type { PostWebhook } from '../core/ports.ts';
import { readRetryAfter } from './egress/retry-after.ts';
import type { Egress } from './egress.ts';
import { signWebhook } from './webhook-signature.ts';

/** A receiver answers within this time, or the try failed (contracts/testinium.md 4.5). */
const answerMs = 15_000;

/**
 * Sends messages signed by Standard Webhooks, one signature a secret. A status is an answer whatever comes after it: the body
 * is dropped. Nothing of URL, secret or answer is in what it returns.
 */
export function createPostWebhook(options: {
  readonly egress: Egress;
  readonly secrets: { get(ref: string): Promise<string> };
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly timeoutMs?: number;
}): PostWebhook {
  const { egress, secrets, now, timeoutMs = answerMs } = options;
  return async ({ id, timestampSeconds, url, body: text, secrets: wanted }) => {
    const body = new TextEncoder().encode(text);
    let signature: string;
    try {
      const keys = await Promise.all(wanted.map((one) => ('secret' in one ? one.secret : secrets.get(one.ref))));
      signature = signWebhook({ id, timestampSeconds, body, secrets: keys.map((key) => key.trim()) });
    } catch {
      return { code: 'SECRET_UNUSABLE' };
    }
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signature,
    };
    try {
      const answer = await egress.send({ method: 'POST', url, headers, body, timeoutMs, dropBody: true });
      const retryAfterSeconds = readRetryAfter(answer.headers, now());
      return { status: answer.status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    } catch (error) {
      return { code: isServiceError(error, 'EXECUTOR_REFUSED') ? 'TARGET_REFUSED' : 'NO_ANSWER' };
    }
  };
}
