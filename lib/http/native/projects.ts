import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { missing, ownsProject } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import { checkProjectName } from './paging.ts';
import { readObject } from './read-object.ts';
import { projectBody } from './schemas.ts';

interface Project {
  readonly name: string;
  readonly id: number;
}

/** `GET /v1/projects`: those the caller sees, by name. A project is there once it has had a plan. */
export function createListProjects(services: Services): Handler {
  return async (_request, principal) => {
    const [projects, limits] = await Promise.all([services.plans.listProjects(), services.slots.getProjectLimits()]);
    const visible = projects.filter(({ name }) => ownsProject(principal, name));
    visible.sort((a, b) => (a.name < b.name ? -1 : 1));
    return json(200, { projects: visible.map((project) => toProjectObject(project, limits)) });
  };
}

/** `GET /v1/projects/{project}`. */
export function createGetProject(services: Services): Handler {
  return async (request, principal) => {
    const project = await findProject(services, principal, request);
    return json(200, toProjectObject(project, await services.slots.getProjectLimits()));
  };
}

/** `PUT /v1/projects/{project}`: how many of its runs may go on at once, from the next trigger on; others wait. */
export function createUpdateProject(services: Services): Handler {
  return async (request, principal) => {
    const project = await findProject(services, principal, request);
    // It holds for the plans the key cannot see, too.
    if (principal.planIds !== null)
      throw new ServiceError('FORBIDDEN', 'The API key is for named plans only and cannot limit their project');
    const { parallelRuns } = await readObject(request, projectBody);
    await services.slots.putProjectLimit(project.id, parallelRuns);
    return json(200, { name: project.name, parallelRuns });
  };
}

async function findProject(services: Services, principal: Principal, { params }: HttpRequest): Promise<Project> {
  const name = checkProjectName(params.project ?? '');
  const project = ownsProject(principal, name) ? await services.plans.getProject(name) : undefined;
  if (project === undefined) throw missing('project', name);
  return project;
}

function toProjectObject({ name, id }: Project, limits: ReadonlyMap<number, number>) {
  return { name, parallelRuns: limits.get(id) ?? null };
}
