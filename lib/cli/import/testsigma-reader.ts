import * as z from 'zod/mini';
import { toBaseUrl } from '../../core/base-url.ts';
import { ServiceError } from '../../core/errors.ts';
import { id } from '../../core/schema.ts';
import { readCaseResults, readPage } from '../../executors/testsigma/wire.ts';

const absent = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(z.nullable(schema)), null);
const text = absent(z.string());

const plan = z.object({
  id,
  name: z.string(),
  description: text,
  mailList: text,
  environmentId: absent(id),
  reRunType: text,
  applicationVersionId: absent(id),
});
const schedule = z.object({
  id,
  name: z.string(),
  scheduleType: z.string(),
  status: text,
  nextInterval: z.number(),
  timezone: text,
  comments: text,
  executionConfig: absent(z.object({ name: text, id: absent(id) })),
});
const environment = z.object({ id, name: z.string() });
const config = z.object({ id, name: z.string() });

export type TenantPlan = z.output<typeof plan>;
export type TenantSchedule = z.output<typeof schedule>;

/** What a Testsigma tenant tells of its plans (contracts/testsigma.md 3). Undefined is what it does not serve, or not to this key. */
export interface TestsigmaReader {
  listPlans(applicationVersionId?: string): Promise<readonly TenantPlan[]>;
  listSchedules(planId: number): Promise<readonly TenantSchedule[] | undefined>;
  listEnvironments(): Promise<readonly z.output<typeof environment>[] | undefined>;
  listConfigs(): Promise<readonly z.output<typeof config>[] | undefined>;
  /** Of the newest completed run, of the newest twenty, that is no rerun and of no saved configuration as far as it says so. */
  readNewestCases(
    planId: number,
  ): Promise<{ readonly runId: string; readonly rows: ReturnType<typeof rowsOf> } | undefined>;
}

const timeoutMs = 30_000;
const pageSize = 100;
/** Pages of a list at most: a tenant that answers the same page again and again is none. */
const mostPages = 1000;
/** Of what a tenant may have or not. */
const unserved = new Set([400, 403, 404, 405, 501]);

/** `keySource` is where the key was found, for the person whose key is refused. */
export function createTestsigmaReader(url: string, key: string, keySource: string): TestsigmaReader {
  const base = `${toBaseUrl(url)}/api/v1`;

  const get = async (path: string): Promise<{ status: number; body: unknown }> => {
    let response: Response;
    let body: string;
    try {
      const headers = { accept: 'application/json', authorization: `Bearer ${key}` };
      response = await fetch(`${base}${path}`, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
      body = await response.text();
    } catch (cause) {
      throw new ServiceError('UNAVAILABLE', `no answer from ${url}: ${(cause as Error).message}; check --url`, {
        cause,
      });
    }
    const { status } = response;
    if (status === 401)
      throw new ServiceError('UNAUTHORIZED', `the tenant refuses the key of ${keySource}: status 401`);
    if (status === 200) return { status, body: readJson(body, path) };
    if (unserved.has(status)) return { status, body: undefined };
    throw new ServiceError('UNAVAILABLE', `the tenant answers ${status} to GET /api/v1${path.replace(/\?.*/, '')}`);
  };

  const listAll = async <T>(path: string, item: z.ZodMiniType<T>): Promise<T[] | undefined> => {
    const found: T[] = [];
    for (let page = 0; page < mostPages; page++) {
      const { body } = await get(
        `${path}${path.includes('?') ? '&' : '?'}page=${page}&size=${pageSize}&sortBy=id&direction=ASC`,
      );
      if (body === undefined) return undefined;
      const { content, last } = read(pageOf(item), body, path);
      found.push(...content);
      if (last ?? content.length < pageSize) return found;
    }
    throw nonsense(path, 'it never ends');
  };

  return {
    async listPlans(applicationVersionId) {
      const query =
        applicationVersionId === undefined
          ? ''
          : `?query=applicationVersionId:${encodeURIComponent(applicationVersionId)}`;
      const plans = await listAll(`/test_plans${query}`, plan);
      if (plans !== undefined) return plans;
      const hint = applicationVersionId === undefined ? '; it may want --application-version' : '';
      throw new ServiceError('VALIDATION_FAILED', `the tenant does not list its plans to this key${hint}`);
    },
    listSchedules: (planId) => listAll(`/schedule_executions?executionId=${planId}`, schedule),
    listEnvironments: () => listAll('/environments', environment),
    async listConfigs() {
      const path = '/saved_execution_configs';
      const { body } = await get(path);
      return body === undefined ? undefined : read(z.array(config), body, path);
    },
    async readNewestCases(planId) {
      const query = `executionId=${planId}&page=0&size=20&sortBy=id&direction=DESC`;
      const { body } = await get(`/execution_results?${query}`);
      if (body === undefined) return undefined;
      const run = readPage(body).content.find(
        ({ status, reRunParentId, executionConfig }) =>
          status === 'STATUS_COMPLETED' && reRunParentId == null && executionConfig == null,
      );
      if (run === undefined) return undefined;
      const cases = await get(`/execution_results/${run.id}/test_case_results`);
      return cases.body === undefined ? undefined : { runId: run.id, rows: rowsOf(cases.body) };
    },
  };
}

function rowsOf(body: unknown) {
  return readCaseResults(body).testCases ?? [];
}

function pageOf<T>(item: z.ZodMiniType<T>) {
  return z.union([
    z.object({ content: z.array(item), last: absent(z.boolean()) }),
    z.pipe(
      z.array(item),
      z.transform((content) => ({ content, last: true })),
    ),
  ]);
}

function read<T>(schema: z.ZodMiniType<T>, body: unknown, path: string): T {
  const outcome = z.safeParse(schema, body);
  if (outcome.success) return outcome.data;
  throw nonsense(path, `${outcome.error.issues[0]?.path.map(String).join('.') || 'it'} is not as documented`);
}

function readJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw nonsense(path, 'it is no JSON; is --url the address of the tenant?', cause);
  }
}

function nonsense(path: string, why: string, cause?: unknown): ServiceError {
  const message = `the tenant's answer to GET /api/v1${path.replace(/\?.*/, '')} makes no sense: ${why}`;
  return new ServiceError('EXECUTOR_PROTOCOL', message, { cause });
}
