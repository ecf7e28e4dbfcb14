import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import type { HookScheme } from '../../core/hook.ts';
import type { HttpRequest } from '../message.ts';

/** Checks a Standard Webhooks signature with `whsec_` secrets: adapters/webhook-signature.ts, as a parameter. */
export type VerifyWebhook = (message: {
  readonly id: string;
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
  readonly timestamp: string;
  readonly signature: string;
  readonly now: number;
}) => boolean;

type Call = Pick<HttpRequest, 'headers' | 'body'>;

/** True if one of the secrets signed these very bytes, as the scheme says (reliability.md 5.4). `now` is epoch milliseconds. */
export function isGenuine(
  scheme: HookScheme,
  call: Call,
  secrets: readonly string[],
  verifyWebhook: VerifyWebhook,
  now: number,
): boolean {
  switch (scheme) {
    // GitHub's SHA-1 header is not looked at; Bitbucket puts its SHA-256 under that name.
    case 'github':
      return isHmac(call.headers['x-hub-signature-256'], call.body, secrets);
    case 'bitbucket':
      return isHmac(call.headers['x-hub-signature'], call.body, secrets);
    case 'gitlab-token':
      return isToken(call.headers['x-gitlab-token'], secrets);
    case 'gitlab':
    case 'standard':
      return isStandard(call, secrets, verifyWebhook, now);
  }
}

function isHmac(header: string | undefined, body: Uint8Array, secrets: readonly string[]): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(header ?? '')?.[1];
  if (hex === undefined) return false;
  const given = Buffer.from(hex, 'hex');
  // Every secret is tried, so that the time tells nothing of which one matched.
  return secrets.reduce(
    (genuine, secret) => timingSafeEqual(given, createHmac('sha256', secret).update(body).digest()) || genuine,
    false,
  );
}

/** Compared as digests, because a comparison in constant time wants equal lengths. */
function isToken(header: string | undefined, secrets: readonly string[]): boolean {
  if (header === undefined || header === '' || header.length > 1024) return false;
  const digest = (text: string) => createHmac('sha256', 'hook').update(text).digest();
  const given = digest(header);
  return secrets.reduce((genuine, secret) => timingSafeEqual(given, digest(secret)) || genuine, false);
}

function isStandard(
  { headers, body }: Call,
  secrets: readonly string[],
  verifyWebhook: VerifyWebhook,
  now: number,
): boolean {
  const message = {
    id: headers['webhook-id'] ?? '',
    timestamp: headers['webhook-timestamp'] ?? '',
    signature: headers['webhook-signature'] ?? '',
    body,
  };
  const shared = secrets.filter((secret) => secret.startsWith('whsec_'));
  if (shared.length > 0 && verifyWebhook({ ...message, secrets: shared, now })) return true;
  return secrets.some((secret) => secret.startsWith('whpk_') && isSigned(message, secret, now));
}

/** `v1a` of Standard Webhooks 1.0.0: Ed25519 over the same text, with the sender's public key `whpk_`. */
function isSigned(
  { id, timestamp, signature, body }: { id: string; timestamp: string; signature: string; body: Uint8Array },
  publicKey: string,
  now: number,
): boolean {
  if (!/^[!-\-/-~]{1,256}$/.test(id) || !/^[0-9]{10,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return signature
    .split(' ', 20)
    .filter((part) => /^v1a,[A-Za-z0-9+/]{86}==$/.test(part))
    .some((part) => verify(null, signed, key, Buffer.from(part.slice(4), 'base64')));
}

const toleranceSeconds = 300;
