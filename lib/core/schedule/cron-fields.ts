/** One field of a cron expression: what it may say. */
export interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for values, the first for `min` (or for `nameFrom`). */
  readonly names?: readonly string[];
  /** What only this field knows, as one item of its list. */
  readonly special?: RegExp;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const minutes: CronField = { name: 'minutes', min: 0, max: 59 };
const hours: CronField = { name: 'hours', min: 0, max: 23 };
const month: CronField = { name: 'month', min: 1, max: 12, names: months };
const dayOfMonth: CronField = { name: 'day-of-month', min: 1, max: 31, special: /^(?:L|LW|(?:[1-9]|[12]\d|3[01])W)$/ };
const dayOfWeek: CronField = {
  name: 'day-of-week',
  min: 1,
  max: 7,
  names: weekdays,
  special: /^(?:L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5]))$/,
};

/** EventBridge Scheduler: Sunday is 1, one of the two fields for days is `?`. */
export const sixFields = [
  minutes,
  hours,
  dayOfMonth,
  month,
  dayOfWeek,
  { name: 'year', min: 1970, max: 2199 },
] as const;
/** crontab: Sunday is 0 and 7, and a day fits if either field for days fits, should both be restricted. */
export const fiveFields = [
  minutes,
  hours,
  dayOfMonth,
  month,
  { ...dayOfWeek, min: 0, special: /^(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])$/ },
] as const;

/** What is wrong with the text of a field, for people; undefined if nothing is. */
export function faultOf(field: CronField, text: string): string | undefined {
  const items = text.split(',');
  if (items.length > 1 && items.includes('LW')) return 'LW stands alone';
  for (const item of items) {
    const fault = field.special?.test(item) === true ? undefined : faultOfItem(field, item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The values a field without specials stands for. */
export function valuesOf(field: CronField, text: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const { from, to, step } = readItem(field, item);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function faultOfItem(field: CronField, item: string): string | undefined {
  if (item === '') return 'a value is missing beside a comma';
  if (item.includes('?')) return '? stands alone, in day-of-month or day-of-week only';
  if (!/^(?:\*|[A-Z0-9]+(?:-[A-Z0-9]+)?)(?:\/\d+)?$/.test(item))
    return `"${item}" is no value, range or step${hint(field)}`;
  const { from, to, step } = readItem(field, item);
  for (const value of [from, to]) {
    if (!(value >= field.min && value <= field.max))
      return `"${item}" is not within ${field.min} to ${field.max}${hint(field)}`;
  }
  if (from > to) return `"${item}" runs backwards; write two ranges`;
  if (step < 1 || step > field.max - field.min + 1) return `"${item}" steps by ${step}, which never comes round`;
  return undefined;
}

function readItem(
  field: CronField,
  item: string,
): { readonly from: number; readonly to: number; readonly step: number } {
  const [range = '', step] = item.split('/');
  if (range === '*') return { from: field.min, to: field.max, step: Number(step ?? 1) };
  const [first = '', second] = range.split('-');
  const from = toValue(field, first);
  const to = second === undefined ? (step === undefined ? from : field.max) : toValue(field, second);
  return { from, to, step: Number(step ?? 1) };
}

function toValue(field: CronField, word: string): number {
  const named = field.names?.indexOf(word) ?? -1;
  if (named >= 0) return named + (field.names === weekdays ? field.min : 1);
  return /^\d{1,4}$/.test(word) ? Number(word) : Number.NaN;
}

function hint({ names }: CronField): string {
  return names === undefined ? '' : `, or ${names[0]} to ${names.at(-1)}`;
}
