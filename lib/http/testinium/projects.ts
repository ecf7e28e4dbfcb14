import type { Services } from '../../core/ports.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import { answerJson } from './answer.ts';
import { reading } from './behind.ts';
import { checkCompany, maySeePlan, missing, readId } from './find.ts';
import type { TestiniumSettings } from './settings.ts';

interface Project {
  readonly id: number;
  readonly name: string;
}

/** `GET /projects`, `/projects/company/{cid}`, `/projects/projectsByCompany/{cid}` (contracts/testinium.md 3.9). */
export function createListProjects(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async ({ params }, principal) => {
    checkCompany(params.cid, settings);
    const projects = await listVisible(services, principal);
    return answerJson(
      200,
      projects.map((project) => toProjectObject(settings, project)),
    );
  });
}

/** `GET /projects/{id}` and `/projects/{id}/active`: projects cannot be disabled here. */
export function createGetProject(services: Services, settings: TestiniumSettings): Handler {
  return reading(settings, async (request, principal) =>
    answerJson(200, toProjectObject(settings, await findProject(services, principal, request))),
  );
}

/** `GET /companies/{id}`: the one there is. */
export function createGetCompany(settings: TestiniumSettings): Handler {
  return reading(settings, async ({ params }) => {
    if (readId('id', params.id, 'company') !== settings.company.id) throw missing('company', params.id ?? '');
    return answerJson(200, toCompanyObject(settings));
  });
}

/** `GET /users/companies`. */
export function createListCompanies(settings: TestiniumSettings): Handler {
  return reading(settings, async () => answerJson(200, [toCompanyObject(settings)]));
}

/** The project of the path's id, if the caller may see it. */
export async function findProject(
  services: Services,
  principal: Principal,
  { params }: Pick<HttpRequest, 'params'>,
): Promise<Project> {
  const id = readId('id', params.id, 'project');
  const project = (await listVisible(services, principal)).find((candidate) => candidate.id === id);
  if (project === undefined) throw missing('project', id);
  return project;
}

/** A key for single plans sees the projects they are in. */
async function listVisible(services: Services, principal: Principal): Promise<readonly Project[]> {
  const { projects, planIds } = principal;
  const plans =
    planIds === null ? null : await Promise.all([...planIds].map((planId) => services.plans.getPlan(planId)));
  const within = plans && new Set(plans.flatMap((plan) => (plan && maySeePlan(principal, plan) ? plan.project : [])));
  return (await services.plans.listProjects())
    .filter(({ name }) => (projects === null || projects.has(name)) && (within === null || within.has(name)))
    .sort((a, b) => a.id - b.id);
}

function toProjectObject({ company }: TestiniumSettings, { id, name }: Project) {
  return {
    id,
    project_name: name,
    company_id: company.id,
    enabled: true,
    repository_path: name,
    test_framework: 'SELENIUM',
    test_file_type: 'SELENIUM',
    test_runner_tool: 'PROCTOR',
    mobile_apps: [],
  };
}

function toCompanyObject({ company }: TestiniumSettings) {
  return { id: company.id, company_name: company.name, short_name: company.short_name };
}
