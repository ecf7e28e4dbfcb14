import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCron } from '../../../lib/core/schedule/cron.ts';
import { parseRate } from '../../../lib/core/schedule/rate.ts';

describe('a cron expression', () => {
  test.each([
    ['0/15 * * * ? *', 'allDay'],
    ['30 * * * *', 'allDay'],
    ['5,40 0-23 * * ? *', 'allDay'],
    ['0 0/1 * * ? *', 'allDay'],
    ['30 2 * * ? *', 'fixed'],
    ['0,15,30,45 2,14 * * ? *', 'fixed'],
    ['0-10 2 * * ? *', 'fixed'],
    ['0 0/2 * * ? *', 'fixed'],
    ['*/15 2 * * *', 'interval'],
    ['* 0-22 * * *', 'interval'],
    ['0-59 2 * * ? *', 'interval'],
  ])('%s has the pace %s where clocks change', (expression, pace) => {
    expect(parseCron(expression).pace).toBe(pace);
  });

  test.each(['cron(0 2 ? * MON-FRI *)', ' CRON( 0 2 ? * mon-fri * ) ', '0  2 ?\t* MON-FRI *', '0 2 * * 1-5'])(
    '%s is Monday to Friday at two',
    (expression) => {
      const { next } = parseCron(expression);
      const friday = Date.UTC(2027, 0, 1, 2);
      expect(next(friday - 1000)).toBe(friday);
      expect(next(friday)).toBe(Date.UTC(2027, 0, 4, 2));
    },
  );

  test.each([
    ['', 'must have six fields'],
    ['0 2 * *', 'it has 4'],
    ['0 0 2 * * ? *', 'it has 7'],
    ['rate(5 minutes)', 'must have six fields'],
    ['@daily', 'it has 1'],
    ['60 2 * * ? *', 'field 1 (minutes): "60" is not within 0 to 59'],
    ['0 24 * * ? *', 'field 2 (hours): "24" is not within 0 to 23'],
    ['0 22-2 * * ? *', 'field 2 (hours): "22-2" runs backwards'],
    ['0 2 32 * ? *', 'field 3 (day-of-month): "32" is not within 1 to 31'],
    ['0 2 0 * ? *', 'field 3 (day-of-month): "0" is not within 1 to 31'],
    ['0 2 L-3 * ? *', 'field 3 (day-of-month): "L-3" is not within'],
    ['0 2 32W * ? *', 'field 3 (day-of-month)'],
    ['0 2 1,LW * ? *', 'field 3 (day-of-month): LW stands alone'],
    ['0 2 1 13 ? *', 'field 4 (month): "13" is not within 1 to 12, or JAN to DEC'],
    ['0 2 1 ? ? *', 'field 4 (month): ? stands alone'],
    ['0 2 1 FEBRUARY ? *', 'field 4 (month)'],
    ['0 2 ? * 0 *', 'field 5 (day-of-week): "0" is not within 1 to 7, or SUN to SAT'],
    ['0 2 ? * FRI-SUN *', 'field 5 (day-of-week): "FRI-SUN" runs backwards'],
    ['0 2 ? * FRI#6 *', 'field 5 (day-of-week): "FRI#6"'],
    ['0 2 ? * XYZ *', 'field 5 (day-of-week): "XYZ" is not within'],
    ['0 2 * * ? 1969', 'field 6 (year): "1969" is not within 1970 to 2199'],
    ['0 2 * * * *', 'exactly one of them must be ?'],
    ['0 2 ? * ? *', 'exactly one of them must be ?'],
    ['0/0 2 * * ? *', 'field 1 (minutes): "0/0" steps by 0'],
    ['0/90 2 * * ? *', 'field 1 (minutes): "0/90" steps by 90'],
    ['/5 2 * * ? *', 'field 1 (minutes): "/5" is no value, range or step'],
    ['5, 2 * * ? *', 'field 1 (minutes): a value is missing beside a comma'],
    ['1.5 2 * * ? *', 'field 1 (minutes): "1.5" is no value'],
    ['-1 2 * * ? *', 'field 1 (minutes): "-1" is no value'],
    ['0 2 * * 8', 'field 5 (day-of-week): "8" is not within 0 to 7'],
    ['0 2 * * XYZL', 'field 5 (day-of-week)'],
    [`0 2 * * ${'1,'.repeat(200)}1`, 'must not be longer than 256 characters'],
  ])('%s is refused, and it says where', (expression, message) => {
    expect(() => parseCron(expression, 'schedules[0].cron')).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_FAILED',
        fields: [expect.objectContaining({ field: 'schedules[0].cron', message: expect.stringContaining(message) })],
      }),
    );
  });
});

test('whatever is written, an expression is read or refused for a reason', () => {
  const part = fc.constantFrom(
    ...[
      '*',
      '?',
      'L',
      'LW',
      '1W',
      '31W',
      '6L',
      'FRIL',
      '2#1',
      'MON#5',
      '0',
      '1',
      '7',
      '31',
      '05',
      '2027',
      '1-5',
      '*/5',
      '3/4',
    ],
    ...[
      '1-7/2',
      '*/60',
      'MON-FRI',
      'JAN',
      'DEC/2',
      '9-1',
      'W',
      '#',
      '1970-2199',
      '',
      '1-',
      'SUN-1',
      '+1',
      '1#L',
      'L-1',
      '9W3',
    ],
  );
  const list = fc.array(part, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(','));
  const plain = fc.constantFrom('0 9 * * ? *', '0 9 ? * * *', '0 9 * * *');
  let read = 0;
  fc.assert(
    fc.property(plain, fc.nat(5), list, fc.nat(5), list, (expression, first, one, second, other) => {
      const fields = expression.split(' ');
      fields[first % fields.length] = one;
      if (second > 2) fields[second % fields.length] = other;
      try {
        const { next, last } = parseCron(fields.join(' '));
        read++;
        const at = next(Date.UTC(2027, 0));
        if (at !== undefined) expect(last(at)).toBe(at);
      } catch (error) {
        expect(error, fields.join(' ')).toMatchObject({ code: 'VALIDATION_FAILED' });
      }
    }),
    { numRuns: 500 },
  );
  expect(read).toBeGreaterThan(25);
});

test.each([
  ['0 9 1,L * ? *', '2027-01-01', '2027-01-31', '2027-02-01'],
  ['0 9 ? * 2#1,6#3 *', '2027-01-04', '2027-01-15', '2027-02-01'],
  ['0 9 ? * MON,6L *', '2027-01-04', '2027-01-11', '2027-01-18', '2027-01-25', '2027-01-29'],
  ['0 9 */10 * ? *', '2027-01-01', '2027-01-11', '2027-01-21', '2027-01-31', '2027-02-01'],
  ['0 9 ? * 2/2 *', '2027-01-01', '2027-01-04', '2027-01-06', '2027-01-08'],
  ['0 9 31W * ? *', '2027-01-29', '2027-03-31', '2027-05-31', '2027-07-30'],
])('%s fits the days of the calendar', (expression, ...days) => {
  const { next } = parseCron(expression);
  let at: number | undefined = Date.UTC(2026, 11, 31, 12);
  for (const day of days) {
    at = next(at ?? 0);
    expect(at).toBe(Date.parse(`${day}T09:00:00Z`));
  }
});

describe('a rate', () => {
  test.each([
    ['rate(5 minutes)', 5, 'minutes'],
    ['rate(1 hour)', 1, 'hours'],
    ['Rate( 30 Days )', 30, 'days'],
    ['90 minutes', 90, 'minutes'],
  ])('%s is every %i %s', (text, every, unit) => {
    expect(parseRate(text)).toEqual({ every, unit });
  });

  test.each([
    '',
    'rate(0 minutes)',
    'rate(30 seconds)',
    'rate(5)',
    'rate(5 minutes',
    '5 minutes)',
    'rate(1.5 hours)',
    'rate(367 days)',
    'rate(-1 hours)',
  ])('"%s" is refused', (text) => {
    expect(() => parseRate(text, 'every')).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', fields: [expect.objectContaining({ field: 'every' })] }),
    );
  });
});
