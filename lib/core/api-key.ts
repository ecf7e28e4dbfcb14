import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ApiKey } from './ports.ts';

/**
 * A new key and its token `prk_<id>_<secret>_<CRC-32>` (reliability.md 5.1). The token is shown once; only the hash of its
 * secret is kept. SHA-256 is enough for 256 random bits. Times are epoch milliseconds.
 */
export function createApiKey(input: {
  readonly random: (bytes: number) => Uint8Array;
  readonly name: string;
  readonly ownerId: number;
  readonly scopes: readonly string[];
  /** Null is all. */
  readonly projects: readonly string[] | null;
  /** Null is all of its projects. */
  readonly planIds: readonly number[] | null;
  /** How many of its runs may go on at once. */
  readonly parallelLimit?: number;
  readonly now: number;
  readonly expiresAt?: number;
}): { readonly key: ApiKey; readonly token: string } {
  const id = toBase62(toNumber(input.random(16)) % 62n ** 12n, 12);
  const secret = toBase62(toNumber(input.random(32)), 43);
  const { name, ownerId, scopes, projects, planIds, parallelLimit, now, expiresAt } = input;
  const key: ApiKey = {
    id,
    secretHash: hashOf(secret).toString('hex'),
    name,
    ownerId,
    scopes,
    projects,
    planIds,
    createdAt: now,
    ...(parallelLimit === undefined ? {} : { parallelLimit }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { key, token: `prk_${id}_${secret}_${checksumOf(id, secret)}` };
}

/** The parts of a token whose form and checksum are right, so that a typo costs no read; null otherwise. */
export function parseToken(token: string): { readonly id: string; readonly secret: string } | null {
  const match = /^prk_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/.exec(token);
  if (!match) return null;
  const [, id = '', secret = '', checksum = ''] = match;
  return checksumOf(id, secret) === checksum ? { id, secret } : null;
}

/** True if the secret is the key's; in constant time. */
export function matches(key: Pick<ApiKey, 'secretHash'>, secret: string): boolean {
  const expected = Buffer.from(key.secretHash, 'hex');
  return expected.length === 32 && timingSafeEqual(hashOf(secret), expected);
}

/** False from `expiresAt` or `revokedAt` on; the latter may lie ahead while a key is being rotated. */
export function isUsable(key: Pick<ApiKey, 'expiresAt' | 'revokedAt'>, now: number): boolean {
  return now < (key.expiresAt ?? Infinity) && now < (key.revokedAt ?? Infinity);
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function checksumOf(id: string, secret: string): string {
  return toBase62(BigInt(crc32(`prk_${id}_${secret}`)), 6);
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value, i = 0; i < length; i += 1, rest /= 62n) text = digits[Number(rest % 62n)] + text;
  return text;
}
