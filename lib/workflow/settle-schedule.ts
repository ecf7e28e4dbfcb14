import type { BusEvent, Services } from '../core/ports.ts';
import { dueAt } from '../core/schedule/decide-fire.ts';
import { isSkip, type Occurrence, type Schedule } from '../core/schedule/schedule.ts';
import { schemaVersion } from './run-events.ts';

/** The effects of a write get this long before the sweeper does what they left, in milliseconds. */
export const effectsMs = 10_000;
/** An armed occurrence that nobody fired by then is fired by the sweeper, in milliseconds. */
const lostMs = 30_000;

/**
 * The effects of whatever was written: outcomes go on record, the next occurrence is armed. All may be repeated; a failure is
 * no error of the write, because the sweeper finds the schedule due until all is done.
 */
export async function settleSchedule(services: Services, schedule: Schedule): Promise<void> {
  const { id, status, nextAt, unrecorded, nextActionAt } = schedule;
  try {
    for (const occurrence of unrecorded) await recordOutcome(services, occurrence);
    const at = dueAt(schedule, nextAt);
    if (status === 'active') await services.scheduler.arm({ scheduleId: id, scheduledAt: nextAt, at });
    else await services.scheduler.disarm(id);
    const next = status === 'active' ? at + lostMs : undefined;
    if (unrecorded.length === 0 && nextActionAt === next) return;
    // E27. Refused: whoever wrote in between does all of it.
    await services.schedules.replaceSchedule(schedule, { unrecorded: [], nextActionAt: next });
  } catch (error) {
    services.log({ level: 'warn', event: 'effect of a schedule failed', scheduleId: id, error });
  }
}

/** Puts it on record, and tells the bus of a skip. */
export async function recordOutcome(services: Services, occurrence: Occurrence): Promise<void> {
  if (!isSkip(occurrence)) return services.schedules.recordOccurrence(occurrence);
  await services.schedules.recordOccurrence(occurrence, services.now() + effectsMs);
  await tellSkipped(services, occurrence);
}

/** The event of an occurrence on record that started no run. A failure leaves it to the sweeper. */
export async function tellSkipped(services: Services, occurrence: Occurrence): Promise<void> {
  try {
    await services.bus.publish([skippedEvent(services, occurrence)]);
    await services.schedules.occurrenceTold(occurrence);
  } catch (error) {
    services.log({ level: 'warn', event: 'publishing failed', scheduleId: occurrence.scheduleId, error });
  }
}

/** Takes the schedule away; false if it was changed since it was read. Runs it has started go on. */
export async function removeSchedule(services: Services, schedule: Schedule): Promise<boolean> {
  if (!(await services.schedules.deleteSchedule(schedule))) return false;
  try {
    for (const occurrence of schedule.unrecorded) await recordOutcome(services, occurrence);
    await services.scheduler.disarm(schedule.id);
  } catch (error) {
    // What is still armed fires nothing: its schedule is gone.
    services.log({ level: 'warn', event: 'effect of a schedule failed', scheduleId: schedule.id, error });
  }
  return true;
}

function skippedEvent(services: Services, occurrence: Occurrence): BusEvent {
  const { scheduleId, scheduledAt, recordedAt, state, code, explanation, count, lastAt } = occurrence;
  const id = `evt_schedule_${scheduleId}_${scheduledAt}`;
  return {
    id,
    detailType: 'Schedule Skipped',
    time: recordedAt,
    detail: {
      schemaVersion,
      id,
      time: new Date(recordedAt).toISOString(),
      scheduleId,
      scheduleName: occurrence.scheduleName,
      planId: occurrence.planId,
      project: occurrence.project,
      state,
      code,
      explanation,
      scheduledAt: new Date(scheduledAt).toISOString(),
      lastScheduledAt: new Date(lastAt ?? scheduledAt).toISOString(),
      count: count ?? 1,
      scheduleUrl: `${services.publicUrl}/v1/schedules/${scheduleId}`,
    },
  };
}
