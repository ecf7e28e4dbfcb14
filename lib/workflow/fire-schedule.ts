import { isServiceError, type ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';
import { advance, claimMs, decideFire, missedRecord, record } from '../core/schedule/decide-fire.ts';
import { nextOccurrence } from '../core/schedule/next-occurrence.ts';
import { type Occurrence, occurrenceKey, type Schedule } from '../core/schedule/schedule.ts';
import { completeRun } from './complete-run.ts';
import { chooseByConfig } from './select-cases.ts';
import { effectsMs, recordOutcome, removeSchedule, settleSchedule } from './settle-schedule.ts';
import { startedRun, type TriggerRequest, triggerRun } from './trigger-run.ts';

/** How long an occurrence is known by its key: longer than it may be late. */
const keepSeconds = 7 * 86_400;
/** Tries against people who change the schedule at the same moment. */
const rounds = 5;

/** Refusals of a trigger that say that what the schedule names is gone; its run is recorded all the same. */
const unbuildable: ReadonlySet<string> = new Set([
  'UNKNOWN_CONFIG',
  'AMBIGUOUS_CONFIG',
  'EMPTY_SELECTION',
  'UNKNOWN_ENVIRONMENT',
  'VALIDATION_FAILED',
]);
/** Refusals that leave the occurrence without a run. */
const refusals: ReadonlySet<string> = new Set(['ALREADY_RUNNING', 'QUEUE_FULL', 'PLAN_DISABLED']);

/**
 * Starts what is due of the schedule: one run at most, whatever delivers the occurrence how often and how late (contracts/
 * testsigma.md 4.7, reliability.md F20, F21). `scheduledAt` is the occurrence that was armed; another one by now is not due.
 * Every step may be repeated, and what was committed and not done is done by the next call, or by the sweeper.
 */
export async function fireSchedule(services: Services, scheduleId: number, scheduledAt?: number): Promise<void> {
  const { schedules } = services;
  for (let round = 0; round < rounds; round++) {
    const schedule = await schedules.getSchedule(scheduleId);
    if (schedule === undefined) return services.scheduler.disarm(scheduleId);
    if (scheduledAt !== undefined && schedule.nextAt !== scheduledAt) return;
    const now = services.now();
    const decision = decideFire(schedule, now);
    if (decision.next === 'nothing' || decision.next === 'claimed') return;
    if (decision.next === 'wait') return settleSchedule(services, schedule);
    if (!(await isWanted(services, schedule))) {
      if (await removeSchedule(services, schedule)) return;
      continue;
    }
    const until =
      decision.next === 'start' ? decision.at : (nextOccurrence(schedule.timing, decision.upTo) ?? Infinity);
    const unrecorded = [...schedule.unrecorded, ...(await passedBy(services, schedule, until))];
    if (decision.next === 'miss') {
      const change = { ...advance(schedule, decision.upTo), unrecorded, nextActionAt: now + effectsMs };
      const advanced = await schedules.replaceSchedule(schedule, { ...change, claimedAt: undefined });
      if (advanced === undefined) continue;
      return settleSchedule(services, advanced);
    }
    // E25
    const claim = { nextAt: decision.at, claimedAt: now, nextActionAt: now + claimMs, unrecorded };
    const claimed = await schedules.replaceSchedule(schedule, claim);
    if (claimed === undefined) continue;
    const occurrence = await startClaimed(services, claimed, decision.late);
    if (occurrence !== undefined) return conclude(services, claimed, occurrence);
    if (await removeSchedule(services, claimed)) return;
  }
}

/** A plan's own schedule is wanted as long as the plan's document has it, whatever its removal was kept from. */
async function isWanted(services: Services, { id, planId, declared }: Schedule): Promise<boolean> {
  if (declared === undefined) return true;
  const plan = await services.plans.getPlan(planId);
  return plan?.schedules.some((entry) => entry.id === id) === true;
}

/**
 * The records of the occurrences from the armed one up to `until`, which nobody starts any more. Only the armed one can have
 * been started: by someone who died before it was concluded.
 */
async function passedBy(services: Services, schedule: Schedule, until: number): Promise<Occurrence[]> {
  const { nextAt, timing } = schedule;
  if (nextAt >= until) return [];
  const now = services.now();
  const { idempotency, ...request } = requestOf(schedule, nextAt);
  const run = await startedRun(services, request, idempotency);
  if (run === undefined) return missedRecord(schedule, nextAt, until, now);
  return [
    fired(schedule, nextAt, now, run, false),
    ...missedRecord(schedule, nextOccurrence(timing, nextAt) ?? until, until, now),
  ];
}

/** What became of the claimed occurrence; undefined if its plan is gone. When nothing can be told, the claim is given back. */
async function startClaimed(services: Services, schedule: Schedule, late: boolean): Promise<Occurrence | undefined> {
  try {
    return await start(services, schedule, late);
  } catch (error) {
    if (isServiceError(error, 'NOT_FOUND')) return undefined;
    await services.schedules.replaceSchedule(schedule, { claimedAt: undefined }).catch(() => undefined);
    throw error;
  }
}

async function start(services: Services, schedule: Schedule, late: boolean): Promise<Occurrence> {
  const { nextAt, config, environmentId, variables, buildNo, overlap, keyId } = schedule;
  const request = requestOf(schedule, nextAt);
  const { parallelLimit } = (await services.keys.getKey(keyId)) ?? {};
  try {
    const { run } = await triggerRun(services, {
      ...request,
      ...(config === undefined
        ? {}
        : { choose: (plan) => chooseByConfig(services, plan, { ...config, field: 'config' }) }),
      ...(environmentId === undefined ? {} : { environmentId }),
      ...(Object.keys(variables).length === 0 ? {} : { runtimeData: variables }),
      ...(buildNo === undefined ? {} : { buildNo }),
      ...(overlap === undefined ? {} : { overlap }),
      ...(parallelLimit === undefined ? {} : { parallelLimit }),
    });
    return fired(schedule, nextAt, services.now(), run, late);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    if (unbuildable.has(error.code)) return recordUnbuildable(services, schedule, request, error);
    return refused(services, schedule, error);
  }
}

/** A run that says why there is none: it waits for nobody and ends at once. */
async function recordUnbuildable(
  services: Services,
  schedule: Schedule,
  request: ScheduleRequest,
  { message, fields: [wrong] }: ServiceError,
): Promise<Occurrence> {
  const what = wrong?.rejectedValue == null ? '' : ` (${wrong.rejectedValue})`;
  const why = `The schedule ${schedule.name} could not build its run: ${message}${what}`;
  try {
    const { run } = await triggerRun(services, { ...request, unbuildable: why, overlap: 'allow' });
    await completeRun(services, run.id);
    return fired(schedule, schedule.nextAt, services.now(), run, false);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return refused(services, schedule, error);
  }
}

function refused(services: Services, schedule: Schedule, error: ServiceError): Occurrence {
  if (!refusals.has(error.code)) throw error;
  const what = record(schedule, schedule.nextAt, services.now());
  return { ...what, state: 'skipped', code: error.code, explanation: error.message };
}

function fired(
  schedule: Schedule,
  scheduledAt: number,
  now: number,
  run: { readonly id: number; readonly unbuildable?: string },
  late: boolean,
): Occurrence {
  const what = { ...record(schedule, scheduledAt, now), runId: run.id };
  if (run.unbuildable !== undefined)
    return { ...what, state: 'errored', code: 'NOT_BUILDABLE', explanation: run.unbuildable };
  if (late) return { ...what, state: 'late', explanation: `It was missed; run ${run.id} was started late.` };
  return { ...what, state: 'fired', explanation: `It started run ${run.id}.` };
}

/** E26, and its effects. Whoever changed the schedule meanwhile armed it; what happened is on record all the same. */
async function conclude(services: Services, claimed: Schedule, occurrence: Occurrence): Promise<void> {
  let schedule = claimed;
  for (let round = 0; round < rounds; round++) {
    const change = {
      ...advance(schedule, occurrence.scheduledAt),
      claimedAt: undefined,
      unrecorded: [...schedule.unrecorded, occurrence],
      nextActionAt: services.now() + effectsMs,
    };
    const advanced = await services.schedules.replaceSchedule(schedule, change);
    if (advanced !== undefined) return settleSchedule(services, advanced);
    const current = await services.schedules.getSchedule(schedule.id);
    if (current?.claimedAt !== claimed.claimedAt || current?.nextAt !== claimed.nextAt) break;
    schedule = current;
  }
  await recordOutcome(services, occurrence);
}

type ScheduleRequest = TriggerRequest & Required<Pick<TriggerRequest, 'idempotency' | 'schedule'>>;

/** What every try of the occurrence has in common: its key makes them one run, however the schedule is changed in between. */
function requestOf({ id, planId, keyId, createdBy }: Schedule, scheduledAt: number): ScheduleRequest {
  const key = occurrenceKey(id, scheduledAt);
  return {
    planId,
    maySee: () => true,
    trigger: { type: 'schedule', keyId, ownerId: createdBy },
    schedule: { id, scheduledAt },
    idempotency: { key, route: 'sched', fingerprint: key, keepSeconds },
  };
}
