import { describe, expect, test } from 'vitest';
import { anchorOf, checkTiming, nextOccurrence, preview } from '../../../lib/core/schedule/next-occurrence.ts';
import { toSchedulerExpression } from '../../../lib/core/schedule/scheduler-expression.ts';
import type { AnchoredType, Recurrence, Timing } from '../../../lib/core/schedule/timing.ts';

const now = Date.parse('2027-01-15T12:00:00Z');

describe('a timing', () => {
  test.each<[string, Timing]>([
    ['of a later time', at('once', '2027-01-15T12:00:01Z')],
    ['with an anchor long ago', at('daily', '1970-01-01T02:30')],
    ['of the 29th of February', cron('0 0 29 2 ? *')],
    ['with a start and an end', { ...cron('0 0 * * ? *'), startsAt: now, endsAt: now + 86_400_000 }],
    ['of an anchor with an offset', at('weekly', '2027-01-18T09:30:00.123456+05:30')],
    ['of an anchor in epoch milliseconds', at('weekly', '1800014400000')],
  ])('%s is accepted', (_, timing) => {
    expect(() => checkTiming(timing, now)).not.toThrow();
  });

  test.each<[string, Timing, string, string]>([
    ['of a time now', at('once', '2027-01-15T12:00:00Z'), 'TIME_IN_PAST', 'nextInterval'],
    ['of a time past', at('once', '2026-01-15T12:00'), 'TIME_IN_PAST', 'nextInterval'],
    ['of an unknown zone', { ...at('daily', '2027-01-18T09:30'), timezone: 'CEST' }, 'UNKNOWN_TIMEZONE', 'timezone'],
    ['of no date', at('daily', '2027-02-30T09:30'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of no time', at('daily', '2027-02-28T24:00'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of a date alone', at('daily', '2027-02-28'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of no offset', at('daily', '2027-02-28T09:30+25:00'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of a blank', at('daily', '2027-02-28 09:30'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of another century', at('daily', '2227-02-28T09:30'), 'VALIDATION_FAILED', 'nextInterval'],
    ['of a bad expression', cron('0 25 * * ? *'), 'VALIDATION_FAILED', 'cron'],
    ['of the 30th of February', cron('0 0 30 2 ? *'), 'VALIDATION_FAILED', 'cron'],
    ['of a year that is over', cron('0 0 * * ? 2026'), 'VALIDATION_FAILED', 'cron'],
    ['of no period', { ...utc, recurrence: rate(0) }, 'VALIDATION_FAILED', 'rate'],
    ['of half a period', { ...utc, recurrence: rate(0.5) }, 'VALIDATION_FAILED', 'rate'],
    [
      'that ends before it starts',
      { ...cron('0 0 * * ? *'), startsAt: now + 1, endsAt: now },
      'VALIDATION_FAILED',
      'endsAt',
    ],
    ['that ends before it fires', { ...cron('0 0 1 6 ? *'), endsAt: now + 86_400_000 }, 'VALIDATION_FAILED', 'endsAt'],
  ])('%s is refused', (_, timing, code, field) => {
    expect(() => checkTiming(timing, now, 'nextInterval')).toThrow(
      expect.objectContaining({ code, fields: [expect.objectContaining({ field })] }),
    );
  });

  test.each([
    ['once', '2027-03-28T02:30', 'Europe/Berlin', '2027-03-28T01:00:00Z'],
    ['once', '2027-03-28T02:30:59.999Z', 'Europe/Berlin', '2027-03-28T02:30:59Z'],
    ['weekly', '2027-01-18T09:30:00.000', 'PST', '2027-01-18T17:30:00Z'],
    ['once', '2027-01-15T12:00:00.000Z', 'IST', '2027-01-15T12:00:00Z'],
    ['daily', '2027-01-15T12:00:00-03:30', 'IST', '2027-01-15T15:30:00Z'],
    ['daily', '1800014400000', 'IST', '2027-01-15T12:00:00Z'],
  ] as const)('%s %s in %s counts from %s', (type, anchor, timezone, expected) => {
    expect(anchorOf({ timezone, recurrence: { type, anchor } })).toBe(Date.parse(expected));
  });
});

describe('a rate', () => {
  test('fires at its start if that is to come, and then every period', () => {
    const timing: Timing = { ...utc, recurrence: rate(90) };
    expect(nextOccurrence(timing, now - 1)).toBe(now);
    expect(nextOccurrence(timing, now)).toBe(now + 90 * 60_000);
    expect(nextOccurrence(timing, now + 1000 * 90 * 60_000)).toBe(now + 1001 * 90 * 60_000);
  });

  test('of days counts 24 hours, whatever the clocks do', () => {
    const from = Date.parse('2027-03-27T12:00:00Z');
    const timing: Timing = { timezone: 'Europe/Berlin', recurrence: { type: 'rate', every: 1, unit: 'days', from } };
    expect(nextOccurrence(timing, from)).toBe(from + 86_400_000);
  });
});

test('a preview shows local times, offsets, and what the clocks do', () => {
  const timezone = 'Europe/Berlin';
  const shown = (recurrence: Recurrence, after: string, n: number) =>
    preview({ timezone, recurrence }, Date.parse(after), n).map(
      ({ local, offsetMinutes, kind }) => `${local} ${offsetMinutes} ${kind}`,
    );
  expect(shown({ type: 'daily', anchor: '2027-01-01T02:30' }, '2027-03-26T12:00Z', 3)).toEqual([
    '2027-03-27T02:30:00 60 normal',
    '2027-03-28T03:00:00 120 gap',
    '2027-03-29T02:30:00 120 normal',
  ]);
  expect(shown({ type: 'cron', expression: '0 2,3 * * ? *' }, '2027-03-28T00:00Z', 2)).toEqual([
    '2027-03-28T03:00:00 120 normal',
    '2027-03-29T02:00:00 120 normal',
  ]);
  expect(shown({ type: 'cron', expression: '30 2 * * ? *' }, '2027-03-28T00:00Z', 1)).toEqual([
    '2027-03-28T03:00:00 120 gap',
  ]);
  expect(shown({ type: 'cron', expression: '0/30 * * * ? *' }, '2026-10-24T23:30Z', 5)).toEqual([
    '2026-10-25T02:00:00 120 fold',
    '2026-10-25T02:30:00 120 fold',
    '2026-10-25T02:00:00 60 fold',
    '2026-10-25T02:30:00 60 fold',
    '2026-10-25T03:00:00 60 normal',
  ]);
});

test('what is armed has whole seconds and never comes early', () => {
  expect(toSchedulerExpression(Date.parse('2027-01-15T12:00:07Z'))).toBe('at(2027-01-15T12:00:07)');
  expect(toSchedulerExpression(Date.parse('2027-12-31T23:59:59.001Z'))).toBe('at(2028-01-01T00:00:00)');
});

const utc = { timezone: 'UTC' } as const;

function at(type: AnchoredType, anchor: string): Timing {
  return { ...utc, recurrence: { type, anchor } };
}

function cron(expression: string): Timing {
  return { ...utc, recurrence: { type: 'cron', expression } };
}

function rate(every: number): Recurrence {
  return { type: 'rate', every, unit: 'minutes', from: now };
}
