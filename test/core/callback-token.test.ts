import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCallbackToken,
  toLookToken,
  verifyCallbackToken,
  verifyLookToken,
} from '../../lib/core/callback-token.ts';
import type { MasterKey } from '../../lib/core/ports.ts';

const now = 1_700_000_000_000;
const keyOf = (epoch: number): MasterKey => ({ epoch, key: new Uint8Array(32).fill(epoch) });
const masterKeys = [keyOf(2), keyOf(1)];
const make = (change: Partial<Parameters<typeof createCallbackToken>[0]> = {}): string =>
  createCallbackToken({ masterKeys, runId: 52, attempt: 1, expiresAt: now + 60_000, ...change });
const verify = (token: string, at = now) => verifyCallbackToken({ masterKeys, token, now: at });

describe('a callback token', () => {
  it('says which run and attempt it is for', () => {
    expect(verify(make())).toEqual({ runId: 52, attempt: 1 });
  });

  it('is the HMAC the documentation describes', () => {
    const derived = new Uint8Array(hkdfSync('sha256', keyOf(2).key, '', 'cb2', 32));
    const mac = createHmac('sha256', derived).update('cb1|52|1|1700000060|results:write').digest('base64url');
    expect(make()).toBe(`cbt1.52.1.1700000060.${mac}`);
  });

  it('ends at its second, rounded up', () => {
    const token = make({ expiresAt: now + 1 });
    expect(verify(token, now + 999)).not.toBeNull();
    expect(verify(token, now + 1000)).toBeNull();
  });

  it('made with the older key still verifies, with a third one no more', () => {
    expect(verify(make({ masterKeys: [keyOf(1)] }))).toEqual({ runId: 52, attempt: 1 });
    const token = make({ masterKeys: [keyOf(1)] });
    expect(verifyCallbackToken({ masterKeys: [keyOf(3), keyOf(2), keyOf(1)], token, now })).toBeNull();
    expect(verify(make({ masterKeys: [keyOf(9)] }))).toBeNull();
  });

  it('is refused when any bit is flipped', () => {
    const token = make();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(token, 'latin1');
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        expect(verify(bytes.toString('latin1'))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });

  it('never verifies as that of another run, attempt or time', () => {
    const field = fc.integer({ min: 1, max: 9999 });
    fc.assert(
      fc.property(field, field, field, field, (runId, attempt, otherRun, otherAttempt) => {
        fc.pre(runId !== otherRun || attempt !== otherAttempt);
        const mac = make({ runId, attempt }).split('.')[4];
        const expires = make().split('.')[3];
        expect(verify(`cbt1.${otherRun}.${otherAttempt}.${expires}.${mac}`)).toBeNull();
        expect(verify(`cbt1.${runId}.${attempt}.${Number(expires) + 1}.${mac}`)).toBeNull();
      }),
    );
  });

  it.each([
    '',
    'cbt1',
    'cbt1....',
    make().replace('cbt1', 'cbt2'),
    make().replace('.52.', '.052.'),
    make().replace('.52.', '.+52.'),
    make().replace('.52.', '.5e1.'),
    make().replace('.52.', '.4294967348.'),
    `${make()}.`,
    ` ${make()}`,
    `${make()}\n`,
    `${make()}=`,
    make().slice(0, -1),
    '.'.repeat(100_000),
  ])('is refused in any other spelling (%#)', (token) => {
    expect(verify(token)).toBeNull();
  });

  it('is refused when any text is given', () => {
    fc.assert(fc.property(fc.string(), (token) => verify(token) === null));
  });
});

describe('a look token', () => {
  const look = (token: string, at = now) => verifyLookToken({ masterKeys, token, now: at });

  it('says which run and attempt it is for, as long as the token it was made from', () => {
    const token = toLookToken(make());
    expect(look(token)).toEqual({ runId: 52, attempt: 1 });
    expect(look(token, now + 60_000)).toBeNull();
    expect(look(toLookToken(make({ masterKeys: [keyOf(1)] })))).toEqual({ runId: 52, attempt: 1 });
  });

  it('writes no results, whatever it is called, and a callback token is none', () => {
    const token = toLookToken(make());
    expect(verify(token)).toBeNull();
    expect(verify(token.replace('cbl1', 'cbt1'))).toBeNull();
    expect(look(make())).toBeNull();
    expect(look(make().replace('cbt1', 'cbl1'))).toBeNull();
  });

  it('is refused when it names another run or attempt', () => {
    const token = toLookToken(make());
    expect([look(token.replace('.52.', '.53.')), look(token.replace('.1.', '.2.'))]).toEqual([null, null]);
  });
});
