import { describe, expect, test } from 'vitest';
import { findClashes, findOverlaps } from '../../../lib/core/schedule/overlaps.ts';
import type { Timing } from '../../../lib/core/schedule/timing.ts';

const minutes = (n: number) => Date.UTC(2027, 0, 4) + n * 60_000;

describe('occurrences of one schedule', () => {
  test('overlap if the next is due before a run of usual duration ends', () => {
    const occurrences = [minutes(0), minutes(30), minutes(90)];
    expect(findOverlaps(occurrences, 45 * 60)).toEqual([{ at: minutes(0), next: minutes(30) }]);
    expect(findOverlaps(occurrences, 30 * 60)).toEqual([]);
    expect(findOverlaps(occurrences, 61 * 60)).toHaveLength(2);
  });
});

describe('occurrences of two schedules of a plan', () => {
  const hourly: Timing = { timezone: 'UTC', recurrence: { type: 'cron', expression: '0 * * * *' } };

  test('clash if they are nearer than the usual duration, on either side', () => {
    const clashes = (offset: number, usual: number) =>
      findClashes([minutes(offset)], [{ id: 7, timing: hourly }], usual * 60);
    expect(clashes(10, 11)).toEqual([{ at: minutes(10), scheduleId: 7, otherAt: minutes(0) }]);
    expect(clashes(50, 11)).toEqual([{ at: minutes(50), scheduleId: 7, otherAt: minutes(60) }]);
    expect(clashes(10, 10)).toEqual([]);
    expect(clashes(30, 10)).toEqual([]);
  });

  test('clash at the same instant, even if nothing is known of the duration', () => {
    expect(findClashes([minutes(60)], [{ id: 7, timing: hourly }], 0)).toHaveLength(1);
  });

  test('do not clash with a schedule that is over', () => {
    const over = { ...hourly, endsAt: minutes(-600) };
    expect(findClashes([minutes(0)], [{ id: 7, timing: over }], 3600)).toEqual([]);
  });
});
