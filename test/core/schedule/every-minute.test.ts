import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastOccurrence, nextOccurrence } from '../../../lib/core/schedule/next-occurrence.ts';
import type { Timing } from '../../../lib/core/schedule/timing.ts';
import { resolveZone, toInstant, toWall, type Zone } from '../../../lib/core/schedule/zone.ts';
import { firstShown, type ShownMinute, watchClock, watchFor } from '../../support/slow-clock.ts';

const dayMs = 86_400_000;
const zones = [
  ['Europe/Berlin', '2027-03-28', '2027-10-31'],
  ['America/New_York', '2027-03-14', '2027-11-07'],
  ['Australia/Lord_Howe', '2027-04-04', '2027-10-03'],
  ['Antarctica/Troll', '2027-03-28', '2027-10-31'],
  ['Asia/Kolkata', '2027-12-31'],
  ['Europe/Istanbul', '2027-03-28'],
  ['America/St_Johns', '2027-03-14', '2027-11-07'],
  ['Pacific/Chatham', '2027-04-04', '2027-09-26'],
  ['Africa/Cairo', '2027-04-30', '2027-10-29'],
  ['America/Santiago', '2027-04-04', '2027-09-05'],
] as const;

/** Two days around each change; `CLOCK_ZONES=n` watches all of 2027 in the first n zones instead. */
const soakZones = Number(process.env.CLOCK_ZONES ?? 0);
const spans = (soakZones > 0 ? zones.slice(0, soakZones) : zones).flatMap(([name, ...changes]) =>
  soakZones > 0
    ? [{ name, from: Date.UTC(2026, 11, 30), until: Date.UTC(2028, 0, 3) }]
    : changes.map((day) => ({ name, from: Date.parse(day) - dayMs, until: Date.parse(day) + dayMs })),
);
const numRuns = soakZones > 0 ? 3 : 8;

describe.each(spans)('every minute in $name from $from', ({ name, from, until }) => {
  const minutes = watchClock(name, from, until);

  test('is the wall time its clock shows, and found again from it', () => {
    const zone = zoneNamed(name);
    let newest = 0;
    const wrong = minutes.filter(({ at, wallMs }) => {
      const wall = toWall(zone, at);
      const shown = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
      const isFirst = wallMs > newest;
      newest = Math.max(newest, wallMs);
      return (
        shown !== wallMs ||
        wall.offsetMinutes !== (wallMs - at) / 60_000 ||
        (toInstant(zone, wall).at === at) !== isFirst
      );
    });
    expect(wrong).toEqual([]);
  }, 600_000);

  test('fires cron expressions as a watcher of the clock would', () => {
    const set = (max: number) => fc.uniqueArray(fc.nat(max), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        set(59),
        fc.option(set(4)),
        fc.option(set(6)),
        fc.integer({ min: 4, max: 30 }),
        (list, hours, days, step) => {
          const paced = list.length > 2;
          const start = list[0] ?? 0;
          const minute = paced ? `${start}/${step}` : list.join(',');
          const expression = `${minute} ${hours?.join(',') ?? '*'} ${days === null ? '* * ?' : `? * ${days.map((d) => d + 1)}`} *`;
          const fits = (wallMs: number) => {
            const date = new Date(wallMs);
            const m = date.getUTCMinutes();
            const fitsMinute = paced ? m >= start && (m - start) % step === 0 : list.includes(m);
            return (
              fitsMinute && hours?.includes(date.getUTCHours()) !== false && days?.includes(date.getUTCDay()) !== false
            );
          };
          const timing: Timing = { timezone: name, recurrence: { type: 'cron', expression } };
          expectSame(
            timing,
            minutes,
            watchFor(minutes, fits, { rescues: hours !== null, repeats: hours === null || paced }),
          );
        },
      ),
      { numRuns },
    );
  }, 600_000);

  test('fires daily and hourly schedules as a watcher of the clock would', () => {
    fc.assert(
      fc.property(fc.nat(24 * 60 - 1), (minuteOfDay) => {
        const firstDay = Math.floor(from / dayMs) * dayMs - dayMs;
        const walls = Array.from(
          { length: (until - from) / dayMs + 3 },
          (_, k) => firstDay + k * dayMs + minuteOfDay * 60_000,
        );
        const anchor = new Date(firstDay + minuteOfDay * 60_000).toISOString().slice(0, 16);
        const opening = minutes[0]?.wallMs ?? 0;
        const daily = new Set(walls.flatMap((wallMs) => (wallMs < opening ? [] : (firstShown(minutes, wallMs) ?? []))));
        expectSame({ timezone: name, recurrence: { type: 'daily', anchor } }, minutes, [...daily]);
        const hourly = minutes.flatMap(({ at }) => ((at / 60_000 - minuteOfDay) % 60 === 0 ? [at] : []));
        expectSame({ timezone: name, recurrence: { type: 'hourly', anchor: `${anchor}Z` } }, minutes, hourly);
      }),
      { numRuns },
    );
  }, 600_000);
});

function expectSame(timing: Timing, minutes: readonly ShownMinute[], expected: readonly number[]): void {
  const [first, last] = [minutes[0]?.at ?? 0, minutes.at(-1)?.at ?? 0];
  const ahead: number[] = [];
  for (let at = nextOccurrence(timing, first - 1); at !== undefined && at <= last; at = nextOccurrence(timing, at))
    ahead.push(at);
  expect(ahead.map(inUtc), JSON.stringify(timing)).toEqual(expected.map(inUtc));
  const back: number[] = [];
  for (let at = lastOccurrence(timing, last); at !== undefined && at >= first; at = lastOccurrence(timing, at - 1))
    back.unshift(at);
  expect(back.map(inUtc), JSON.stringify(timing)).toEqual(expected.map(inUtc));
}

function inUtc(at: number): string {
  return new Date(at).toISOString();
}

function zoneNamed(name: string): Zone {
  const zone = resolveZone(name);
  if (zone === undefined) throw new Error(`No zone ${name}`);
  return zone;
}
