import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { signWebhook, verifyWebhook } from '../../lib/adapters/webhook-signature.ts';

/** The example of the Standard Webhooks specification. */
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestamp = '1614265330';
const now = 1_614_265_330_000;
const body = new TextEncoder().encode('{"test": 2432232314}');
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const otherSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const verify = (change: Partial<Parameters<typeof verifyWebhook>[0]> = {}): boolean =>
  verifyWebhook({ id, timestamp, body, signature, now, secrets: [secret], ...change });

describe('signing a webhook', () => {
  it('gives the published signature', () => {
    expect(signWebhook({ id, timestampSeconds: 1614265330, body, secrets: [secret] })).toBe(signature);
  });

  it('gives one signature a secret, each of which verifies', () => {
    const both = signWebhook({ id, timestampSeconds: 1614265330, body, secrets: [otherSecret, secret] });
    expect(both.split(' ')).toHaveLength(2);
    expect(verify({ signature: both })).toBe(true);
    expect(verify({ signature: both, secrets: [otherSecret] })).toBe(true);
  });

  it.each(['', 'a.b', 'a b', 'a\nb', 'é', 'x'.repeat(257)])('refuses the id %j', (wrong) => {
    const sign = () => signWebhook({ id: wrong, timestampSeconds: 1614265330, body, secrets: [secret] });
    expect(sign).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });

  it.each([
    '',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_',
    'whsec_c2hvcnQ=',
    `${secret}!`,
    `${secret}\n`,
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_',
    `whsec_${'A'.repeat(88)}`,
  ])('refuses a secret of the wrong form without showing it (%#)', (wrong) => {
    try {
      signWebhook({ id, timestampSeconds: 1614265330, body, secrets: [wrong] });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
      expect(JSON.stringify(error) + String(error)).not.toContain('MfKQ');
    }
  });
});

describe('verifying a webhook', () => {
  it('accepts the published example', () => expect(verify()).toBe(true));

  it('accepts it up to five minutes early or late', () => {
    expect([-301, -300, 300, 301].map((s) => verify({ now: now + s * 1000 }))).toEqual([false, true, true, false]);
  });

  it.each([
    '1614265330abc',
    ' 1614265330',
    '1614265330.0',
    '1.61426533e9',
    '0x60378ff2',
    '',
    '161426533',
    '-1614265330',
  ])('refuses the timestamp %j', (wrong) => expect(verify({ timestamp: wrong })).toBe(false));

  it('skips unknown versions and finds the right one among several', () => {
    expect(verify({ signature: `v1a,abcd v2,${signature.slice(3)} v1,AAAA ${signature}` })).toBe(true);
    expect(verify({ signature: `v1a,${signature.slice(3)}` })).toBe(false);
  });

  it.each([
    '',
    'v1,',
    'v1',
    signature.slice(3),
    signature.slice(0, -1),
    `${signature}=`,
    `${signature}A`,
    signature.replace('+', '-'),
    signature.replace('OE=', 'OF='),
    signature.replace(',', ', '),
    `${'v1,AAAA '.repeat(30)}${signature}`,
    'v1,'.repeat(50_000),
  ])('refuses the signature list %#', (wrong) => expect(verify({ signature: wrong })).toBe(false));

  it('is over the raw bytes, whatever they are', () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00, 0x80);
    const signed = signWebhook({ id, timestampSeconds: 1614265330, body: bytes, secrets: [secret] });
    expect(verify({ body: bytes, signature: signed })).toBe(true);
    expect(verify({ body: Uint8Array.of(0xff, 0xfe, 0x00, 0x81), signature: signed })).toBe(false);
  });

  it('does not take a message with a dot in its id for another one', () => {
    const shifted = new TextEncoder().encode(`${timestamp}.{"test": 2432232314}`);
    const signed = signWebhook({ id: 'a', timestampSeconds: 1614265330, body: shifted, secrets: [secret] });
    expect(verify({ id: `a.${timestamp}`, signature: signed })).toBe(false);
  });

  it('holds for every message signed, and for no other body', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), (one, two, name) => {
        const signed = signWebhook({ id: name, timestampSeconds: 1614265330, body: one, secrets: [secret] });
        expect(verify({ id: name, body: one, signature: signed })).toBe(true);
        expect(verify({ id: name, body: two, signature: signed })).toBe(Buffer.compare(one, two) === 0);
      }),
    );
  });
});

describe('beside the library of Standard Webhooks', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const at = (timestampMs: number): void => {
    vi.useFakeTimers({ toFake: ['Date'], now: timestampMs });
  };
  const texts = fc.string({ unit: 'grapheme' });
  const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);

  it('what we sign it verifies, with any of the secrets', () => {
    at(now);
    fc.assert(
      fc.property(texts, ids, (text, name) => {
        const bytes = new TextEncoder().encode(JSON.stringify({ text }));
        const secrets = [otherSecret, secret];
        const signed = signWebhook({ id: name, timestampSeconds: now / 1000, body: bytes, secrets });
        const headers = { 'webhook-id': name, 'webhook-timestamp': String(now / 1000), 'webhook-signature': signed };
        for (const key of secrets) expect(new Webhook(key).verify(Buffer.from(bytes), headers)).toEqual({ text });
      }),
    );
  });

  it('what it signs we verify', () => {
    fc.assert(
      fc.property(texts, ids, (text, name) => {
        const signed = new Webhook(secret).sign(name, new Date(now), text);
        expect(verify({ id: name, body: new TextEncoder().encode(text), signature: signed })).toBe(true);
        expect(verify({ id: name, body: new TextEncoder().encode(`${text} `), signature: signed })).toBe(false);
      }),
    );
  });
});

describe("the contract's test vector (contracts/testinium.md 4.5)", () => {
  const key = `whsec_${Buffer.from('proctor-contract-test-vector-key').toString('base64')}`;
  const text =
    '{"type":"run.completed","timestamp":"2026-05-11T08:15:45Z","data":{"id":5117,"user_id":12,"username":"ci-shop","company_id":1,"project_id":21,"project_name":"shop-web","plan_id":204,"plan_name":"checkout-smoke","test_results":[90311,90312,90313,90314],"runtime":184000,"result_summary":{"SUCCESS":3,"FAILURE":1},"start_date":"2026-05-11T08:12:40Z","end_date":"2026-05-11T08:15:44Z","test_result_status_counts":"[SUCCESS, 3], [FAILURE, 1]","outcome":"FAILED"}}';
  const vector = 'v1,5gQE77xuf76TpV3584Hl20TgjuVki+cr75j8J6Nsypc=';
  const bytes = new TextEncoder().encode(text);
  const message = { id: 'msg_000000005117', body: bytes, secrets: [key] };

  it('is signed byte for byte', () => {
    expect(signWebhook({ ...message, timestampSeconds: 1778487346 })).toBe(vector);
  });

  it('verifies, and none of a thousand flipped bits does', () => {
    const check = { ...message, timestamp: '1778487346', signature: vector, now: 1_778_487_346_000 };
    expect(verifyWebhook(check)).toBe(true);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const flipped = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ (1 << bit) : byte));
        expect(verifyWebhook({ ...check, body: flipped })).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
