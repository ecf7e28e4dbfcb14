import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catchUp, type MissedPolicy } from '../../../lib/core/schedule/missed.ts';
import { countOccurrences } from '../../../lib/core/schedule/next-occurrence.ts';
import type { Timing } from '../../../lib/core/schedule/timing.ts';

const nightly: Timing = { timezone: 'UTC', recurrence: { type: 'cron', expression: '0 2 * * ? *' } };
const night = (day: number) => Date.UTC(2027, 0, day, 2);
const hours = (n: number) => n * 3_600_000;
const runOnce: MissedPolicy = { type: 'runOnce', maxLatenessSeconds: 86_400 };
const skip: MissedPolicy = { type: 'skip' };

describe('occurrences since the last one handled', () => {
  test('are none before the next is due', () => {
    expect(catchUp(nightly, night(4), night(5) - 1, runOnce)).toEqual({});
  });

  test.each([skip, runOnce])('start one run on time, whatever is to become of missed ones: %o', (policy) => {
    expect(catchUp(nightly, night(4), night(5), policy)).toEqual({ run: night(5) });
    expect(catchUp(nightly, night(4), night(5) + 120_000, policy)).toEqual({ run: night(5) });
  });

  test('start one late run, for the latest, and record the others', () => {
    const missed = { first: night(5), last: night(8), count: 4 };
    expect(catchUp(nightly, night(4), night(9) + hours(5), runOnce)).toEqual({ run: night(9), missed });
  });

  test('are all missed if missed ones are skipped', () => {
    const missed = { first: night(5), last: night(6), count: 2 };
    expect(catchUp(nightly, night(4), night(6) + hours(1), skip)).toEqual({ missed });
  });

  test('are due, and on time, by their jitter', () => {
    const dueAt = (at: number) => at + 300_000;
    expect(catchUp(nightly, night(4), night(5) + 299_000, skip, dueAt)).toEqual({});
    expect(catchUp(nightly, night(4), night(5) + 420_000, skip, dueAt)).toEqual({ run: night(5) });
    expect(catchUp(nightly, night(4), night(5) + 421_000, skip, dueAt).run).toBeUndefined();
    const missed = { first: night(5), last: night(5), count: 1 };
    expect(catchUp(nightly, night(4), night(7) + 60_000, runOnce, dueAt)).toEqual({ run: night(6), missed });
  });

  test('are too late after what the schedule tolerates, and after a day at most', () => {
    const weekly: Timing = { timezone: 'UTC', recurrence: { type: 'weekly', anchor: '2027-01-04T02:00' } };
    const late = (policy: MissedPolicy, ms: number) => catchUp(weekly, night(4), night(11) + ms, policy).run;
    expect(late({ type: 'runOnce', maxLatenessSeconds: 3600 }, hours(1))).toBe(night(11));
    expect(late({ type: 'runOnce', maxLatenessSeconds: 3600 }, hours(1) + 1)).toBeUndefined();
    expect(late({ type: 'runOnce', maxLatenessSeconds: 999_999 }, hours(24))).toBe(night(11));
    expect(late({ type: 'runOnce', maxLatenessSeconds: 999_999 }, hours(24) + 1)).toBeUndefined();
  });

  test('are each started or missed, exactly once', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(hours(24 * 20)), fc.nat(100_000), (day, passed, maxLatenessSeconds) => {
        const now = night(day) + passed;
        const { run, missed } = catchUp(nightly, night(day), now, { type: 'runOnce', maxLatenessSeconds });
        expect((run === undefined ? 0 : 1) + (missed?.count ?? 0)).toBe(
          countOccurrences(nightly, night(day), now, 100),
        );
        if (run !== undefined && missed !== undefined) expect(missed.last).toBeLessThan(run);
      }),
    );
  });
});
