import { describe, expect, test } from 'vitest';
import { recurrenceOf, type Timing } from '../../web/core/recurrence.ts';

describe('when a schedule fires, in words', () => {
  test.each<readonly [Timing, string]>([
    [{ cron: '0 2 * * *' }, 'Every day at 02:00'],
    [{ cron: '0 2 ? * MON-FRI *' }, 'Monday to Friday at 02:00'],
    // Sunday is 1 in six fields, and 0 or 7 in five.
    [{ cron: '30 6,18 ? * 1 *' }, 'Sunday at 06:30 and 18:30'],
    [{ cron: '30 6 * * 1,3,5' }, 'Monday, Wednesday and Friday at 06:30'],
    [{ cron: '0 9 * * 7' }, 'Sunday at 09:00'],
    [{ cron: '*/15 * * * *' }, 'Every 15 minutes'],
    [{ cron: '0/30 8-18 ? * MON-FRI *' }, 'Every 30 minutes from 08:00 to 18:59, Monday to Friday'],
    [{ cron: '5 */6 * * *' }, 'Every 6 hours at 5 min past'],
    [{ cron: '10 * * * *' }, 'Every hour at 10 min past'],
    [{ rate: '1 day' }, 'Every day'],
    [{ rate: '15 minutes' }, 'Every 15 minutes'],
    [{ every: 'twoWeeks', at: '2027-01-08T18:00' }, 'Every two weeks, counted from 2027-01-08 18:00'],
    [{ once: '2027-01-08T18:00:00.000Z' }, 'Once, 2027-01-08 18:00Z'],
  ])('%o: %s', (timing, words) => {
    expect(recurrenceOf(timing)).toBe(words);
  });

  test.each(['0 2 L * ? *', '0 2 ? * 2#1 *', '*/45 * * * *', '0 2 1 * *', '0 2 ? 1 MON *', '0 2 ? * MON 2027'])(
    'says nothing wrong of %s',
    (cron) => {
      expect(recurrenceOf({ cron })).toBe('By its expression');
    },
  );
});
