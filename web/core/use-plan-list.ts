import { api, need, type Run } from '../api.ts';
import { isLive } from './results.ts';
import { useLive } from './use-live.ts';

export type PlanLine = Awaited<ReturnType<ReturnType<typeof loadPlanList>>>['plans'][number];

const pageSize = 50;
const livePauseMs = 3_000;
const quietPauseMs = 30_000;

/** Plans with the newest run of each and the time it runs next by itself. */
export function usePlanList(project: string | null, cursor: string | null) {
  return useLive(`plans of ${project} from ${cursor}`, loadPlanList(project, cursor), ({ plans }) =>
    plans.some(({ newestRun }) => newestRun && isLive(newestRun)) ? livePauseMs : quietPauseMs,
  );
}

function loadPlanList(project: string | null, cursor: string | null) {
  return async (signal: AbortSignal) => {
    const ofProject = project === null ? {} : { project };
    const query = { limit: pageSize, ...ofProject, ...(cursor === null ? {} : { cursor }) };
    const [page, recent, schedules] = await Promise.all([
      need(api.GET('/v1/plans', { params: { query }, signal })),
      need(api.GET('/v1/runs', { params: { query: { limit: 200, ...ofProject } }, signal })),
      listNextTimes(project, signal),
    ]);
    const newest = new Map<number, Run>();
    for (const run of [...recent.runs].reverse()) newest.set(run.planId, run);
    if (recent.nextCursor !== null) await addOlder(newest, page.plans, signal);
    const plans = page.plans.map((plan) => ({
      ...plan,
      newestRun: newest.get(plan.id),
      nextAt: schedules.get(plan.id),
    }));
    return { plans, nextCursor: page.nextCursor };
  };
}

/** The newest runs of plans that have not run lately are asked for one by one. */
async function addOlder(newest: Map<number, Run>, plans: readonly { readonly id: number }[], signal: AbortSignal) {
  const asked = plans.filter(({ id }) => !newest.has(id));
  const pages = await Promise.all(
    asked.map(({ id }) => need(api.GET('/v1/runs', { params: { query: { plan: id, limit: 1 } }, signal }))),
  );
  for (const run of pages.flatMap(({ runs }) => runs)) newest.set(run.planId, run);
}

/** Of each plan the next time any of its schedules fires; of the first 200 schedules. */
async function listNextTimes(project: string | null, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  const query = { limit: 200, ...(project === null ? {} : { project }) };
  const { schedules } = await need(api.GET('/v1/schedules', { params: { query }, signal }));
  const times = new Map<number, string>();
  for (const { planId, nextAt } of schedules) {
    const earliest = times.get(planId);
    if (nextAt !== null && (earliest === undefined || nextAt < earliest)) times.set(planId, nextAt);
  }
  return times;
}
