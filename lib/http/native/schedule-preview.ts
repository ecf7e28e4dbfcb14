import type { Services } from '../../core/ports.ts';
import { checkTiming, preview } from '../../core/schedule/next-occurrence.ts';
import { findClashes, findOverlaps } from '../../core/schedule/overlaps.ts';
import type { Timing } from '../../core/schedule/timing.ts';
import { toForm, toTiming } from '../../core/schedule/timing-form.ts';
import { listAll } from '../../workflow/sync-schedules.ts';
import { findPlan, findSchedule, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { readPaging } from './paging.ts';
import { readObject } from './read-object.ts';
import { toTime } from './run-object.ts';
import { previewBody } from './schedule-schemas.ts';

const mostShown = 100;

/** `POST /v1/schedules/preview`: when a timing would fire, before there is a schedule of it. */
export function createPreviewTiming(services: Services): Handler {
  return async (request, principal) => {
    const { planId, count, ...form } = await readObject(request, previewBody);
    if (planId != null) await findPlan(services, principal, planId);
    const timing = toTiming(form, services.now());
    checkTiming(timing, services.now(), form.once === undefined ? 'at' : 'once');
    return json(200, await toPreview(services, timing, count, planId ?? undefined));
  };
}

/** `GET /v1/schedules/{scheduleId}/preview?limit=`: when it fires next, whether or not it is paused. */
export function createPreviewSchedule(services: Services): Handler {
  return async (request, principal) => {
    const { limit } = readPaging(request.query, 'occurrence', mostShown);
    const { schedule } = await findSchedule(services, principal, readParam(request, 'scheduleId'));
    return json(200, await toPreview(services, schedule.timing, limit, schedule.planId, schedule.id));
  };
}

/** Each occurrence with what the clocks do to it, and whose runs it would meet if they take as long as they usually do. */
async function toPreview(services: Services, timing: Timing, count: number, planId?: number, ownId?: number) {
  const occurrences = preview(timing, services.now(), count);
  const times = occurrences.map(({ at }) => at);
  const usualSeconds =
    planId === undefined ? undefined : (await services.plans.getPlanForTrigger(planId))?.usualSeconds;
  const all = planId === undefined ? [] : await listAll(services, planId);
  const others = all.filter(({ id, status }) => id !== ownId && status === 'active');
  const names = new Map(others.map(({ id, name }) => [id, name]));
  const early = new Set(findOverlaps(times, usualSeconds ?? 0).map(({ at }) => at));
  const clashes = findClashes(times, others, usualSeconds ?? 0);
  return {
    ...toForm(timing),
    usualSeconds: usualSeconds ?? null,
    occurrences: occurrences.map(({ at, local, offsetMinutes, kind }) => ({
      at: toTime(at),
      local,
      offset: toOffset(offsetMinutes),
      kind,
      runsIntoNext: early.has(at),
      clashes: clashes
        .filter((clash) => clash.at === at)
        .map(({ scheduleId, otherAt }) => ({ scheduleId, name: names.get(scheduleId) ?? '', at: toTime(otherAt) })),
    })),
  };
}

function toOffset(minutes: number): string {
  const digits = (value: number): string => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(Math.floor(size % 60))}`;
}
