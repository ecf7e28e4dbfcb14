import { count, duration } from './format.ts';

/** A day of the reader's clock, which may have 23 or 25 hours. */
export interface Day {
  readonly from: number;
  /** When the next one begins. */
  readonly to: number;
}

/** So many days of the reader's clock, today first. */
export function daysFrom(now: number, length: number): readonly Day[] {
  const today = new Date(now);
  const start = (days: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() + days).getTime();
  return Array.from({ length }, (_, i) => ({ from: start(i), to: start(i + 1) }));
}

/** How much of the day is over at a time, 0 to 1. */
export function shareOf({ from, to }: Day, at: number): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** `Fri 27 Nov`, in the reader's words. */
export function dayName(at: number): string {
  return new Date(at).toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
}

/** `02:00`, on the reader's clock; as schedules are written, without AM and PM. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** `in 12 min`, `today, 14:00`, `Fri 27 Nov, 02:00`. */
export function until(at: number, now: number): string {
  if (at - now < 5_000) return 'now';
  if (at - now < 60_000) return `in ${count(Math.round((at - now) / 1_000), 'second')}`;
  if (at - now < 3_600_000) return `in ${duration(Math.floor((at - now) / 60_000) * 60_000)}`;
  const [today, tomorrow] = daysFrom(now, 2);
  if (today && at < today.to) return `today, ${clock(at)}`;
  if (tomorrow && at < tomorrow.to) return `tomorrow, ${clock(at)}`;
  return `${dayName(at)}, ${clock(at)}`;
}

/** The zone of the reader's device. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
