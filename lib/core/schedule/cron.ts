import { Cron } from 'croner';
import { invalidField, type ServiceError } from '../errors.ts';
import { type CronField, faultOf, fiveFields, sixFields, valuesOf } from './cron-fields.ts';

/**
 * A cron expression, read. `next` and `last` find the wall times it names, in milliseconds as of `wall.ts`: strictly after, and at
 * or before.
 */
export interface CronExpression {
  readonly pace: CronPace;
  next(wallMs: number): number | undefined;
  last(wallMs: number): number | undefined;
}

/**
 * What an expression means where clocks change:
 * - `allDay`: its hours are all 24, however written. It goes on at its pace: nothing is made up for a spring gap, and a repeated
 *   hour is an hour like any other.
 * - `fixed`: it names hours, and its minutes are a list. Each wall time fires once: in a gap at the first valid instant after it,
 *   where it repeats the first time.
 * - `interval`: it names hours, and its minutes are a pace (a wildcard, a step, or all 60). In a gap it fires at the first valid
 *   instant after it, so that no night is lost; a repeated hour does not silence it.
 */
export type CronPace = 'allDay' | 'fixed' | 'interval';

/**
 * Reads six fields as EventBridge Scheduler has them, or five as crontab, bare or within `cron(...)`. VALIDATION_FAILED on the field
 * named, saying which part of the expression is wrong and why.
 */
export function parseCron(expression: string, field = 'cron'): CronExpression {
  const known = parsed.get(expression);
  if (known !== undefined) return known;
  const read = readExpression(expression, field);
  if (parsed.size >= 200) parsed.clear();
  parsed.set(expression, read);
  return read;
}

const parsed = new Map<string, CronExpression>();
const longestExpression = 256;

function readExpression(expression: string, field: string): CronExpression {
  const refuse = (message: string) => invalidField(field, message, expression.slice(0, longestExpression));
  const text = expression.trim().toUpperCase();
  if (text.length > longestExpression) throw refuse(`must not be longer than ${longestExpression} characters`);
  const inner = text.startsWith('CRON(') && text.endsWith(')') ? text.slice('CRON('.length, -1).trim() : text;
  const parts = inner.split(/\s+/);
  if (parts.length === 6) return readFields(sixFields, parts, refuse);
  if (parts.length === 5) return readFields(fiveFields, parts, refuse);
  throw refuse(
    'must have six fields (minutes hours day-of-month month day-of-week year) or the five of crontab, ' +
      `such as 0 2 ? * MON-FRI *; it has ${inner === '' ? 0 : parts.length}`,
  );
}

function readFields(
  fields: readonly CronField[],
  parts: readonly string[],
  refuse: (message: string) => ServiceError,
): CronExpression {
  const [minutes = '', hours = '', dayOfMonth, , dayOfWeek] = parts;
  for (const [i, part] of parts.entries()) {
    const field = fields[i];
    const isAny = part === '?' && (i === 2 || i === 4);
    const fault = field === undefined || isAny ? undefined : faultOf(field, part);
    if (fault !== undefined) throw refuse(`field ${i + 1} (${field?.name}): ${fault}`);
  }
  if (parts.length === 6 && (dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw refuse('fields 3 and 5 (day-of-month, day-of-week): exactly one of them must be ?');
  }
  const everyHour = valuesOf(sixFields[1], hours).size === 24;
  const pacing = /[*/]/.test(minutes) || valuesOf(sixFields[0], minutes).size === 60;
  return { pace: everyHour ? 'allDay' : pacing ? 'interval' : 'fixed', ...search(parts) };
}

/** croner finds wall times only: it runs at Greenwich, where no clock ever changes, and zones are put to them afterwards. */
function search(parts: readonly string[]): Pick<CronExpression, 'next' | 'last'> {
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year = '*'] = parts.map((part) => (part === '?' ? '*' : part));
  const isAws = parts.length === 6;
  // A lone L is the last day of the week; croner wants to hear which.
  const weekdays = isAws ? dayOfWeek?.replace(/(^|,)L(?=,|$)/g, '$17') : dayOfWeek;
  const cron = new Cron(`0 ${minutes} ${hours} ${dayOfMonth} ${month} ${weekdays} ${year}`, {
    mode: '7-part',
    alternativeWeekdays: isAws,
    sloppyRanges: true,
    utcOffset: 0,
    paused: true,
  });
  return {
    next: (wallMs) => cron.nextRun(new Date(wallMs))?.getTime(),
    last: (wallMs) => cron.previousRuns(1, new Date(wallMs + 1000))[0]?.getTime(),
  };
}
