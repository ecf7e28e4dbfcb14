import { isDeepStrictEqual } from 'node:util';
import { ServiceError } from '../core/errors.ts';
import type { ScheduleChange, Services } from '../core/ports.ts';
import { record } from '../core/schedule/decide-fire.ts';
import { checkJitter } from '../core/schedule/jitter.ts';
import { checkTiming, nextOccurrence } from '../core/schedule/next-occurrence.ts';
import type { Occurrence, Schedule } from '../core/schedule/schedule.ts';
import type { Timing } from '../core/schedule/timing.ts';
import { effectsMs, settleSchedule } from './settle-schedule.ts';

/** Tries against the occurrences that fire at the same moment. */
const rounds = 5;

/** What people say of a schedule. */
export type Draft = Pick<
  Schedule,
  | 'planId'
  | 'project'
  | 'name'
  | 'comments'
  | 'status'
  | 'timing'
  | 'config'
  | 'environmentId'
  | 'variables'
  | 'buildNo'
  | 'overlap'
  | 'jitterSeconds'
  | 'missed'
  | 'maxLatenessSeconds'
>;

/** Who says so, and what their API calls the time a schedule begins with. */
export interface Author {
  readonly keyId: string;
  readonly ownerId: number;
  readonly anchorField: string;
}

/** Stores a schedule and arms it; never starts a run. Throws what `checkTiming` and `checkJitter` find wrong with its times. */
export async function createSchedule(services: Services, draft: Draft, author: Author): Promise<Schedule> {
  const now = services.now();
  const { keyId, ownerId } = author;
  const nextAt = firstAfter(draft.timing, now, author);
  checkJitter(draft.timing, draft.jitterSeconds, now);
  for (;;) {
    const schedule: Schedule = {
      ...draft,
      id: await services.schedules.nextScheduleId(),
      version: 1,
      revision: 1,
      nextAt,
      unrecorded: [],
      nextActionAt: now + effectsMs,
      keyId,
      createdAt: now,
      updatedAt: now,
      createdBy: ownerId,
      updatedBy: ownerId,
    };
    if (!(await services.schedules.createSchedule(schedule))) continue;
    await settleSchedule(services, schedule);
    return schedule;
  }
}

/**
 * Stores what `change` makes of the schedule, as it is found by `find` at each try. Times that stay keep the armed occurrence,
 * also one that is just being started; new times, and a schedule that is active again, begin with the first one after now.
 */
export async function changeSchedule(
  services: Services,
  find: () => Promise<Schedule>,
  change: (schedule: Schedule) => Promise<Draft>,
  author: Author,
): Promise<Schedule> {
  for (let round = 0; round < rounds; round++) {
    const schedule = await find();
    const draft = await change(schedule);
    const now = services.now();
    const armed = armedBy(schedule, draft, now, () => firstAfter(draft.timing, now, author));
    if (!isSpreadAlike(schedule, draft)) checkJitter(draft.timing, draft.jitterSeconds, now);
    const changed = await services.schedules.replaceSchedule(schedule, {
      ...clear,
      ...draft,
      ...armed,
      version: schedule.version + 1,
      updatedAt: now,
      updatedBy: author.ownerId,
      nextActionAt: now + effectsMs,
    });
    if (changed === undefined) continue;
    await settleSchedule(services, changed);
    return changed;
  }
  throw new ServiceError('UNAVAILABLE', 'the schedule is changing too fast; try again', { retryAfterSeconds: 1 });
}

/** What people said of the schedule. */
export function draftOf(schedule: Schedule): Draft {
  const { planId, project, name, comments, status, timing, config, environmentId, variables, buildNo, overlap } =
    schedule;
  const { jitterSeconds, missed, maxLatenessSeconds } = schedule;
  return {
    ...{ planId, project, name, comments, status, timing, variables, jitterSeconds, missed, maxLatenessSeconds },
    ...(config === undefined ? {} : { config }),
    ...(environmentId === undefined ? {} : { environmentId }),
    ...(buildNo === undefined ? {} : { buildNo }),
    ...(overlap === undefined ? {} : { overlap }),
  };
}

/**
 * What becomes of the armed occurrence when the schedule is changed. Times and a status that stay keep it, claim and all; other
 * ones arm the first of the new times. A pause keeps its time.
 */
export function armedBy(
  schedule: Schedule,
  { timing, status }: Pick<Schedule, 'timing' | 'status'>,
  now: number,
  first: () => number,
): Pick<ScheduleChange, 'nextAt' | 'claimedAt' | 'unrecorded'> {
  const sameTimes = isDeepStrictEqual(schedule.timing, timing);
  if (sameTimes && status === schedule.status) return {};
  const change = { unrecorded: [...schedule.unrecorded, ...givenUp(schedule, now)], claimedAt: undefined };
  return sameTimes && status === 'paused' ? change : { ...change, nextAt: first() };
}

/** Members a draft may leave out. */
const clear = { config: undefined, environmentId: undefined, buildNo: undefined, overlap: undefined };

/** What was let pass before is not looked at again. */
function isSpreadAlike(schedule: Schedule, { timing, jitterSeconds }: Draft): boolean {
  return jitterSeconds === schedule.jitterSeconds && isDeepStrictEqual(schedule.timing, timing);
}

/** The armed occurrence, if it was due and nobody had begun to start it: it goes on record. */
function givenUp(schedule: Schedule, now: number): Occurrence[] {
  if (schedule.status === 'paused' || schedule.nextAt > now || schedule.claimedAt !== undefined) return [];
  const explanation = 'The schedule was changed before it was started.';
  return [{ ...record(schedule, schedule.nextAt, now), state: 'skipped', code: 'SCHEDULE_CHANGED', explanation }];
}

function firstAfter(timing: Timing, now: number, { anchorField }: Author): number {
  checkTiming(timing, now, anchorField);
  const first = nextOccurrence(timing, now);
  if (first === undefined) throw new Error('times that were checked have an occurrence');
  return first;
}
