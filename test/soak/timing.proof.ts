import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyWebhook } from '../../lib/adapters/webhook-signature.ts';
import { createApiKey, matches, parseToken } from '../../lib/core/api-key.ts';
import { createCallbackToken, verifyCallbackToken } from '../../lib/core/callback-token.ts';
import { isGenuine } from '../../lib/http/hooks/is-genuine.ts';
import { seededBytes } from '../support/http.ts';
import { createRandom } from '../support/interleaving/random.ts';
import { tellSoak } from '../support/tell-soak.ts';
import { largestT, sample } from './welch.ts';

/** Samples of each proof (reliability.md T13). */
const calls = Number(process.env.TIMED_CALLS ?? 100_000);
const seed = Number(process.env.SEED ?? 20261123);
/** A difference that is there is there each time; one that a busy machine makes is not. */
const tries = 5;

/** A text that is wrong in its first character, or in its last. */
interface Wrong {
  readonly first: string;
  readonly last: string;
}

const now = Date.UTC(2027, 0, 4, 9);
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const body = Buffer.from('{"type":"run.completed"}');
const id = 'msg_1';
const timestamp = String(now / 1000);
const { key, token } = createApiKey({
  random: seededBytes('timing'),
  name: 'timing',
  ownerId: 1,
  scopes: [],
  projects: null,
  planIds: null,
  now,
});
const masterKeys = [{ epoch: 1, key: new Uint8Array(32) }];
const callbackToken = createCallbackToken({ masterKeys, runId: 1, attempt: 1, expiresAt: now + 60_000 });
const hubSignature = createHmac('sha256', secret).update(body).digest('hex');
const signature = createHmac('sha256', Buffer.alloc(32, 7)).update(`${id}.${timestamp}.`).update(body).digest();

/** Right but for one place, so that only the comparison may tell which. */
const verifications: Readonly<Record<string, { readonly wrong: Wrong; readonly verify: (given: string) => boolean }>> =
  {
    'the secret of an API key': {
      wrong: wrongIn(parseToken(token)?.secret ?? '', otherDigit),
      verify: (given) => matches(key, given),
    },
    'the signature of a webhook': {
      wrong: {
        first: `v1,${flipped(signature, 0).toString('base64')}`,
        last: `v1,${flipped(signature, signature.length - 1).toString('base64')}`,
      },
      verify: (given) => verifyWebhook({ id, body, secrets: [secret], timestamp, signature: given, now }),
    },
    'the signature of GitHub': {
      wrong: wrongIn(hubSignature, (digit) => (digit === '0' ? '1' : '0'), 'sha256='),
      verify: (given) =>
        isGenuine('github', { headers: { 'x-hub-signature-256': given }, body }, [secret], () => false, now),
    },
    'a token of GitLab': {
      wrong: wrongIn(secret, otherDigit),
      verify: (given) =>
        isGenuine('gitlab-token', { headers: { 'x-gitlab-token': given }, body }, [secret], () => false, now),
    },
    'a callback token': {
      wrong: wrongIn(
        callbackToken.slice(callbackToken.lastIndexOf('.') + 1),
        otherDigit,
        callbackToken.slice(0, callbackToken.lastIndexOf('.') + 1),
      ),
      verify: (given) => verifyCallbackToken({ masterKeys, token: given, now }) !== null,
    },
  };

describe(`with the first or the last byte wrong, by ${calls} samples`, () => {
  test.each(Object.entries(verifications))('%s takes the same time', (name, { wrong, verify }) => {
    expect([verify(wrong.first), verify(wrong.last)]).toEqual([false, false]);
    const ts: number[] = [];
    while (ts.length < tries && (ts.at(-1) ?? 5) >= 4.5) ts.push(measure(wrong, verify));
    tellSoak(`${name} t=${ts.map((t) => t.toFixed(1)).join(', ')}`);
    expect(ts.at(-1)).toBeLessThan(4.5);
  });

  test('a comparison that stops at the first difference does not', () => {
    const expected = createHash('sha512').update('expected').digest('hex').repeat(2);
    const leaky = (given: string): boolean => {
      for (let i = 0; i < expected.length; i++) if (given[i] !== expected[i]) return false;
      return given.length === expected.length;
    };
    const t = measure(
      wrongIn(expected, (digit) => (digit === '0' ? '1' : '0')),
      leaky,
    );
    tellSoak(`a leaky one t=${t.toFixed(1)}`);
    expect(t).toBeGreaterThan(4.5);
  });
});

function measure({ first, last }: Wrong, call: (given: string) => boolean): number {
  const { next: chance } = createRandom(seed);
  // A string of its own each time, flat and never seen before.
  const copy = (text: string): string => Buffer.from(text).toString('latin1');
  return largestT(sample(calls, { makeA: () => copy(first), makeB: () => copy(last), call, chance }));
}

function wrongIn(text: string, other: (digit: string) => string, before = ''): Wrong {
  const at = (i: number): string => `${before}${text.slice(0, i)}${other(text[i] ?? '')}${text.slice(i + 1)}`;
  return { first: at(0), last: at(text.length - 1) };
}

function otherDigit(digit: string): string {
  return digit === 'A' ? 'B' : 'A';
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
