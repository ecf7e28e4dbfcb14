/** A time as clocks on the wall show it, without a zone. Months and days count from 1. */
export interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/**
 * The wall time as if the clock hung at Greenwich, in milliseconds: what calendars add to and compare. Undefined if no calendar has
 * that day or no clock that time.
 */
export function toWallMs({ year, month, day, hour, minute, second }: Wall): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The wall time of such milliseconds; fractions of a second are dropped. */
export function fromWallMs(ms: number): Wall {
  const date = new Date(ms);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** `YYYY-MM-DDTHH:mm:ss` */
export function formatWallMs(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** So many months later: the same day, or the month's last one if it has no such day. */
export function addMonths(ms: number, months: number): number {
  const { year, month, day, hour, minute, second } = fromWallMs(ms);
  const index = year * 12 + month - 1 + months;
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1];
  return Date.UTC(toYear, toMonth - 1, Math.min(day, daysIn(toYear, toMonth)), hour, minute, second);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
