import { isServiceError, ServiceError } from '../core/errors.ts';
import { parseId } from '../core/schema.ts';
import type { EnvironmentAnswer, PlanAnswer, PlanSummary } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import { nearest } from './nearest.ts';

/** The plan of that id, name, or `project/name`. NOT_FOUND says what there is; a name of two projects is no plan's. */
export async function findPlan(api: ApiClient, wanted: string): Promise<Pick<PlanSummary, 'id' | 'name' | 'project'>> {
  if (parseId(wanted) !== undefined) {
    try {
      return await api.get<PlanAnswer>(`/v1/plans/${wanted.trim()}`);
    } catch (error) {
      if (!isServiceError(error, 'NOT_FOUND')) throw error;
    }
  }
  const names: string[] = [];
  const found: PlanSummary[] = [];
  for await (const plan of readPages<PlanSummary>(api, '/v1/plans?limit=200', 'plans')) {
    const { name, project } = plan;
    if (name === wanted || `${project}/${name}` === wanted) found.push(plan);
    names.push(name);
  }
  const [plan, ...others] = found;
  if (plan === undefined) throw unknown('plan', wanted, names, 'proctor plans list');
  if (others.length === 0) return plan;
  const candidates = found.map(({ id, project, name }) => `${project}/${name} (${id})`).join(', ');
  throw new ServiceError(
    'VALIDATION_FAILED',
    `${wanted} is the name of ${found.length} plans: say which, ${candidates}`,
  );
}

/** The environment of that id or name in the project. */
export async function findEnvironmentId(api: ApiClient, project: string, wanted: string): Promise<number> {
  const id = parseId(wanted);
  if (id !== undefined) return id;
  const names: string[] = [];
  const path = `/v1/environments?limit=200&project=${encodeURIComponent(project)}`;
  for await (const { id, name } of readPages<EnvironmentAnswer>(api, path, 'environments')) {
    if (name === wanted) return id;
    names.push(name);
  }
  throw unknown(`environment of the project ${project}`, wanted, names, 'its id works, too');
}

/** Every object of a list, page after page. */
export async function* readPages<T>(api: ApiClient, path: string, member: string): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const suffix: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Record<string, unknown> = await api.get(`${path}${suffix}`);
    yield* (page[member] ?? []) as T[];
    cursor = (page.nextCursor ?? null) as string | null;
  } while (cursor !== null);
}

function unknown(what: string, wanted: string, names: readonly string[], more: string): ServiceError {
  const close = nearest(wanted, names);
  const hint = close !== undefined ? `did you mean ${close}?` : names.length === 0 ? 'there is none yet' : more;
  return new ServiceError('NOT_FOUND', `there is no ${what} named ${wanted}: ${hint}`);
}
