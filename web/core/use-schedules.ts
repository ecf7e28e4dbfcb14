import { api, asProblem, need } from '../api.ts';
import { useLive } from './use-live.ts';

export type Schedules = Awaited<ReturnType<ReturnType<typeof loadSchedules>>>;
export type ScheduleLine = Schedules['lines'][number];
export type Occurrence = ScheduleLine['past'][number];
export type Upcoming = ScheduleLine['next'][number];

/** Each is looked into twice, so pages are short. */
const pageSize = 20;
/** As many as are told at once. What fires more often within the days shown is told to go on. */
const mostNext = 100;
const pastShown = 5;
const pauseMs = 30_000;

/** Schedules with what they will do, and what became of what they did. */
export function useSchedules(plan: string | null, cursor: string | null) {
  return useLive(`schedules of ${plan} from ${cursor}`, loadSchedules(plan, cursor), () => pauseMs);
}

function loadSchedules(plan: string | null, cursor: string | null) {
  return async (signal: AbortSignal) => {
    const query = {
      limit: pageSize,
      ...(plan === null ? {} : { plan: Number(plan) }),
      ...(cursor === null ? {} : { cursor }),
    };
    const { schedules, nextCursor } = await need(api.GET('/v1/schedules', { params: { query }, signal }));
    const lines = await Promise.all(schedules.map((schedule) => loadLine(schedule, signal).catch(noneIfGone)));
    return { lines: lines.filter((line) => line !== undefined), nextCursor };
  };
}

async function loadLine<S extends { readonly id: number }>(schedule: S, signal: AbortSignal) {
  const path = { scheduleId: schedule.id };
  const [{ occurrences: next }, { occurrences: past }] = await Promise.all([
    need(api.GET('/v1/schedules/{scheduleId}/preview', { params: { path, query: { limit: mostNext } }, signal })),
    need(api.GET('/v1/schedules/{scheduleId}/occurrences', { params: { path, query: { limit: pastShown } }, signal })),
  ]);
  // After the last one that was told, others follow.
  const knownUntil = next.length < mostNext ? Number.POSITIVE_INFINITY : Date.parse(next.at(-1)?.at ?? '');
  return { schedule, next, knownUntil, past };
}

/** A schedule may be deleted after it was listed: then its line alone is missing. */
function noneIfGone(error: unknown): undefined {
  if (asProblem(error).status !== 404) throw error;
}
