/** When a schedule fires, as the API tells it. */
export interface Timing {
  readonly cron?: string | undefined;
  readonly rate?: string | undefined;
  readonly every?: 'hour' | 'day' | 'week' | 'twoWeeks' | 'month' | 'year' | undefined;
  readonly at?: string | undefined;
  readonly once?: string | undefined;
}

const periods: Readonly<Record<NonNullable<Timing['every']>, string>> = {
  hour: 'Every hour',
  day: 'Every day',
  week: 'Every week',
  twoWeeks: 'Every two weeks',
  month: 'Every month',
  year: 'Every year',
};
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const names = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/** When a schedule fires, in words; an expression that has no short ones stays what it is. */
export function recurrenceOf({ cron, rate, every, at, once }: Timing): string {
  if (cron !== undefined) return cronWords(cron) ?? 'By its expression';
  if (rate !== undefined) return `Every ${rate.replace(/^1 /, '')}`;
  if (every !== undefined) return `${periods[every]}, counted from ${wallTime(at)}`;
  return `Once, ${wallTime(once)}`;
}

/** `2027-01-08 18:00`: on the clocks of the schedule's zone, whichever the reader's is. */
function wallTime(text = ''): string {
  return text
    .replace('T', ' ')
    .replace(/\.\d+/, '')
    .replace(/(\d\d:\d\d):00/, '$1');
}

/** The common ones: times of a day on days of the week, and every so many minutes or hours. */
function cronWords(expression: string): string | undefined {
  const fields = expression.trim().toUpperCase().split(/\s+/);
  const [minute = '', hour = '', date = '', month = '', weekday = '', year = '*'] = fields;
  if (month !== '*' || year !== '*' || !isAny(date)) return undefined;
  const which = weekdays(weekday, fields.length === 6 ? 1 : 0);
  if (which === undefined) return undefined;
  const on = which === '' ? '' : `, ${which}`;
  const minutes = stepOf(minute, 60);
  const hours = hour.split(/[,-]/).map((each) => each.padStart(2, '0'));
  if (minutes !== undefined) {
    if (hour === '*') return `Every ${minutes} minutes${on}`;
    return /^\d+-\d+$/.test(hour) ? `Every ${minutes} minutes from ${hours[0]}:00 to ${hours[1]}:59${on}` : undefined;
  }
  if (!/^\d+$/.test(minute)) return undefined;
  if (hour === '*') return `Every hour at ${minute} min past${on}`;
  const everyHours = stepOf(hour, 24);
  if (everyHours !== undefined) return `Every ${everyHours} hours at ${minute} min past${on}`;
  if (!/^\d+(,\d+)*$/.test(hour)) return undefined;
  const times = hours.map((each) => `${each}:${minute.padStart(2, '0')}`);
  return `${which === '' ? 'Every day' : which} at ${list(times)}`;
}

/** Of `0/15` and the like with a star, if it goes on evenly into the next hour or day. */
function stepOf(field: string, whole: number): number | undefined {
  const step = Number(/^(?:\*|0)\/(\d+)$/.exec(field)?.[1] ?? 0);
  return step > 1 && step < whole && whole % step === 0 ? step : undefined;
}

function isAny(field: string): boolean {
  return field === '*' || field === '?';
}

/** Empty for every day; undefined for what is more than days of the week. Sunday is 1 in six fields, and 0 or 7 in five. */
function weekdays(field: string, sunday: 0 | 1): string | undefined {
  if (isAny(field)) return '';
  const nameOf = (word: string) => {
    const index = names.indexOf(word as (typeof names)[number]);
    return days[index < 0 ? (Number(word) - sunday) % 7 : index];
  };
  if (!/^(\w+)([,-]\w+)*$/.test(field)) return undefined;
  const parts = field.split(',').map((part) => part.split('-').map(nameOf));
  if (parts.flat().includes(undefined)) return undefined;
  return list(parts.map((part) => part.join(' to ')));
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
