import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from './ports.ts';
import { parseId } from './schema.ts';

/**
 * A bearer for the results of one attempt: `cbt1.<runId>.<attempt>.<exp>.<mac>` (reliability.md 5.5). `masterKeys` are
 * newest first, the newest signs; `expiresAt` is epoch milliseconds, rounded up to a second.
 */
export function createCallbackToken(input: {
  readonly masterKeys: readonly MasterKey[];
  readonly runId: number;
  readonly attempt: number;
  readonly expiresAt: number;
}): string {
  const [newest] = input.masterKeys;
  if (!newest) throw new Error('No master key');
  const { runId, attempt } = input;
  const expires = Math.ceil(input.expiresAt / 1000);
  return `cbt1.${runId}.${attempt}.${expires}.${macOf(newest, runId, attempt, expires)}`;
}

/**
 * What the token is for, or null: malformed, forged and expired tokens are not told apart. The two newest master keys
 * verify. `now` is epoch milliseconds.
 */
export function verifyCallbackToken(input: TokenCheck): CallbackTarget | null {
  return verify('cbt1', input, (mac) => mac);
}

/**
 * A weaker bearer made from a callback token, `cbl1.…`, for those who may know that there is something to look at and write
 * nothing: it stands in URLs that others keep and log. The way back would be to invert SHA-256.
 */
export function toLookToken(callbackToken: string): string {
  const [, runId, attempt, expires, mac = ''] = callbackToken.split('.');
  return `cbl1.${runId}.${attempt}.${expires}.${weaken(mac)}`;
}

/** As `verifyCallbackToken`, of a look token; a callback token is none. */
export function verifyLookToken(input: TokenCheck): CallbackTarget | null {
  return verify('cbl1', input, weaken);
}

interface TokenCheck {
  readonly masterKeys: readonly MasterKey[];
  readonly token: string;
  readonly now: number;
}

interface CallbackTarget {
  readonly runId: number;
  readonly attempt: number;
}

function verify(kind: 'cbt1' | 'cbl1', input: TokenCheck, toGiven: (mac: string) => string): CallbackTarget | null {
  const match = tokenSyntax.exec(input.token);
  const runId = parseId(match?.[2] ?? '');
  if (!match || match[1] !== kind || runId === undefined) return null;
  const attempt = Number(match[3]);
  const expires = Number(match[4]);
  const given = match[5] as string;
  let genuine = false;
  for (const key of input.masterKeys.slice(0, 2)) {
    if (isSame(given, toGiven(macOf(key, runId, attempt, expires)))) genuine = true;
  }
  return genuine && input.now < expires * 1000 ? { runId, attempt } : null;
}

function weaken(mac: string): string {
  return createHash('sha256').update(`look|${mac}`).digest('base64url');
}

/** Canonical decimals only, so that one token has one spelling. */
const tokenSyntax = /^(cbt1|cbl1)\.([1-9][0-9]{0,9})\.([1-9][0-9]{0,3})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/;

function macOf({ epoch, key }: MasterKey, runId: number, attempt: number, expires: number): string {
  const derived = new Uint8Array(hkdfSync('sha256', key, '', `cb${epoch}`, 32));
  return createHmac('sha256', derived).update(`cb1|${runId}|${attempt}|${expires}|results:write`).digest('base64url');
}

/** Compares the text: 43 characters hold two bits more than the MAC, and decoding would ignore them. */
function isSame(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}
