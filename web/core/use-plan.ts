import { api, need } from '../api.ts';
import { isLive } from './results.ts';
import { useLive } from './use-live.ts';
import { useReload } from './use-reload.ts';

export type Plan = Awaited<ReturnType<ReturnType<typeof loadPlan>>>;
export type PlanRuns = Awaited<ReturnType<ReturnType<typeof loadRuns>>>;
export type History = Awaited<ReturnType<ReturnType<typeof loadHistory>>>['history'];
export type CaseHistory = Awaited<ReturnType<ReturnType<typeof loadCaseHistory>>>;

const livePauseMs = 2_000;
const quietPauseMs = 15_000;
/** Schedules fire, and people change plans, more rarely than runs move. */
const planPauseMs = 60_000;
const shownRuns = 8;

/** The plan's document, and what will run it next. */
export function usePlan(planId: number) {
  return useLive(`plan ${planId}`, loadPlan(planId), () => planPauseMs);
}

/** The newest runs, those that go on among them. */
export function usePlanRuns(planId: number) {
  return useLive(`runs of plan ${planId}`, loadRuns(planId), ({ runs }) =>
    runs.some(isLive) ? livePauseMs : quietPauseMs,
  );
}

/**
 * What the newest completed runs tell together; asked for again when another one has completed or was changed since. While
 * another number of runs is on its way, the old one stays.
 */
export function useHistory(planId: number, runs: number, newest: PlanRuns | undefined) {
  const { data, problem, reload } = useLive(`history ${planId}`, loadHistory(planId, runs), () => null);
  const completed = newest?.runs.filter((run) => !isLive(run)) ?? [];
  useReload(`${runs} of ${completed.map(({ id, version }) => `${id} ${version}`)}`, reload);
  return { data: data?.history, problem, isStale: data !== undefined && data.asked !== runs && problem === undefined };
}

/** What a case did in the newest completed runs. */
export function useCaseHistory(planId: number, caseId: number) {
  return useLive(`case ${caseId} of plan ${planId}`, loadCaseHistory(planId, caseId), () => null);
}

function loadPlan(planId: number) {
  return async (signal: AbortSignal) => {
    const [document, { schedules }] = await Promise.all([
      need(api.GET('/v1/plans/{planId}', { params: { path: { planId } }, signal })),
      need(api.GET('/v1/schedules', { params: { query: { plan: planId, limit: 50 } }, signal })),
    ]);
    const nextAt = schedules.flatMap((schedule) => schedule.nextAt ?? []).sort()[0];
    return { document, schedules: schedules.length, nextAt };
  };
}

function loadRuns(planId: number) {
  return (signal: AbortSignal) =>
    need(api.GET('/v1/runs', { params: { query: { plan: planId, limit: shownRuns } }, signal }));
}

function loadHistory(planId: number, runs: number) {
  return async (signal: AbortSignal) => {
    const params = { path: { planId }, query: { runs } };
    return { asked: runs, history: await need(api.GET('/v1/plans/{planId}/history', { params, signal })) };
  };
}

function loadCaseHistory(planId: number, caseId: number) {
  return (signal: AbortSignal) =>
    need(
      api.GET('/v1/plans/{planId}/cases/{caseId}/history', {
        params: { path: { planId, caseId }, query: { runs: 100 } },
        signal,
      }),
    );
}
