import { api, need } from '../api.ts';
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
    const lines = await Promise.all(
      schedules.map(async (schedule) => {
        const path = { scheduleId: schedule.id };
        const [preview, { occurrences }] = await Promise.all([
          need(api.GET('/v1/schedules/{scheduleId}/preview', { params: { path, query: { limit: mostNext } }, signal })),
          need(
            api.GET('/v1/schedules/{scheduleId}/occurrences', {
              params: { path, query: { limit: pastShown } },
              signal,
            }),
          ),
        ]);
        const next = preview.occurrences;
        // After the last one that was told, others follow.
        const knownUntil = next.length < mostNext ? Number.POSITIVE_INFINITY : Date.parse(next.at(-1)?.at ?? '');
        return { schedule, next, knownUntil, past: occurrences };
      }),
    );
    return { lines, nextCursor };
  };
}
