import { createHash } from 'node:crypto';

/** A new opaque token: 256 random bits behind a prefix that scanners find. It says nothing; the table knows its key. */
export function createToken(random: (bytes: number) => Uint8Array): string {
  return `pt_${Buffer.from(random(32)).toString('base64url')}`;
}

/** True for what may be such a token, so that nothing else costs a read. */
export function isToken(text: string): boolean {
  return /^pt_[A-Za-z0-9_-]{43}$/.test(text);
}

/** What is stored of a token. SHA-256 is enough for 256 random bits. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
