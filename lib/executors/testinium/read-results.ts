import { isServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { garbage, type Tenant } from './tenant.ts';
import { readExecution, readPage, readResult, readScenario, type WireExecution, type WireResult } from './wire.ts';

type Settings = SettingsOf<'testinium'>;

/** An execution and the tenant's time when it told it. */
export interface Told {
  readonly execution: WireExecution;
  readonly at: number;
}

/** Results asked for at the same time: tenants bear a hundred reads a second (contracts/testinium.md 4.6). */
const atOnce = 16;
/** Executions on the one page that is read. */
const pageSize = 20;

/** The execution, in the shape of the variant; undefined if the tenant has none of that id. */
export async function getExecution(
  tenant: Tenant,
  settings: Settings,
  id: number,
  until: number,
): Promise<Told | undefined> {
  const verb = 'show the execution';
  const folder = settings.variant === 'cloud' ? 'executions' : 'testExecutions';
  const { status, body, at } = await tenant.call(settings, { verb, path: `/${folder}/${id}` }, until);
  // A web page that says "not found" is not the API's word for it.
  if (status === 404 && body !== undefined) return undefined;
  if (status !== 200) throw garbage(verb, `status ${status}`);
  return { execution: readExecution(body, verb), at };
}

/** The newest executions of the plan, newest first; undefined if the tenant shows no such list. */
export async function listExecutions(
  tenant: Tenant,
  settings: Settings,
  until: number,
): Promise<{ readonly executions: readonly WireExecution[]; readonly at: number } | undefined> {
  const verb = "list the plan's executions";
  const path = `/plans/${encodeURIComponent(settings.planId)}/executions?page=1&size=${pageSize}`;
  const { status, body, at } = await tenant.call(settings, { verb, path }, until);
  if (status !== 200) return undefined;
  const executions = readPage(body, verb).item_list;
  return { executions: executions.toSorted((a, b) => b.id - a.id), at };
}

/**
 * The results of the execution: those inlined in it, or each read by its id, `most` at most. `missing` counts those the
 * tenant names and does not have.
 */
export async function readResults(
  tenant: Tenant,
  settings: Settings,
  { test_results }: WireExecution,
  most: number,
  until: number,
): Promise<{ readonly results: readonly WireResult[]; readonly missing: number }> {
  const listed = (test_results ?? []).slice(0, most);
  const found = await mapSome(listed, async (one) => {
    if (typeof one !== 'number') return one;
    const verb = 'show a result';
    const folder = settings.variant === 'cloud' ? 'results' : 'testResults';
    const { status, body } = await tenant.call(settings, { verb, path: `/${folder}/${one}`, maxBytes: 262_144 }, until);
    if (status === 404 && body !== undefined) return undefined;
    if (status !== 200) throw garbage(verb, `status ${status}`);
    return readResult(body, verb);
  });
  const results = found.filter((one) => one !== undefined);
  return { results, missing: listed.length - results.length };
}

/** Names of scenarios by id, for whoever asks for some: those in the results, else the tenant's, remembered. */
export function createScenarioNames(tenant: Tenant, now: () => number) {
  const known = new Map<string, { readonly name: string | undefined; readonly readAt: number }>();

  const read = async (settings: Settings, id: number, until: number): Promise<string | undefined> => {
    const key = JSON.stringify([settings.url, settings.company, id]);
    const hit = known.get(key);
    if (hit !== undefined && now() - hit.readAt < namesMs) return hit.name;
    const name = await ask(tenant, settings, id, until);
    known.delete(key);
    known.set(key, { name, readAt: now() });
    if (known.size > maxNames) known.delete(known.keys().next().value as string);
    return name;
  };

  return async (settings: Settings, ids: Iterable<number>, given: ReadonlyMap<number, string>, until: number) => {
    const names = new Map(given);
    await mapSome(
      [...new Set(ids)].filter((id) => !given.has(id)),
      async (id) => {
        const name = await read(settings, id, until);
        if (name !== undefined) names.set(id, name);
      },
    );
    return (id: number): string | undefined => names.get(id);
  };
}
export type ScenarioNames = ReturnType<typeof createScenarioNames>;

/** How long a scenario's name is remembered: a new name makes another case, which can wait. */
const namesMs = 10 * 60_000;
const maxNames = 20_000;

/** Undefined where the tenant does not tell: then its number must do. Trouble that passes is no answer. */
async function ask(tenant: Tenant, settings: Settings, id: number, until: number): Promise<string | undefined> {
  const verb = 'show a scenario';
  try {
    const { status, body } = await tenant.call(settings, { verb, path: `/scenarios/${id}`, maxBytes: 262_144 }, until);
    return (status === 200 && readScenario(body, verb).scenario_name) || undefined;
  } catch (error) {
    if (isServiceError(error, 'EXECUTOR_REFUSED')) return undefined;
    throw error;
  }
}

async function mapSome<T, R>(all: readonly T[], fn: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const at = next++;
      done[at] = await fn(all[at] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  return done;
}
