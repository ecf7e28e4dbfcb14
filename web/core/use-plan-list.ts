import { api, need, type Run } from '../api.ts';
import { isLive } from './results.ts';
import { useLive } from './use-live.ts';

type PlanSummary = Awaited<ReturnType<typeof listPlans>>['plans'][number];
export type PlanLine = PlanSummary & { readonly newestRun: Run | undefined; readonly nextAt: string | undefined };

interface PlanList {
  readonly plans: readonly PlanLine[];
  readonly nextCursor: string | null;
  /** The newest run of all there were. */
  readonly newestRunId: number | undefined;
}

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
  return async (signal: AbortSignal, known: PlanList | undefined): Promise<PlanList> => {
    const ofProject = project === null ? {} : { project };
    const [page, recent, schedules] = await Promise.all([
      listPlans(project, cursor, signal),
      need(api.GET('/v1/runs', { params: { query: { limit: 200, ...ofProject } }, signal })),
      listNextTimes(project, signal),
    ]);
    const newest = new Map<number, Run>();
    for (const run of [...recent.runs].reverse()) newest.set(run.planId, run);
    if (recent.nextCursor !== null) {
      // All that ran since the last answer is among the recent ones, if those reach back to it.
      const reachesBack = recent.runs.some(({ id }) => id <= (known?.newestRunId ?? 0));
      await addOlder(newest, page.plans, reachesBack ? (known?.plans ?? []) : [], signal);
    }
    const plans = page.plans.map((plan) => ({
      ...plan,
      newestRun: newest.get(plan.id),
      nextAt: schedules.get(plan.id),
    }));
    return { plans, nextCursor: page.nextCursor, newestRunId: recent.runs[0]?.id };
  };
}

function listPlans(project: string | null, cursor: string | null, signal: AbortSignal) {
  const query = {
    limit: pageSize,
    ...(project === null ? {} : { project }),
    ...(cursor === null ? {} : { cursor }),
  };
  return need(api.GET('/v1/plans', { params: { query }, signal }));
}

/** The newest runs of plans that have not run lately are asked for one by one, and once: only what lives changes. */
async function addOlder(
  newest: Map<number, Run>,
  plans: readonly PlanSummary[],
  known: readonly PlanLine[],
  signal: AbortSignal,
) {
  const settled = new Map(known.map(({ id, newestRun }) => [id, newestRun]));
  const asked: PlanSummary[] = [];
  for (const plan of plans) {
    if (newest.has(plan.id)) continue;
    const run = settled.get(plan.id);
    if (!settled.has(plan.id) || (run && isLive(run))) asked.push(plan);
    else if (run) newest.set(plan.id, run);
  }
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
