import { invalidField, ServiceError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import type { Schedule } from '../core/schedule/schedule.ts';
import { findConfig } from '../core/selection.ts';
import { steersCommand } from '../core/steering-variables.ts';
import type { Draft } from '../workflow/save-schedule.ts';
import { maySee } from './entry.ts';
import { ownsProject } from './find.ts';
import type { Principal } from './message.ts';

/** What a request calls the members of a schedule that name something of its plan. */
export interface FieldNames {
  readonly config: string;
  readonly environment: string;
  readonly variables: string;
}

type Named = Pick<Draft, 'config' | 'environmentId' | 'variables'>;

/** Refuses what no run of the plan could be built from now. It may go later: then its runs say so. */
export async function checkReferences(
  services: Services,
  { configs, executor, project }: Pick<Plan, 'configs' | 'executor' | 'project'>,
  { config, environmentId, variables }: Named,
  fields: FieldNames,
): Promise<void> {
  if (config !== undefined) findConfig(configs, { ...config, field: fields.config });
  const steering = steersCommand(executor.type, Object.keys(variables));
  if (steering !== undefined) {
    const message = `must not set ${steering.slice(0, 50)}, which steers the command; set it in the plan`;
    throw invalidField(fields.variables, message);
  }
  if (environmentId === undefined) return;
  const environment = await services.environments.getEnvironment(environmentId);
  if (environment?.project === project) return;
  const field = fields.environment;
  throw new ServiceError('UNKNOWN_ENVIRONMENT', `${field}: project ${project} has no environment ${environmentId}`, {
    fields: [{ field, message: 'is no environment of the plan’s project', rejectedValue: environmentId }],
  });
}

/** The plan's own schedules are changed where they are written; pausing one is for everybody. */
export function requireChangeable({ id, planId, declared }: Schedule): void {
  if (declared === undefined) return;
  const message = `schedule ${id} comes from the document of plan ${planId}: change it there; here it can be paused`;
  throw new ServiceError('VERSION_CONFLICT', message);
}

/**
 * One page of the schedules the caller sees, by id, above `after`: of a plan, of a project or of all. `next` is where the
 * following page begins; a page may be short and still have a next one.
 */
export async function listSchedules(
  services: Services,
  principal: Principal,
  {
    planId,
    project,
    after,
    limit,
  }: { planId?: number | undefined; project?: string | undefined; after: number; limit: number },
): Promise<{ readonly page: readonly Schedule[]; readonly next: number | undefined }> {
  const found =
    planId === undefined
      ? await listOfProjects(services, await visibleProjects(services, principal, project), after, limit + 1)
      : await services.schedules.listSchedulesByPlan(planId, after, limit + 1);
  const page = found.slice(0, limit);
  return {
    page: page.filter((schedule) => maySee(principal, schedule)),
    next: found.length > limit ? page.at(-1)?.id : undefined,
  };
}

async function visibleProjects(services: Services, principal: Principal, project?: string): Promise<string[]> {
  const names = (await services.plans.listProjects()).map(({ name }) => name);
  return names.filter((name) => ownsProject(principal, name) && (project === undefined || name === project));
}

async function listOfProjects(
  { schedules }: Services,
  projects: readonly string[],
  after: number,
  limit: number,
): Promise<Schedule[]> {
  const found = await Promise.all(projects.map((project) => schedules.listSchedulesByProject(project, after, limit)));
  return found
    .flat()
    .sort((a, b) => a.id - b.id)
    .slice(0, limit);
}
