import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
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
export function verifyCallbackToken(input: {
  readonly masterKeys: readonly MasterKey[];
  readonly token: string;
  readonly now: number;
}): { readonly runId: number; readonly attempt: number } | null {
  const match = tokenSyntax.exec(input.token);
  const runId = parseId(match?.[1] ?? '');
  if (!match || runId === undefined) return null;
  const attempt = Number(match[2]);
  const expires = Number(match[3]);
  const given = match[4] as string;
  let genuine = false;
  for (const key of input.masterKeys.slice(0, 2)) {
    if (isSame(given, macOf(key, runId, attempt, expires))) genuine = true;
  }
  return genuine && input.now < expires * 1000 ? { runId, attempt } : null;
}

/** Canonical decimals only, so that one token has one spelling. */
const tokenSyntax = /^cbt1\.([1-9][0-9]{0,9})\.([1-9][0-9]{0,3})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})$/;

function macOf({ epoch, key }: MasterKey, runId: number, attempt: number, expires: number): string {
  const derived = new Uint8Array(hkdfSync('sha256', key, '', `cb${epoch}`, 32));
  return createHmac('sha256', derived).update(`cb1|${runId}|${attempt}|${expires}|results:write`).digest('base64url');
}

/** Compares the text: 43 characters hold two bits more than the MAC, and decoding would ignore them. */
function isSame(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}
