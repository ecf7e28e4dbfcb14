import { checkJitter } from './jitter.ts';
import { checkTiming } from './next-occurrence.ts';
import type { ScheduleDocument } from './schedule-form.ts';
import { toTiming } from './timing-form.ts';

/** Refuses a schedule of a document that could never fire. VALIDATION_FAILED or UNKNOWN_TIMEZONE, naming the field within it. */
export function checkTimes(schedule: ScheduleDocument): void {
  const timing = toTiming(schedule, 0);
  checkTiming(timing, 0, schedule.once === undefined ? 'at' : 'once');
  checkJitter(timing, schedule.jitterSeconds, 0);
}
