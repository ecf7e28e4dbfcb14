import { describe, expect, test } from 'vitest';
import { offsetAt, resolveZone, toInstant, toWall } from '../../../lib/core/schedule/zone.ts';
import { abbreviations, bareNames } from '../../../lib/core/schedule/zone-names.ts';

describe('the zone of a text', () => {
  test.each([...abbreviations])('%s is %s, whatever the platform thinks', (abbreviation, name) => {
    expect(resolveZone(abbreviation)).toBeDefined();
    expect(resolveZone(abbreviation)).toEqual(resolveZone(name));
  });

  test.each([...bareNames])('%s, a name without an area, is %s', (name, zone) => {
    expect(resolveZone(name)).toBeDefined();
    expect(resolveZone(name)).toEqual(resolveZone(zone));
  });

  test.each(['Europe/Berlin', 'america/argentina/buenos_aires', 'Etc/GMT+5', 'Asia/Calcutta', 'US/Pacific'])(
    '%s is known',
    (name) => expect(resolveZone(name)).toBeDefined(),
  );

  test.each([
    ['UTC', 0],
    ['GMT', 0],
    ['GMT+00:00', 0],
    ['GMT-03:30', -210],
    ['GMT+18:00', 1080],
    ['+05:45', 345],
    ['-10:00', -600],
    ['EST', -300],
  ])('%s is an offset of %i minutes, in summer and winter', (text, minutes) => {
    const zone = resolveZone(text);
    expect(
      zone === undefined ? undefined : [offsetAt(zone, Date.UTC(2027, 0)), offsetAt(zone, Date.UTC(2027, 6))],
    ).toEqual([minutes * 60_000, minutes * 60_000]);
  });

  test.each(
    `EDT CEST PDT MESZ XYZ Europe/Atlantis SystemV/PST8PDT GMT+5 GMT+0530 GMT+18:01 GMT+05:60 UTC+05:00 +5 05:30 Z Berlin
    Factory localtime Etc/Unknown posix/Europe/Berlin ../Berlin`.split(/\s+/),
  )('%s is none', (text) => {
    expect(resolveZone(text)).toBeUndefined();
  });

  test.each(['', ' ', 'Europe/Berlin ', '__proto__', 'constructor'])('"%s" is none', (text) => {
    expect(resolveZone(text)).toBeUndefined();
  });
});

describe('a zone', () => {
  test('tells the wall time of an instant before 1970, and over the end of a year', () => {
    const [berlin, tokyo] = [zone('Europe/Berlin'), zone('Asia/Tokyo')];
    expect(toWall(berlin, -1)).toMatchObject({ year: 1970, month: 1, day: 1, hour: 0, minute: 59, second: 59 });
    expect(toWall(tokyo, Date.UTC(2026, 11, 31, 15))).toEqual({
      ...{ year: 2027, month: 1, day: 1, hour: 0, minute: 0, second: 0 },
      offsetMinutes: 540,
    });
  });

  test('tells what the clocks do to a wall time', () => {
    const at = (day: number, month: number) => ({ year: 2027, month, day, hour: 2, minute: 30, second: 0 });
    const berlin = zone('Europe/Berlin');
    expect(toInstant(berlin, at(28, 3))).toEqual({ at: Date.UTC(2027, 2, 28, 1), kind: 'gap' });
    expect(toInstant(berlin, at(31, 10))).toEqual({ at: Date.UTC(2027, 9, 31, 0, 30), kind: 'fold' });
    expect(toInstant(berlin, at(30, 10))).toEqual({ at: Date.UTC(2027, 9, 30, 0, 30), kind: 'normal' });
  });

  test('refuses a wall time that no calendar has', () => {
    const wall = { year: 2027, month: 2, day: 29, hour: 0, minute: 0, second: 0 };
    expect(() => toInstant(zone('UTC'), wall)).toThrow(RangeError);
  });
});

function zone(name: string) {
  const found = resolveZone(name);
  if (found === undefined) throw new Error(`No zone ${name}`);
  return found;
}
