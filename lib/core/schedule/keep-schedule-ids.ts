import type { PlanSchedule, ScheduleDocument } from './schedule-form.ts';

/** The schedules with the ids those of the same name had; new names have none. A number in the document says nothing. */
export function keepScheduleIds(
  known: readonly PlanSchedule[],
  schedules: readonly ScheduleDocument[],
): ScheduleDocument[] {
  return schedules.map(({ id: _, ...schedule }) => {
    const earlier = known.find(({ name }) => name === schedule.name);
    return earlier === undefined ? schedule : { ...schedule, id: earlier.id };
  });
}
