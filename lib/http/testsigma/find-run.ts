import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { isVisible, type Run } from '../../core/run.ts';
import { parseId } from '../../core/schema.ts';
import { maySee } from '../entry.ts';
import type { HttpRequest, Principal } from '../message.ts';

/** The run of the path's id. NOT_FOUND alike for a run that is not there, not admitted, or not the caller's to see. */
export async function findRun(
  services: Services,
  { params }: Pick<HttpRequest, 'params'>,
  principal: Principal,
): Promise<Run> {
  const text = params.id ?? '';
  const runId = parseId(text);
  if (runId === undefined) throw invalidField('id', 'must be a positive integer', text.slice(0, 100));
  const run = await services.runs.getRun(runId);
  if (run === undefined || !isVisible(run) || !maySee(principal, run)) {
    throw new ServiceError('NOT_FOUND', `there is no run ${runId}`);
  }
  return run;
}

/** The plan as it is now. NOT_FOUND alike for a plan that is not there and one the caller may not see. */
export async function findPlan(services: Services, planId: number, principal: Principal): Promise<Plan> {
  const plan = await services.plans.getPlan(planId);
  if (plan === undefined || !maySeePlan(principal, plan)) {
    throw new ServiceError('NOT_FOUND', `there is no test plan ${planId}`);
  }
  return plan;
}

export function maySeePlan(principal: Principal, { project, id }: Pick<Plan, 'project' | 'id'>): boolean {
  return maySee(principal, { project, planId: id });
}

/** Id of the plan's newest run, for show only: polling goes on when its index is busy or behind. */
export async function readLastRunId(services: Services, planId: number): Promise<number | null> {
  try {
    const [newest] = await services.runs.listByPlan(planId, 2 ** 31, 1);
    return newest ?? null;
  } catch (error) {
    services.log({ level: 'warn', event: 'last run unknown', planId, error });
    return null;
  }
}
