import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  armAt,
  countOccurrences,
  lastOccurrence,
  nextOccurrence,
  preview,
} from '../../../lib/core/schedule/next-occurrence.ts';
import { anchoredTypes, type Recurrence, rateUnits, type Timing } from '../../../lib/core/schedule/timing.ts';
import { abbreviations } from '../../../lib/core/schedule/zone-names.ts';

const instant = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2100, 0) });
const zoneName = fc.constantFrom(
  'UTC',
  'GMT-03:30',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Africa/Cairo',
  ...abbreviations.keys(),
);
const number = (min: number, max: number) => fc.integer({ min, max }).map(String);
const crons = fc.oneof(
  fc.tuple(number(0, 59), number(0, 23), number(1, 31)).map(([minute, hour, day]) => `${minute} ${hour} ${day} * ? *`),
  fc.tuple(number(0, 59), number(0, 3)).map(([minute, hour]) => `${minute} ${hour} * * ? *`),
  fc.tuple(number(0, 59), number(1, 30), number(0, 3)).map(([minute, step, hour]) => `${minute}/${step} ${hour} * * *`),
  fc.tuple(number(0, 59), number(1, 7), number(1, 4)).map(([minute, day, nth]) => `${minute} 2 ? * ${day}#${nth} *`),
  fc.constantFrom('0/10 * * * ? *', '45 1-3 ? * SUN *', '*/7 0-4/2 * 3,10 *', '30 2 L * ? *', '0 2 15W * ? *'),
);
const recurrence: fc.Arbitrary<Recurrence> = fc.oneof(
  fc.record({
    type: fc.constantFrom(...anchoredTypes),
    anchor: fc
      .tuple(instant, fc.boolean())
      .map(([at, isWall]) => new Date(at).toISOString().slice(0, isWall ? 19 : undefined)),
  }),
  crons.map((expression): Recurrence => ({ type: 'cron', expression })),
  fc.record({
    type: fc.constant('rate' as const),
    every: fc.integer({ min: 1, max: 90 }),
    unit: fc.constantFrom(...rateUnits),
    from: instant,
  }),
);
const timing: fc.Arbitrary<Timing> = fc.record(
  { recurrence, timezone: zoneName, startsAt: instant, endsAt: instant },
  { requiredKeys: ['recurrence', 'timezone'] },
);

describe('whatever the schedule', () => {
  test('its next occurrence is later, within its bounds, a whole second, and has none before it', () => {
    fc.assert(
      fc.property(timing, instant, fc.double({ min: 0, max: 1, noNaN: true }), (timing, after, part) => {
        const next = nextOccurrence(timing, after);
        if (next === undefined) return;
        expect(next).toBeGreaterThan(after);
        expect(next).toBeGreaterThanOrEqual(timing.startsAt ?? 0);
        expect(next).toBeLessThan(timing.endsAt ?? Number.POSITIVE_INFINITY);
        expect(next % 1000).toBe(0);
        const between = after + Math.floor((next - 1 - after) * part);
        expect(nextOccurrence(timing, between)).toBe(next);
        expect(lastOccurrence(timing, next)).toBe(next);
        expect(lastOccurrence(timing, next - 1) ?? 0).toBeLessThanOrEqual(Math.max(0, after));
      }),
      { numRuns: 200 },
    );
  });

  test('its latest occurrence is the one from which the next leads beyond', () => {
    fc.assert(
      fc.property(timing, instant, (timing, upTo) => {
        const last = lastOccurrence(timing, upTo);
        if (last === undefined) {
          expect(nextOccurrence(timing, 0) ?? upTo + 1).toBeGreaterThan(upTo);
          return;
        }
        expect(last).toBeLessThanOrEqual(upTo);
        expect(nextOccurrence(timing, last) ?? upTo + 1).toBeGreaterThan(upTo);
        expect(nextOccurrence(timing, last - 1)).toBe(last);
      }),
      { numRuns: 200 },
    );
  });

  test('its preview is the chain of its next occurrences, and they are counted one by one', () => {
    fc.assert(
      fc.property(timing, instant, fc.nat(12), fc.nat(12), (timing, now, n, limit) => {
        const chain: number[] = [];
        for (let at = nextOccurrence(timing, now); at !== undefined && chain.length < n; ) {
          chain.push(at);
          at = nextOccurrence(timing, at);
        }
        const shown = preview(timing, now, n);
        expect(shown.map(({ at }) => at)).toEqual(chain);
        for (const { at, local, offsetMinutes } of shown) {
          expect(Date.parse(`${local}Z`) - offsetMinutes * 60_000).toBe(at);
        }
        const upTo = chain.at(-1) ?? now;
        expect(countOccurrences(timing, now, upTo, limit)).toBe(Math.min(chain.length, limit));
      }),
      { numRuns: 50 },
    );
  });

  test('it is armed within its jitter, at the same second every time', () => {
    fc.assert(
      fc.property(instant, fc.nat(), fc.nat(3600), (occurrence, id, jitterSeconds) => {
        const armed = armAt(occurrence, id, jitterSeconds);
        expect(armed).toBeGreaterThanOrEqual(occurrence);
        expect(armed).toBeLessThanOrEqual(occurrence + jitterSeconds * 1000);
        expect((armed - occurrence) % 1000).toBe(0);
        expect(armAt(occurrence, id, jitterSeconds)).toBe(armed);
      }),
    );
  });
});

test('schedules of one minute are spread over their jitter', () => {
  const seconds = Array.from({ length: 600 }, (_, id) => armAt(0, id + 1, 59) / 1000);
  const perSecond = Array.from({ length: 60 }, (_, second) => seconds.filter((at) => at === second).length);
  expect(Math.min(...perSecond)).toBeGreaterThan(0);
  expect(Math.max(...perSecond)).toBeLessThan(30);
});
