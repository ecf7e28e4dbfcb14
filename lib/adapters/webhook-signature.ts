import { createHmac, timingSafeEqual } from 'node:crypto';
import { invalidField } from '../core/errors.ts';

export interface WebhookMessage {
  /** `webhook-id`; holds no dot, which would make the signed text ambiguous. */
  readonly id: string;
  /** The bytes as sent, never a re-serialised body. */
  readonly body: Uint8Array;
  /** `whsec_` and base64 of 24 to 64 bytes; several while a secret is being replaced. */
  readonly secrets: readonly string[];
}

/**
 * The `webhook-signature` header of Standard Webhooks 1.0.0, one `v1` signature a secret. Throws VALIDATION_FAILED for a
 * secret or id of the wrong form, without showing it.
 */
export function signWebhook(message: WebhookMessage & { readonly timestampSeconds: number }): string {
  if (!idSyntax.test(message.id)) throw invalidField('id', 'must be 1 to 256 printable characters without a dot');
  const timestamp = String(message.timestampSeconds);
  return message.secrets.map((secret) => `v1,${macOf(message, timestamp, toKey(secret)).toString('base64')}`).join(' ');
}

/**
 * True if any `v1` signature in the header matches any of the secrets and the timestamp is within five minutes of `now`
 * (epoch milliseconds). Versions it does not know are skipped. Throws VALIDATION_FAILED for a secret of the wrong form.
 */
export function verifyWebhook(
  message: WebhookMessage & { readonly timestamp: string; readonly signature: string; readonly now: number },
): boolean {
  const keys = message.secrets.map(toKey);
  if (!idSyntax.test(message.id) || !/^[0-9]{10,12}$/.test(message.timestamp)) return false;
  if (Math.abs(message.now / 1000 - Number(message.timestamp)) > toleranceSeconds) return false;
  const expected = keys.map((key) => macOf(message, message.timestamp, key));
  let genuine = false;
  for (const part of message.signature.split(' ', maxSignatures)) {
    const given = part.startsWith('v1,') ? decodeBase64(part.slice(3)) : undefined;
    for (const mac of expected) if (given && isSame(given, mac)) genuine = true;
  }
  return genuine;
}

const toleranceSeconds = 300;
/** Bounds the work one forged header can cause. */
const maxSignatures = 20;
const idSyntax = /^[!-\-/-~]{1,256}$/;

function macOf({ id, body }: WebhookMessage, timestamp: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

function toKey(secret: string): Uint8Array {
  const key = secret.startsWith('whsec_') ? decodeBase64(secret.slice('whsec_'.length)) : undefined;
  if (key && key.length >= 24 && key.length <= 64) return key;
  throw invalidField('secret', 'must be whsec_ and the base64 of 24 to 64 bytes');
}

/** Buffer skips what is not base64, so only text that encodes back to itself is taken. */
function decodeBase64(text: string): Buffer | undefined {
  if (text.length > 128) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
