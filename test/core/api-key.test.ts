import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createApiKey, isUsable, matches, parseToken } from '../../lib/core/api-key.ts';
import { seededBytes } from '../support/http.ts';

const make = (random = seededBytes('a')) =>
  createApiKey({ random, name: 'ci', ownerId: 3, scopes: ['PLAN_RUN'], projects: null, planIds: [7], now: 1000 });

describe('API keys', () => {
  test('have the documented form and keep no secret', () => {
    const { key, token } = make();
    expect(token).toMatch(/^prk_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    const secret = parseToken(token)?.secret ?? '';
    expect(JSON.stringify(key)).not.toContain(secret);
    expect(key).toMatchObject({
      name: 'ci',
      ownerId: 3,
      scopes: ['PLAN_RUN'],
      projects: null,
      planIds: [7],
      createdAt: 1000,
    });
    expect(key).not.toHaveProperty('expiresAt');
  });

  test('two keys have nothing in common', () => {
    const random = seededBytes('b');
    const [one, two] = [make(random), make(random)];
    expect(one.key.id).not.toBe(two.key.id);
    expect(one.key.secretHash).not.toBe(two.key.secretHash);
  });

  test.each([0, 255])('any random bytes make a valid key (all %i)', (byte) => {
    const { key, token } = make((bytes) => new Uint8Array(bytes).fill(byte));
    expect(parseToken(token)?.id).toBe(key.id);
  });

  test('what was made is read back and matches, and no other secret does', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const { key, token } = make(seededBytes(seed));
        const parsed = parseToken(token);
        expect(parsed?.id).toBe(key.id);
        expect(matches(key, parsed?.secret ?? '')).toBe(true);
        expect(matches(key, `x${parsed?.secret.slice(1)}`)).toBe(parsed?.secret[0] === 'x');
        expect(matches(key, '')).toBe(false);
      }),
    );
  });

  test('one wrong character is noticed without a read', () => {
    const { token } = make();
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'q' ? 'r' : 'q';
      expect(parseToken(token.slice(0, at) + other + token.slice(at + 1))).toBeNull();
    }
  });

  test('no text makes the parser throw, and nothing around a token is accepted', () => {
    const { token } = make();
    for (const text of ['', 'prk_', ` ${token}`, `${token}\n`, `${token}x`, token.toLowerCase(), 'x'.repeat(100_000)]) {
      expect(parseToken(text)).toBeNull();
    }
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseToken(text) === null));
  });

  test('a damaged hash in the store matches nothing', () => {
    const secret = 'a'.repeat(43);
    for (const secretHash of ['', 'zz', 'ab'.repeat(31), 'ab'.repeat(33)])
      expect(matches({ secretHash }, secret)).toBe(false);
  });

  test('end at the very millisecond they expire or are revoked', () => {
    expect(isUsable({}, 10)).toBe(true);
    expect(isUsable({ expiresAt: 10 }, 9)).toBe(true);
    expect(isUsable({ expiresAt: 10 }, 10)).toBe(false);
    expect(isUsable({ revokedAt: 10 }, 9)).toBe(true);
    expect(isUsable({ revokedAt: 10, expiresAt: 100 }, 10)).toBe(false);
  });
});
