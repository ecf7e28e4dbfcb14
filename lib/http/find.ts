import { invalidField, ServiceError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { Environment, Services } from '../core/ports.ts';
import { isVisible, type Run } from '../core/run.ts';
import type { Schedule } from '../core/schedule/schedule.ts';
import { parseId } from '../core/schema.ts';
import { maySee } from './entry.ts';
import type { HttpRequest, Principal } from './message.ts';

/** The id in the path; VALIDATION_FAILED names the parameter. */
export function readParam(request: Pick<HttpRequest, 'params'>, name: string): number {
  const text = request.params[name] ?? '';
  const id = parseId(text);
  if (id === undefined) throw invalidField(name, 'must be a positive integer', text.slice(0, 100));
  return id;
}

/**
 * The run of that id. One that was not admitted, or lies outside the caller's projects and plans, is missing, in the same
 * words (reliability.md F50).
 */
export async function findRun(services: Services, principal: Principal, runId: number): Promise<Run> {
  const run = await services.runs.getRun(runId);
  if (run === undefined || !isVisible(run) || !maySee(principal, run)) throw missing('run', runId);
  return run;
}

/** The plan as it is now, likewise. */
export async function findPlan(services: Services, principal: Principal, planId: number): Promise<Plan> {
  const plan = await services.plans.getPlan(planId);
  if (plan === undefined || !maySeePlan(principal, plan)) throw missing('test plan', planId);
  return plan;
}

/** The schedule, likewise, with its plan. */
export async function findSchedule(
  services: Services,
  principal: Principal,
  scheduleId: number,
): Promise<{ readonly schedule: Schedule; readonly plan: Plan }> {
  const schedule = await services.schedules.getSchedule(scheduleId);
  const plan = schedule && (await services.plans.getPlan(schedule.planId));
  if (schedule === undefined || plan === undefined || !maySeePlan(principal, plan)) {
    throw missing('schedule', scheduleId);
  }
  return { schedule, plan };
}

/** The environment, likewise. */
export async function findEnvironment(
  services: Services,
  principal: Principal,
  environmentId: number,
): Promise<Environment> {
  const environment = await services.environments.getEnvironment(environmentId);
  if (environment === undefined || !ownsProject(principal, environment.project)) {
    throw missing('environment', environmentId);
  }
  return environment;
}

export function maySeePlan(principal: Principal, { id, project }: Pick<Plan, 'id' | 'project'>): boolean {
  return maySee(principal, { project, planId: id });
}

export function ownsProject({ projects }: Principal, project: string): boolean {
  return projects === null || projects.has(project);
}

export function missing(what: string, id: number | string): ServiceError {
  return new ServiceError('NOT_FOUND', `there is no ${what} ${id}`);
}
