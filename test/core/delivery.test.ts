import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concludeAttempt,
  type Delivery,
  deliveryIdOf,
  ownerOf,
  pingIdOf,
  schedules,
  turnOf,
} from '../../lib/core/delivery.ts';
import type { RunResult } from '../../lib/core/run.ts';
import { callbackSecrets, seal, unseal } from '../../lib/core/sealed.ts';
import { seededBytes } from '../support/http.ts';

const second = 1000;

describe('the schedules', () => {
  const sum = (waits: readonly number[]) => waits.reduce((total, wait) => total + wait, 0);

  it('last as long as their texts say', () => {
    expect([schedules.subscription.waits.length, sum(schedules.subscription.waits)]).toEqual([
      10,
      75 * 3600 + 35 * 60 + 5,
    ]);
    expect([schedules.callback.waits.length, sum(schedules.callback.waits)]).toEqual([12, 23 * 3600 + 52 * 60 + 35]);
  });

  it('vary every wait within its part, whatever the chance', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('subscription' as const, 'callback' as const),
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, tries, chance) => {
          const outcome = concludeAttempt(aDelivery({ schedule, tries }), { status: 500 }, { now: 0, chance });
          const wait = schedules[schedule].waits[tries];
          if (wait === undefined) return expect(outcome.state).toBe('failed');
          const { jitter } = schedules[schedule];
          expect(outcome.nextActionAt).toBeGreaterThanOrEqual(Math.floor(wait * (1 - jitter) * second));
          expect(outcome.nextActionAt).toBeLessThanOrEqual(Math.ceil(wait * (1 + jitter) * second));
        },
      ),
    );
  });
});

describe('a turn of a plan', () => {
  const red = fc.constantFrom<RunResult>('failed', 'errored', 'timedOut', 'noTests');

  it.each<[RunResult | undefined, RunResult, string | undefined]>([
    [undefined, 'passed', undefined],
    [undefined, 'failed', 'plan.became_failed'],
    ['passed', 'errored', 'plan.became_failed'],
    ['passed', 'noTests', 'plan.became_failed'],
    ['failed', 'timedOut', undefined],
    ['timedOut', 'passed', 'plan.recovered'],
    ['passed', 'passed', undefined],
    ['passed', 'stopped', undefined],
    ['failed', 'stopped', undefined],
  ])('from %s to %s is %s', (before, now, turn) => {
    expect(turnOf(before === undefined ? undefined : { runId: 1, result: before }, 2, now)).toBe(turn);
  });

  it('is never told by a run older than the newest one known, and the other way round by turns', () => {
    fc.assert(
      fc.property(
        fc.oneof(red, fc.constant<RunResult>('passed')),
        red,
        fc.integer({ min: 1, max: 99 }),
        (last, now, id) => {
          expect(turnOf({ runId: 100, result: last }, id, now)).toBeUndefined();
          expect(turnOf({ runId: id, result: 'passed' }, 100, now)).toBe('plan.became_failed');
          expect(turnOf({ runId: id, result: now }, 100, 'passed')).toBe('plan.recovered');
        },
      ),
    );
  });
});

describe('ids', () => {
  it('tell whose delivery it is, and no other text does', () => {
    const id = deliveryIdOf(5117, 'run.completed', 'chat');
    expect(id).toMatch(/^msg_000000005117_2_[0-9a-f]{12}$/);
    expect([ownerOf(id), ownerOf('msg_000000005117')]).toEqual([{ runId: 5117 }, { runId: 5117 }]);
    expect(ownerOf(pingIdOf(204, '0123456789abcdef'))).toEqual({ planId: 204 });
    for (const text of ['', 'msg_5117', `${id}0`, 'msg_000000005117_7_000000000000', 'evt_5117_2', '__proto__'])
      expect(ownerOf(text)).toBeUndefined();
  });

  it('differ by run, event and subscription', () => {
    const of = fc.tuple(
      fc.integer({ min: 1, max: 2_147_483_647 }),
      fc.constantFrom('run.started', 'run.completed', 'plan.became_failed', 'plan.recovered'),
      fc.string({ minLength: 1 }),
    );
    fc.assert(
      fc.property(of, of, (one, two) => {
        expect(deliveryIdOf(...one) === deliveryIdOf(...two)).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
    );
  });
});

describe('sealed text', () => {
  const oldKey = { epoch: 1, key: new Uint8Array(32).fill(1) };
  const newKey = { epoch: 2, key: new Uint8Array(32).fill(2) };
  const random = seededBytes('seal');

  it('opens with its master key, also while that is being replaced, and with no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const sealed = seal([oldKey], text, random);
        expect(unseal([newKey, oldKey], sealed)).toBe(text);
        expect(unseal([newKey], sealed)).toBeUndefined();
        expect(unseal([{ ...newKey, epoch: 1 }], sealed)).toBeUndefined();
        if (text.length > 8) expect(sealed).not.toContain(Buffer.from(text).toString('base64url'));
      }),
    );
  });

  it.each(['', 's1', 's1.1..', 's2.1.AAAA.AAAA', 's1.1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAA'])(
    'is not %j',
    (text) => {
      expect(unseal([oldKey], text)).toBeUndefined();
    },
  );

  it('does not open once a character of it is changed', () => {
    const sealed = seal([oldKey], 'https://ci.example/?token=canary', random);
    for (let i = 5; i < sealed.length - 1; i++) {
      if (sealed[i] === '.') continue;
      const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`;
      expect([i, unseal([oldKey], changed)]).toEqual([i, undefined]);
    }
  });

  it('and the secrets of callbacks come from the two newest master keys, and differ', () => {
    const secrets = callbackSecrets([newKey, oldKey, { epoch: 0, key: new Uint8Array(32) }]);
    expect(secrets).toHaveLength(2);
    expect(new Set(secrets).size).toBe(2);
    for (const secret of secrets) expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
  });
});

function aDelivery(change: Partial<Delivery>): Delivery {
  return {
    id: 'msg_000000000001',
    type: 'run.completed',
    state: 'pending',
    planId: 1,
    project: 'shop',
    to: { kind: 'callback', host: 'ci.example', sealedUrl: '' },
    schedule: 'callback',
    body: '{}',
    createdAt: 0,
    tries: 1,
    attempts: [],
    ...change,
  };
}
