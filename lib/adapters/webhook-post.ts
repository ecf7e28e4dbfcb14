import { isServiceError } from '../core/errors.ts';
import { githubHeaders } from '../core/github.ts';
import type { PostWebhook, SignedMessage } from '../core/ports.ts';
import { readRateLimit } from './egress/rate-limit.ts';
import { readRetryAfter } from './egress/retry-after.ts';
import type { Egress } from './egress.ts';
import { signWebhook } from './webhook-signature.ts';

/** A receiver answers within this time, or the try failed (contracts/testinium.md 4.5). */
const answerMs = 15_000;

/**
 * Sends messages signed by Standard Webhooks, one signature a secret, and those for GitHub with their token. A status is an answer whatever comes after it: the body
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
  const sign = async (message: SignedMessage, body: Uint8Array): Promise<Record<string, string>> => {
    const { id, timestampSeconds } = message;
    const given = message.secrets.map((one) => ('secret' in one ? one.secret : secrets.get(one.ref)));
    const keys = (await Promise.all(given)).map((key) => key.trim());
    return {
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signWebhook({ id, timestampSeconds, body, secrets: keys }),
    };
  };

  return async (message) => {
    const { url } = message;
    const body = new TextEncoder().encode(message.body);
    let headers: Record<string, string>;
    try {
      const proof = 'bearer' in message ? githubHeaders(await secrets.get(message.bearer)) : await sign(message, body);
      const contentType = 'contentType' in message ? message.contentType : undefined;
      headers = { 'content-type': contentType ?? 'application/json', ...proof };
    } catch {
      return { code: 'SECRET_UNUSABLE' };
    }
    try {
      const answer = await egress.send({ method: 'POST', url, headers, body, timeoutMs, dropBody: true });
      const retryAfterSeconds =
        'bearer' in message ? readRateLimit(answer, now()) : readRetryAfter(answer.headers, now());
      return { status: answer.status, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    } catch (error) {
      return { code: isServiceError(error, 'EXECUTOR_REFUSED') ? 'TARGET_REFUSED' : 'NO_ANSWER' };
    }
  };
}
