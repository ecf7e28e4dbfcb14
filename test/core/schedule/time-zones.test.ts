import { describe, expect, test } from 'vitest';
import { nextOccurrence } from '../../../lib/core/schedule/next-occurrence.ts';
import { toSchedulerExpression } from '../../../lib/core/schedule/scheduler-expression.ts';
import type { AnchoredType, Recurrence } from '../../../lib/core/schedule/timing.ts';

/** A line each: what, its zone, `<type> <anchor>` or a cron expression, after which instant, and the occurrences from there in UTC. */
const contract = `
  monthly from the 31st | Europe/Berlin | monthly 2027-01-31T09:00 | 2027-01-01 00:00 | 2027-01-31 08:00, 2027-02-28 08:00, 2027-03-31 07:00
  daily over the gap | Europe/Berlin | daily 2027-03-01T02:30 | 2027-03-26 12:00 | 2027-03-27 01:30, 2027-03-28 01:00, 2027-03-29 00:30
  daily over the fold | Europe/Berlin | daily 2026-10-01T02:30 | 2026-10-23 12:00 | 2026-10-24 00:30, 2026-10-25 00:30, 2026-10-26 01:30
  weekly in PST | PST | weekly 2027-01-18T09:30:00.000 | 2027-01-01 00:00 | 2027-01-18 17:30, 2027-01-25 17:30, 2027-02-01 17:30
  once with Z in IST | IST | once 2027-01-15T12:00:00.000Z | 2027-01-01 00:00 | 2027-01-15 12:00, never`;

const gaps = `
  weekly in the gap | Europe/Berlin | weekly 2027-03-21T02:00 | 2027-03-20 00:00 | 2027-03-21 01:00, 2027-03-28 01:00, 2027-04-04 00:00
  once in the gap | Europe/Berlin | once 2027-03-28T02:59:59 | 2027-03-20 00:00 | 2027-03-28 01:00, never
  a second before the gap | Europe/Berlin | daily 2027-03-27T01:59:59 | 2027-03-27 12:00 | 2027-03-28 00:59:59, 2027-03-28 23:59:59
  just at the end of the gap | Europe/Berlin | daily 2027-03-27T03:00 | 2027-03-27 12:00 | 2027-03-28 01:00, 2027-03-29 01:00
  monthly in the gap, and back | Europe/Berlin | monthly 2027-01-28T02:15 | 2027-02-01 00:00 | 2027-02-28 01:15, 2027-03-28 01:00, 2027-04-28 00:15
  yearly in the gap | Europe/Berlin | yearly 2026-03-28T02:15 | 2026-04-01 00:00 | 2027-03-28 01:00, 2028-03-28 00:15
  daily in the gap | America/New_York | daily 2027-03-01T02:30 | 2027-03-13 00:00 | 2027-03-13 07:30, 2027-03-14 07:00, 2027-03-15 06:30
  half an hour of gap | Australia/Lord_Howe | daily 2026-10-01T02:15 | 2026-10-02 00:00 | 2026-10-02 15:45, 2026-10-03 15:30, 2026-10-04 15:15
  at the end of half an hour of gap | Australia/Lord_Howe | daily 2026-10-01T02:30 | 2026-10-02 00:00 | 2026-10-02 16:00, 2026-10-03 15:30, 2026-10-04 15:30
  in the south | AET | daily 2026-10-01T02:30 | 2026-10-02 00:00 | 2026-10-02 16:30, 2026-10-03 16:00, 2026-10-04 15:30
  in London | Europe/London | daily 2027-03-01T01:30 | 2027-03-26 12:00 | 2027-03-27 01:30, 2027-03-28 01:00, 2027-03-29 00:30
  at a quarter to | Pacific/Chatham | daily 2026-09-20T03:00 | 2026-09-25 00:00 | 2026-09-25 14:15, 2026-09-26 14:00, 2026-09-27 13:15
  two hours of gap | Antarctica/Troll | daily 2027-03-01T02:30 | 2027-03-26 12:00 | 2027-03-27 02:30, 2027-03-28 01:00, 2027-03-29 00:30
  at midnight | Africa/Cairo | daily 2027-04-01T00:30 | 2027-04-28 00:00 | 2027-04-28 22:30, 2027-04-29 22:00, 2027-04-30 21:30
  at midnight in Santiago | America/Santiago | daily 2026-09-01T00:00 | 2026-09-05 00:00 | 2026-09-05 04:00, 2026-09-06 04:00, 2026-09-07 03:00
  at midnight in Havana | America/Havana | daily 2027-03-01T00:15 | 2027-03-13 00:00 | 2027-03-13 05:15, 2027-03-14 05:00, 2027-03-15 04:15
  a whole day | MIT | daily 2011-12-01T12:00 | 2011-12-29 00:00 | 2011-12-29 22:00, 2011-12-30 10:00, 2011-12-30 22:00
  a gap that was no summer time | America/Caracas | daily 2016-04-01T02:45 | 2016-04-30 00:00 | 2016-04-30 07:15, 2016-05-01 07:00, 2016-05-02 06:45
  a gap before midnight | Asia/Pyongyang | daily 2018-05-01T23:45 | 2018-05-03 00:00 | 2018-05-03 15:15, 2018-05-04 15:00, 2018-05-05 14:45
  with half an offset | CNT | daily 2027-03-01T02:10 | 2027-03-13 00:00 | 2027-03-13 05:40, 2027-03-14 05:30, 2027-03-15 04:40`;

const folds = `
  weekly in the fold | Europe/Berlin | weekly 2026-10-18T02:00 | 2026-10-18 12:00 | 2026-10-25 00:00, 2026-11-01 01:00
  from within the second passage | Europe/Berlin | daily 2026-10-01T02:30 | 2026-10-25 01:10 | 2026-10-26 01:30
  an anchor that is the second passage | Europe/Berlin | daily 2026-10-25T01:30:00Z | 2026-10-24 00:00 | 2026-10-25 01:30, 2026-10-26 01:30
  the first second after the fold | Europe/Berlin | daily 2026-10-01T03:00 | 2026-10-24 12:00 | 2026-10-25 02:00, 2026-10-26 02:00
  once in the fold | Europe/Berlin | once 2026-10-25T02:00 | 2026-10-24 12:00 | 2026-10-25 00:00, never
  daily in the fold | America/New_York | daily 2026-10-01T01:30 | 2026-10-30 12:00 | 2026-10-31 05:30, 2026-11-01 05:30, 2026-11-02 06:30
  half an hour of fold | Australia/Lord_Howe | daily 2027-04-01T01:45 | 2027-04-02 00:00 | 2027-04-02 14:45, 2027-04-03 14:45, 2027-04-04 15:15
  in the south | Australia/Sydney | daily 2027-04-01T02:30 | 2027-04-02 00:00 | 2027-04-02 15:30, 2027-04-03 15:30, 2027-04-04 16:30
  at a quarter to | Pacific/Chatham | daily 2027-04-01T03:00 | 2027-04-02 00:00 | 2027-04-02 13:15, 2027-04-03 13:15, 2027-04-04 14:15
  two hours of fold | Antarctica/Troll | daily 2026-10-01T01:30 | 2026-10-24 00:00 | 2026-10-24 23:30, 2026-10-26 01:30
  before midnight | ART | daily 2026-10-01T23:30 | 2026-10-28 00:00 | 2026-10-28 20:30, 2026-10-29 20:30, 2026-10-30 21:30
  a fold that was no end of summer | Europe/Moscow | daily 2014-10-01T01:30 | 2014-10-24 12:00 | 2014-10-24 21:30, 2014-10-25 21:30, 2014-10-26 22:30
  hourly through it | Europe/Berlin | hourly 2026-10-24T12:30 | 2026-10-24 23:00 | 2026-10-24 23:30, 2026-10-25 00:30, 2026-10-25 01:30, 2026-10-25 02:30
  hourly through a gap | Europe/Berlin | hourly 2027-03-27T12:30 | 2027-03-28 00:00 | 2027-03-28 00:30, 2027-03-28 01:30
  hourly through half an hour of gap | Australia/Lord_Howe | hourly 2026-10-03T00:00Z | 2026-10-03 14:30 | 2026-10-03 15:00, 2026-10-03 16:00`;

const calendars = `
  the 29th of February, yearly | UTC | yearly 2024-02-29T06:00 | 2024-03-01 00:00 | 2025-02-28 06:00, 2026-02-28 06:00, 2027-02-28 06:00, 2028-02-29 06:00
  the 29th of February, over 2100 | UTC | yearly 2096-02-29T06:00 | 2098-03-01 00:00 | 2099-02-28 06:00, 2100-02-28 06:00, 2101-02-28 06:00
  the 29th, monthly | UTC | monthly 2028-01-29T06:00 | 2028-01-30 00:00 | 2028-02-29 06:00, 2028-03-29 06:00
  the 30th, monthly | Asia/Kolkata | monthly 2027-01-30T00:00 | 2027-02-01 00:00 | 2027-02-27 18:30, 2027-03-29 18:30
  the 31st, monthly, through the year | UTC | monthly 2027-03-31T23:59:59 | 2027-04-01 00:00 | 2027-04-30 23:59:59, 2027-05-31 23:59:59, 2027-06-30 23:59:59
  the 31st over the end of the year | Europe/Berlin | monthly 2026-08-31T00:00 | 2026-11-30 00:00 | 2026-12-30 23:00, 2027-01-30 23:00, 2027-02-27 23:00
  daily over the end of the year | Asia/Tokyo | daily 2026-12-01T00:00 | 2026-12-30 12:00 | 2026-12-30 15:00, 2026-12-31 15:00, 2027-01-01 15:00
  daily over the 29th of February | America/New_York | daily 2028-02-01T20:00 | 2028-02-28 12:00 | 2028-02-29 01:00, 2028-03-01 01:00, 2028-03-02 01:00
  biweekly | Europe/Istanbul | biweekly 2026-12-21T09:00 | 2026-12-21 06:00 | 2027-01-04 06:00, 2027-01-18 06:00
  biweekly from long ago | UTC | biweekly 1970-01-01T00:00 | 2027-01-01 00:00 | 2027-01-14 00:00, 2027-01-28 00:00
  daily from long ago | Europe/Berlin | daily 1970-01-01T02:30 | 2027-03-27 12:00 | 2027-03-28 01:00, 2027-03-29 00:30
  hourly from long ago | Asia/Kolkata | hourly 1970-01-01T00:00 | 2027-01-01 00:00 | 2027-01-01 00:30, 2027-01-01 01:30
  an instant whose local day is another | America/Los_Angeles | monthly 2027-02-01T05:00:00Z | 2027-02-01 05:00 | 2027-03-01 05:00, 2027-04-01 04:00
  an instant with an offset | Europe/Berlin | daily 2027-03-27T09:00:00+05:30 | 2027-03-27 00:00 | 2027-03-27 03:30, 2027-03-28 02:30
  epoch milliseconds | IST | weekly 1800014400999 | 2027-01-01 00:00 | 2027-01-15 12:00, 2027-01-22 12:00
  up to the last year | UTC | yearly 2027-06-01T00:00 | 2198-06-01 00:00 | 2199-06-01 00:00, never`;

const zones = `
  no summer time | Asia/Kolkata | daily 2027-03-01T02:30 | 2027-03-27 12:00 | 2027-03-27 21:00, 2027-03-28 21:00
  none any more | Europe/Istanbul | daily 2027-03-01T03:30 | 2027-03-27 12:00 | 2027-03-28 00:30, 2027-03-29 00:30
  the summer that stayed | Turkey | monthly 2016-08-30T09:00 | 2016-09-01 00:00 | 2016-09-30 06:00, 2016-10-30 06:00, 2016-11-30 06:00
  three quarters of an hour | Asia/Kathmandu | daily 2027-01-01T00:00 | 2027-01-01 00:00 | 2027-01-01 18:15, 2027-01-02 18:15
  none any more in Brazil | BET | daily 2026-10-01T00:00 | 2026-10-17 12:00 | 2026-10-18 03:00, 2026-10-19 03:00
  EST is an offset | EST | daily 2027-03-01T02:30 | 2027-03-13 12:00 | 2027-03-14 07:30, 2027-03-15 07:30
  MST is an offset | MST | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 09:30
  HST is an offset | HST | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 12:30
  CST is Chicago | CST | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 07:30
  AST is Anchorage | AST | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 10:30
  BST is Dhaka | BST | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 20:30
  ECT is Paris | ECT | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 00:30
  NST is Auckland | NST | daily 2027-07-01T02:30 | 2027-06-30 00:00 | 2027-06-30 14:30
  SST is Guadalcanal | SST | daily 2027-07-01T02:30 | 2027-06-30 00:00 | 2027-06-30 15:30
  VST is Ho Chi Minh City | VST | daily 2027-07-01T02:30 | 2027-06-30 00:00 | 2027-06-30 19:30
  east of Greenwich | GMT+05:30 | daily 2027-07-01T02:30 | 2027-06-30 00:00 | 2027-06-30 21:00
  west of Greenwich | GMT-03:30 | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 06:00
  a bare offset | -10:00 | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 12:30
  Etc, whose signs are the other way round | Etc/GMT+5 | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 07:30
  a name in another case | europe/berlin | daily 2027-07-01T02:30 | 2027-07-01 00:00 | 2027-07-01 00:30`;

const crons = `
  one hour, in the gap | Europe/Berlin | 30 2 * * ? * | 2027-03-27 00:00 | 2027-03-27 01:30, 2027-03-28 01:00, 2027-03-29 00:30
  several times in one gap are one | Europe/Berlin | 5,40 2 * * ? * | 2027-03-27 12:00 | 2027-03-28 01:00, 2027-03-29 00:05, 2027-03-29 00:40
  a time in the gap and one at its end are one | Europe/Berlin | 0 2,3 * * ? * | 2027-03-27 12:00 | 2027-03-28 01:00, 2027-03-29 00:00, 2027-03-29 01:00
  one hour, in the fold | Europe/Berlin | 30 2 * * ? * | 2026-10-24 12:00 | 2026-10-25 00:30, 2026-10-26 01:30
  several times in the fold, once each | Europe/Berlin | 0,30 2 * * ? * | 2026-10-24 12:00 | 2026-10-25 00:00, 2026-10-25 00:30, 2026-10-26 01:00
  every other hour, in the fold | Europe/Berlin | 0 0/2 * * ? * | 2026-10-24 23:00 | 2026-10-25 00:00, 2026-10-25 03:00
  every hour, in the fold | Europe/Berlin | 0 * * * * | 2026-10-24 23:00 | 2026-10-25 00:00, 2026-10-25 01:00, 2026-10-25 02:00
  every quarter, in the fold | Europe/Berlin | 0/15 * * * ? * | 2026-10-25 00:30 | 2026-10-25 00:45, 2026-10-25 01:00, 2026-10-25 01:15, 2026-10-25 01:30, 2026-10-25 01:45, 2026-10-25 02:00
  every quarter of a fold of half an hour | Australia/Lord_Howe | */15 * * * * | 2027-04-03 14:30 | 2027-04-03 14:45, 2027-04-03 15:00, 2027-04-03 15:15, 2027-04-03 15:30
  every quarter of some hours, in the fold | America/New_York | */15 1 * * * | 2026-11-01 05:30 | 2026-11-01 05:45, 2026-11-01 06:00, 2026-11-01 06:15, 2026-11-01 06:30, 2026-11-01 06:45, 2026-11-02 06:00
  every quarter past five, in the gap | Europe/Berlin | 5/15 * * * ? * | 2027-03-28 00:40 | 2027-03-28 00:50, 2027-03-28 01:05, 2027-03-28 01:20
  every hour at half past, in the gap | America/New_York | 30 * ? * * * | 2027-03-14 06:00 | 2027-03-14 06:30, 2027-03-14 07:30
  every quarter of an hour that is missing | Europe/Berlin | 5/15 2 * * ? * | 2027-03-27 12:00 | 2027-03-28 01:00, 2027-03-29 00:05
  a whole missing day | Pacific/Apia | 0 9 30 12 ? * | 2011-01-01 00:00 | 2011-12-30 10:00, 2012-12-29 19:00
  weekdays | Europe/Istanbul | 0 2 ? * MON-FRI * | 2027-01-01 00:00 | 2027-01-03 23:00, 2027-01-04 23:00
  Sunday is 1 | UTC | cron(0 2 ? * 1 *) | 2027-01-01 00:00 | 2027-01-03 02:00, 2027-01-10 02:00
  Sunday is 0, and 7, in crontab | UTC | 0 2 * * 0 | 2027-01-01 00:00 | 2027-01-03 02:00, 2027-01-10 02:00
  either day, in crontab | UTC | 0 2 13 * 7 | 2027-01-04 00:00 | 2027-01-10 02:00, 2027-01-13 02:00, 2027-01-17 02:00
  the last day of the month | Europe/Berlin | 0 0 L * ? * | 2027-02-01 00:00 | 2027-02-27 23:00, 2027-03-30 22:00
  the last weekday of the month | UTC | 0 9 LW * ? * | 2027-01-01 00:00 | 2027-01-29 09:00, 2027-02-26 09:00, 2027-03-31 09:00
  the last Friday of the month | UTC | 15 10 ? * 6L 2027-2028 | 2028-11-01 00:00 | 2028-11-24 10:15, 2028-12-29 10:15, never
  the third Tuesday | UTC | 0 9 ? * 3#3 * | 2027-01-01 00:00 | 2027-01-19 09:00, 2027-02-16 09:00
  a fifth Friday | UTC | 0 9 ? * FRI#5 * | 2027-02-01 00:00 | 2027-04-30 09:00, 2027-07-30 09:00
  the last day of the week | UTC | 0 9 ? * L * | 2027-01-01 00:00 | 2027-01-02 09:00, 2027-01-09 09:00
  the weekday nearest to the first, never before it | UTC | 0 9 1W * ? * | 2027-04-15 00:00 | 2027-05-03 09:00, 2027-06-01 09:00
  the 29th of February | UTC | 0 0 29 2 ? * | 2027-01-01 00:00 | 2028-02-29 00:00, 2032-02-29 00:00
  the 29th of February, over 2100 | UTC | 0 0 29 2 ? * | 2096-03-01 00:00 | 2104-02-29 00:00
  every third year | Asia/Tokyo | 0 0 1 1 ? 2027/3 | 2027-06-01 00:00 | 2029-12-31 15:00
  New Year | Pacific/Auckland | 59 23 31 DEC ? * | 2026-01-01 00:00 | 2026-12-31 10:59, 2027-12-31 10:59`;

describe.each([
  ['of the contract', contract],
  ['where a clock is put forward', gaps],
  ['where a clock is put back', folds],
  ['through the calendar', calendars],
  ['of a zone', zones],
  ['of a cron expression', crons],
])('the occurrences %s', (_, lines) => {
  const rows = lines
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' | '));
  test.each(rows)('%s in %s: %s', (_what, timezone = '', recurrence = '', after = '', occurrences = '') => {
    const expected = occurrences.split(', ');
    const timing = { timezone, recurrence: toRecurrence(recurrence) };
    const found: (number | undefined)[] = [];
    for (let at: number | undefined = inUtc(after); at !== undefined && found.length < expected.length; ) {
      at = nextOccurrence(timing, at);
      found.push(at);
    }
    expect(found.map((at) => (at === undefined ? 'never' : new Date(at).toISOString()))).toEqual(
      expected.map((text) => (text === 'never' ? text : new Date(inUtc(text)).toISOString())),
    );
    expect(found.flatMap((at) => (at === undefined ? [] : [toSchedulerExpression(at)]))).toEqual(
      expected.filter((text) => text !== 'never').map((text) => `at(${text.replace(' ', 'T').padEnd(19, ':00')})`),
    );
  });
});

function toRecurrence(text: string): Recurrence {
  const [, type, anchor] = text.match(/^([a-z]+) (\S+)$/) ?? [];
  return anchor === undefined ? { type: 'cron', expression: text } : { type: type as AnchoredType, anchor };
}

function inUtc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}
