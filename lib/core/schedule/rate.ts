import { invalidField } from '../errors.ts';
import type { Occurrences } from './occurrences.ts';
import type { RateRecurrence, RateUnit } from './timing.ts';
import { repeats, type Zone } from './zone.ts';

const unitMs: Record<RateUnit, number> = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 };
/** A year, as more than that is a date and no rate. */
const longestMs = 366 * unitMs.days;

/**
 * Reads `rate(5 minutes)` or `5 minutes`, the unit in one number or the other. VALIDATION_FAILED on `rate`, or on the field named.
 */
export function parseRate(text: string, field = 'rate'): Pick<RateRecurrence, 'every' | 'unit'> {
  const inner = text
    .trim()
    .replace(/^rate\((.*)\)$/i, '$1')
    .trim();
  const match = inner.match(/^(\d{1,9})\s+(minute|hour|day)s?$/i);
  if (match === null) {
    throw invalidField(
      field,
      'must be a number and minutes, hours or days, such as rate(30 minutes)',
      text.slice(0, 255),
    );
  }
  const rate = { every: Number(match[1]), unit: `${match[2]?.toLowerCase()}s` as RateUnit };
  checkRate(rate, field);
  return rate;
}

/** VALIDATION_FAILED unless the rate is a whole number of minutes, hours or days, from one minute to 366 days. */
export function checkRate({ every, unit }: Pick<RateRecurrence, 'every' | 'unit'>, field = 'rate'): void {
  const periodMs = every * unitMs[unit];
  if (Number.isInteger(every) && periodMs >= unitMs.minutes && periodMs <= longestMs) return;
  throw invalidField(field, 'must be at least 1 minute and at most 366 days', `rate(${every} ${unit})`);
}

/** Elapsed time from `from`, free of clock changes: a day is 24 hours. */
export function rateOccurrences({ every, unit, from }: RateRecurrence, zone: Zone): Occurrences {
  const periodMs = every * unitMs[unit];
  const start = Math.floor(from / 1000) * 1000;
  return {
    next: (after) => start + Math.max(0, Math.floor((after - start) / periodMs) + 1) * periodMs,
    last: (upTo) => (upTo < start ? undefined : start + Math.floor((upTo - start) / periodMs) * periodMs),
    kindAt: (at) => (repeats(zone, at) ? 'fold' : 'normal'),
  };
}
