import type { DueSchedule, Services } from '../core/ports.ts';
import { decideFire, dueAt } from '../core/schedule/decide-fire.ts';
import type { Schedule } from '../core/schedule/schedule.ts';
import { fireSchedule } from './fire-schedule.ts';
import { settleSchedule, tellSkipped } from './settle-schedule.ts';
import { syncSchedules } from './sync-schedules.ts';

/** What one passage looks at. */
const pageSize = 200;
/** Late runs one passage starts: after an outage the schedules catch up one after the other, not all at once. */
const lateAtOnce = 5;
/** How long one passage lasts at most, in milliseconds; what it leaves is still due in the next. */
const sweepMs = 40_000;
/** Schedules armed at a start. */
const resumeLimit = 10_000;
/** Looking again at what failed, in milliseconds. */
const againMs = 60_000;
/** A late run that has to wait does so from the start of the passage until just before that of the next minute, in milliseconds. */
const waitMs = 50_000;

/**
 * Looks after the schedules that are due: an arm that was lost, an occurrence nobody fired, an outcome not on record, an event
 * not sent, a plan whose schedules are behind. One's trouble never keeps it from the next. Answers how many it saw.
 */
export async function sweepSchedules(services: Services): Promise<number> {
  const due = await services.schedules.listDueSchedules(services.now(), pageSize);
  const startedAt = services.now();
  const until = startedAt + sweepMs;
  const late = { left: lateAtOnce, again: startedAt + waitMs };
  for (const one of due) {
    if (services.now() >= until) break;
    try {
      await lookAt(services, one, late);
    } catch (error) {
      const scheduleId = 'scheduleId' in one ? one.scheduleId : undefined;
      const what = scheduleId === undefined ? {} : { scheduleId };
      services.log({ level: 'error', event: 'sweep failed', ...what, error });
      if (one.kind === 'schedule') await postpone(services, one.scheduleId, services.now() + againMs);
    }
  }
  return due.length;
}

/** Arms every schedule again, for the start of an embedded system, whose timers died with the process before. */
export async function resumeSchedules(services: Services): Promise<void> {
  for (const one of await services.schedules.listDueSchedules(Number.MAX_SAFE_INTEGER, resumeLimit)) {
    const schedule = one.kind === 'schedule' ? await services.schedules.getSchedule(one.scheduleId) : undefined;
    // What is late is the sweeper's, which takes a few at a time; what is due just now need not wait for it.
    if (schedule !== undefined && !isLate(services, schedule)) await settleSchedule(services, schedule);
  }
}

async function lookAt(services: Services, due: DueSchedule, late: { left: number; again: number }): Promise<void> {
  if (due.kind === 'plan') {
    const plan = await syncSchedules(services, due.planId);
    if (plan !== undefined) await services.plans.deletionGivenUp(plan.id, services.now());
    return services.plans.schedulesSynced({ id: due.planId }, plan?.version);
  }
  if (due.kind === 'event') {
    const occurrence = await services.schedules.getOccurrence(due.scheduleId, due.scheduledAt);
    return occurrence && tellSkipped(services, occurrence);
  }
  const schedule = await services.schedules.getSchedule(due.scheduleId);
  if (schedule === undefined) return;
  if (!isOverdue(services, schedule)) return settleSchedule(services, schedule);
  const decision = decideFire(schedule, services.now());
  if (decision.next === 'start' && decision.late) {
    if (late.left === 0) return postpone(services, schedule.id, late.again);
    late.left -= 1;
  }
  await fireSchedule(services, schedule.id);
}

function isOverdue({ now }: Services, schedule: Schedule): boolean {
  return schedule.status === 'active' && now() >= dueAt(schedule, schedule.nextAt);
}

function isLate(services: Services, schedule: Schedule): boolean {
  if (!isOverdue(services, schedule)) return false;
  const decision = decideFire(schedule, services.now());
  return decision.next !== 'start' || decision.late;
}

/** Out of the way, so that it does not keep the sweep from those behind it. */
async function postpone({ schedules }: Services, scheduleId: number, nextActionAt: number): Promise<void> {
  const schedule = await schedules.getSchedule(scheduleId).catch(() => undefined);
  if (schedule !== undefined) await schedules.replaceSchedule(schedule, { nextActionAt });
}
