import { invalidField, ServiceError, type Subject } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { isVisible, type Run } from '../../core/run.ts';
import { maySee } from '../entry.ts';
import type { HttpRequest, Principal } from '../message.ts';
import { readDigits } from './parameters.ts';
import type { TestiniumSettings } from './settings.ts';

/** Paths of their own have these words where an id stands. */
const reserved = new Set(['filter', 'lazy']);

/** The plan of the path, by id or, in the enterprise variant, by name. Missing and invisible read alike. */
export async function findPlan(
  services: Services,
  settings: TestiniumSettings,
  principal: Principal,
  { params }: Pick<HttpRequest, 'params'>,
): Promise<Plan> {
  const text = params.id ?? '';
  const id = readDigits('id', text);
  if (id === undefined && settings.variant === 'enterprise') return findByName(services, principal, text);
  if (id === undefined) throw invalidField('id', 'must be the id of a plan', text.slice(0, 100));
  const plan = id === 'unknown' ? undefined : await services.plans.getPlan(id);
  if (plan === undefined || !maySeePlan(principal, plan)) throw missing('plan', text);
  return plan;
}

/** The run of the path's execution id. */
export async function findRun(
  services: Services,
  principal: Principal,
  { params }: Pick<HttpRequest, 'params'>,
): Promise<Run> {
  const id = readId('id', params.id, 'run');
  const run = await services.runs.getRun(id);
  if (run === undefined || !isVisible(run) || !maySee(principal, run)) throw missing('run', id);
  return run;
}

/** An id of the path; one that cannot be ours is missing, whatever is no id is VALIDATION_FAILED. */
export function readId(name: string, text = '', subject: Subject): number {
  const id = readDigits(name, text);
  if (id === undefined) throw invalidField(name, 'must be a positive integer', text.slice(0, 100));
  if (id === 'unknown') throw missing(subject, text);
  return id;
}

/** COMPANY_NOT_FOUND for any company of the path but this deployment's. */
export function checkCompany(text: string | undefined, { company }: TestiniumSettings): void {
  if (text === undefined) return;
  const id = readId('cid', text, 'company');
  if (id !== company.id) throw missing('company', id);
}

export function maySeePlan(principal: Principal, { project, id }: Pick<Plan, 'project' | 'id'>): boolean {
  return maySee(principal, { project, planId: id });
}

const names: Readonly<Record<Subject, string>> = {
  plan: 'plan',
  project: 'project',
  company: 'company',
  run: 'execution',
  result: 'result',
  case: 'scenario',
};

export function missing(subject: Subject, id: number | string): ServiceError {
  const named = typeof id === 'string' ? id.slice(0, 100) : id;
  return new ServiceError('NOT_FOUND', `No ${names[subject]} ${named} is visible to this token.`, { subject });
}

/** Exact; a name that several projects have must be told apart by id. */
async function findByName(services: Services, principal: Principal, name: string): Promise<Plan> {
  if (name.includes('/') || reserved.has(name)) throw missing('plan', name);
  const projects = (await services.plans.listProjects()).filter(
    (project) => principal.projects === null || principal.projects.has(project.name),
  );
  const found = await Promise.all(projects.map((project) => services.plans.findPlanByName(project.name, name)));
  const [plan, ...others] = found.filter((plan) => plan !== undefined && maySeePlan(principal, plan));
  if (plan === undefined) throw missing('plan', name);
  if (others.length > 0) throw invalidField('id', 'is the name of several plans; use an id', name.slice(0, 100));
  return plan;
}
