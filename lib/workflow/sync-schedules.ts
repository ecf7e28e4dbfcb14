import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ServiceError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import { lastOccurrence, nextOccurrence } from '../core/schedule/next-occurrence.ts';
import type { Schedule } from '../core/schedule/schedule.ts';
import type { PlanSchedule } from '../core/schedule/schedule-form.ts';
import type { Timing } from '../core/schedule/timing.ts';
import { toTiming } from '../core/schedule/timing-form.ts';
import { armedBy } from './save-schedule.ts';
import { effectsMs, removeSchedule, settleSchedule } from './settle-schedule.ts';

/** Schedules of a plan read in one go. */
const pageSize = 100;
/** Tries against others who write the same schedule. */
const rounds = 5;

/**
 * Brings the plan's schedules to what its document says: an effect of applying it, which may be repeated. Those that requests
 * made are not touched, but follow the plan to its project, and go with it. Answers the plan, unless it is gone. UNAVAILABLE if
 * others write too fast.
 */
export async function syncSchedules(services: Services, planId: number): Promise<Plan | undefined> {
  let plan = await services.plans.getPlan(planId);
  for (let round = 0; round < rounds; round++) {
    for (const entry of plan?.schedules ?? []) await bringUp(services, plan as Plan, entry);
    for (const schedule of await listAll(services, planId)) await follow(services, planId, plan, schedule);
    // Whoever was overtaken by the next version may have put back what that one had changed.
    const current = await services.plans.getPlan(planId);
    if (current?.version === plan?.version) return plan;
    plan = current;
  }
  throw tooFast(`plan ${planId}`);
}

/** The same, right after the plan was written. A failure is the sweeper's to repeat, and so is finding those of a deleted plan. */
export async function trySyncSchedules(services: Services, planId: number): Promise<void> {
  try {
    const plan = await syncSchedules(services, planId);
    // The list may be behind by a moment: schedules that were made just before are found by a later look.
    if (plan !== undefined) await services.plans.schedulesSynced(plan, plan.version);
  } catch (error) {
    services.log({ level: 'warn', event: 'schedules of a plan are behind', planId, error });
  }
}

/** All of the plan, by the list of the index. */
export async function listAll(services: Services, planId: number): Promise<Schedule[]> {
  const found: Schedule[] = [];
  for (;;) {
    const page = await services.schedules.listSchedulesByPlan(planId, found.at(-1)?.id ?? 0, pageSize);
    found.push(...page);
    if (page.length === 0) return found;
  }
}

/** Takes the schedule to the plan's project, or away if it is not to be there. */
async function follow(services: Services, planId: number, plan: Plan | undefined, listed: Schedule): Promise<void> {
  const { schedules } = services;
  const { id } = listed;
  const inDocument = plan?.schedules.some((entry) => entry.id === id) ?? false;
  let schedule: Schedule | undefined = listed;
  for (let round = 0; round < rounds; round++) {
    if (schedule === undefined || schedule.planId !== planId) return;
    if (plan === undefined || (schedule.declared !== undefined && !inDocument)) {
      if (await removeSchedule(services, schedule)) return;
    } else {
      if (schedule.project === plan.project) return;
      if ((await schedules.replaceSchedule(schedule, { project: plan.project })) !== undefined) return;
    }
    schedule = await schedules.getSchedule(id);
  }
  throw tooFast(`schedule ${id}`);
}

async function bringUp(services: Services, plan: Plan, entry: PlanSchedule): Promise<void> {
  const { schedules } = services;
  const { id: _, ...said } = entry;
  const declared = createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 16);
  for (let round = 0; round < rounds; round++) {
    const existing = await schedules.getSchedule(entry.id);
    if (existing === undefined) {
      const made = declare(services, plan, entry, declared);
      if (!(await schedules.createSchedule(made))) continue;
      return settleSchedule(services, made);
    }
    // The same entry as before: whoever paused it meanwhile is not overruled.
    if (existing.declared === declared && existing.planId === plan.id) return settleSchedule(services, existing);
    const wanted = declare(services, plan, entry, declared, existing);
    const { id, revision, createdAt, createdBy, keyId, unrecorded, nextAt, ...change } = wanted;
    const changed = await schedules.replaceSchedule(existing, {
      ...clear,
      ...change,
      ...armedBy(existing, wanted, services.now(), () => nextAt),
      version: existing.version + 1,
    });
    if (changed !== undefined) return settleSchedule(services, changed);
  }
  throw tooFast(`schedule ${entry.id}`);
}

function tooFast(what: string): ServiceError {
  return new ServiceError('UNAVAILABLE', `${what} is changing too fast; try again`, { retryAfterSeconds: 1 });
}

/** Members an entry may leave out. */
const clear = {
  config: undefined,
  environmentId: undefined,
  buildNo: undefined,
  overlap: undefined,
};

/** The schedule of the entry. One that will never fire, because its time is over, is paused; one that is due is not over. */
function declare(services: Services, plan: Plan, entry: PlanSchedule, declared: string, before?: Schedule): Schedule {
  const now = services.now();
  const timing = toTiming(entry, now, before?.timing);
  const isArmed = before?.status === 'active' && isDeepStrictEqual(before.timing, timing);
  const nextAt = isArmed ? before.nextAt : nextOccurrence(timing, now);
  const { config, environment, buildNo, overlap } = entry;
  return {
    id: entry.id,
    version: 1,
    revision: 1,
    planId: plan.id,
    project: plan.project,
    name: entry.name,
    comments: null,
    status: entry.enabled && nextAt !== undefined ? 'active' : 'paused',
    timing,
    ...(config === undefined ? {} : { config }),
    ...(environment === undefined ? {} : { environmentId: environment }),
    variables: entry.variables,
    ...(buildNo === undefined ? {} : { buildNo }),
    ...(overlap === undefined ? {} : { overlap }),
    jitterSeconds: entry.jitterSeconds,
    missed: entry.missed,
    maxLatenessSeconds: entry.maxLatenessSeconds,
    declared,
    nextAt: nextAt ?? lastTime(timing, now),
    unrecorded: [],
    nextActionAt: now + effectsMs,
    keyId: 'plan',
    createdAt: now,
    updatedAt: now,
    createdBy: plan.updatedBy,
    updatedBy: plan.updatedBy,
  };
}

function lastTime(timing: Timing, now: number): number {
  return lastOccurrence(timing, now) ?? now;
}
