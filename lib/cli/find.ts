import type { ApiClient } from '../client/api-client.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { parseId } from '../core/schema.ts';
import type { PlanSummary, ScheduleAnswer } from './answers.ts';
import { nearest } from './nearest.ts';
import { plain } from './terminal.ts';

/** The plan of that id, name, or `project/name`. NOT_FOUND says what there is; a name of two projects is no plan's. */
export async function findPlan(api: ApiClient, wanted: string): Promise<Pick<PlanSummary, 'id' | 'name' | 'project'>> {
  const planId = parseId(wanted);
  if (planId !== undefined) {
    try {
      return (await api.GET('/v1/plans/{planId}', { params: { path: { planId } } })).data;
    } catch (error) {
      if (!isServiceError(error, 'NOT_FOUND')) throw error;
    }
  }
  const names: string[] = [];
  const found: PlanSummary[] = [];
  for await (const plan of readPlans(api)) {
    const { name, project } = plan;
    if (name === wanted || `${project}/${name}` === wanted) found.push(plan);
    names.push(name);
  }
  const [plan, ...others] = found;
  if (plan === undefined) throw unknown('plan', wanted, names, 'proctor plans list');
  if (others.length === 0) return plan;
  const candidates = found.map(({ id, project, name }) => plain(`${project}/${name} (${id})`, 600)).join(', ');
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
  const environments = readPages(async (cursor) => {
    const { data } = await api.GET('/v1/environments', { params: { query: { project, limit: 200, ...cursor } } });
    return [data.environments, data.nextCursor];
  });
  for await (const { id, name } of environments) {
    if (name === wanted) return id;
    names.push(name);
  }
  throw unknown(`environment of the project ${project}`, wanted, names, 'its id works, too');
}

/** The schedule of that id or name. A name of several is no schedule's. */
export async function findSchedule(api: ApiClient, wanted: string): Promise<ScheduleAnswer> {
  const scheduleId = parseId(wanted);
  if (scheduleId !== undefined)
    return (await api.GET('/v1/schedules/{scheduleId}', { params: { path: { scheduleId } } })).data;
  const names: string[] = [];
  const found: ScheduleAnswer[] = [];
  for await (const schedule of readSchedules(api)) {
    if (schedule.name === wanted) found.push(schedule);
    names.push(schedule.name);
  }
  const [schedule, ...others] = found;
  if (schedule === undefined) throw unknown('schedule', wanted, names, 'proctor schedules list');
  if (others.length === 0) return schedule;
  const candidates = found.map(({ id, planId }) => `${id} of plan ${planId}`).join(', ');
  throw new ServiceError(
    'VALIDATION_FAILED',
    `${wanted} is the name of ${found.length} schedules: say which, ${candidates}`,
  );
}

/** The schedules the key sees, by id. */
export function readSchedules(
  api: ApiClient,
  filter: { readonly plan?: number; readonly project?: string } = {},
): AsyncGenerator<ScheduleAnswer> {
  return readPages(async (cursor) => {
    const { data } = await api.GET('/v1/schedules', { params: { query: { ...filter, limit: 200, ...cursor } } });
    return [data.schedules, data.nextCursor];
  });
}

/** The plans the key sees, by id. */
export function readPlans(api: ApiClient, filter: { readonly project?: string } = {}): AsyncGenerator<PlanSummary> {
  return readPages(async (cursor) => {
    const { data } = await api.GET('/v1/plans', { params: { query: { ...filter, limit: 200, ...cursor } } });
    return [data.plans, data.nextCursor];
  });
}

/** Every object of a list, page after page; `read` answers the objects of one, and the cursor of the next. */
export async function* readPages<T>(
  read: (cursor: { readonly cursor?: string }) => Promise<readonly [objects: readonly T[], nextCursor: string | null]>,
): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const page: readonly [readonly T[], string | null] = await read(cursor === null ? {} : { cursor });
    yield* page[0];
    cursor = page[1];
  } while (cursor !== null);
}

/** The first so many of a list. */
export async function take<T>(objects: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = [];
  for await (const one of objects) if (found.push(one) >= most) break;
  return found;
}

function unknown(what: string, wanted: string, names: readonly string[], more: string): ServiceError {
  const close = nearest(wanted, names);
  const hint = close !== undefined ? `did you mean ${plain(close)}?` : names.length === 0 ? 'there is none yet' : more;
  return new ServiceError('NOT_FOUND', `there is no ${what} named ${wanted}: ${hint}`);
}
