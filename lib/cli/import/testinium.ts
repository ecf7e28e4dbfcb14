import * as z from 'zod/mini';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { id } from '../../core/schema.ts';
import { plural } from '../../core/words.ts';
import { nameResults } from '../../executors/testinium/name-results.ts';
import { givenNames } from '../../executors/testinium/pick-scenarios.ts';
import {
  getExecution,
  listExecutions,
  readResults,
  type ScenarioNames,
} from '../../executors/testinium/read-results.ts';
import type { Tenant } from '../../executors/testinium/tenant.ts';
import { isEnded, type WireResult } from '../../executors/testinium/wire.ts';
import { type Imported, type ImportedPlan, type LeftOut, toPlanName, toSuites, withCases } from './imported-plan.ts';

type Settings = SettingsOf<'testinium'>;

export interface TestiniumOptions {
  /** Who asks the tenant; its `planId` stands for any. */
  readonly settings: Settings;
  /** The executor of the plans as a person would write it, but for `planId`. */
  readonly executor: Readonly<Record<string, unknown>>;
  /** Instead of the tenant's names of projects. */
  readonly project?: string | undefined;
  /** The tenant's ids, or names in the enterprise variant; all plans unless given. */
  readonly planIds?: readonly string[] | undefined;
  readonly cases: boolean;
  readonly now: () => number;
}

const lenient = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(z.nullable(schema)), null);
const environment = z.object({ id, name: z.string(), browser_type: lenient(z.string()) });
const plan = z.object({
  id,
  plan_name: z.string(),
  project_name: lenient(z.string()),
  description: lenient(z.string()),
  enabled: lenient(z.boolean()),
  is_parent: lenient(z.boolean()),
  childs: lenient(z.array(z.object({ id, plan_name: lenient(z.string()) }))),
  scenarios: lenient(z.array(z.union([id, z.object({ id })]))),
  environment_resolutions: lenient(z.array(z.object({ environment }))),
  failed_test_retry_count: lenient(z.number()),
  period: lenient(z.object({ period_type: lenient(z.string()), repeat_period: lenient(z.number()) })),
  alerts: lenient(z.array(z.unknown())),
});
type TenantPlan = z.output<typeof plan>;

/** Milliseconds for all that is asked about one plan. */
const patienceMs = 120_000;
const maxBytes = 64 * 1024 * 1024;

/** The tenant's plans as plans that run them there (contracts/testinium.md 3.5). */
export async function importTestinium(
  tenant: Tenant,
  namesOf: ScenarioNames,
  options: TestiniumOptions,
): Promise<Imported> {
  const leftOut: LeftOut[] = [];
  const wanted = await readPlans(tenant, options, leftOut);
  const plans: ImportedPlan[] = [];
  for (const one of wanted) {
    const { childs } = one;
    if (one.is_parent || (childs ?? []).length > 0) {
      const names = (childs ?? []).map(({ id, plan_name }) => `${plan_name ?? ''} (${id})`.trim()).join(', ');
      const why = `it is a parent of ${names || 'others'}: once they are applied, make a plan with executor { type: group, children: [their ids here] }`;
      leftOut.push({ tenantPlanId: one.id, name: one.plan_name, why });
    } else plans.push(await importPlan(tenant, namesOf, one, options));
  }
  return { plans, leftOut };
}

async function readPlans(tenant: Tenant, options: TestiniumOptions, leftOut: LeftOut[]): Promise<TenantPlan[]> {
  const { settings } = options;
  const until = options.now() + patienceMs;
  if (options.planIds === undefined) {
    const verb = 'list its plans';
    const { status, body } = await tenant.call(settings, { verb, path: '/plans', maxBytes }, until);
    if (status === 200) return read(z.array(plan), body, verb);
    throw new ServiceError('EXECUTOR_REFUSED', `The tenant refused to ${verb}: status ${status}.`);
  }
  const found: TenantPlan[] = [];
  for (const wanted of options.planIds) {
    const verb = 'show a plan';
    const { status, body } = await tenant.call(
      settings,
      { verb, path: `/plans/${encodeURIComponent(wanted)}`, maxBytes },
      until,
    );
    if (status === 200) found.push(read(plan, body, verb));
    else
      leftOut.push({
        tenantPlanId: Number(wanted) || 0,
        name: wanted,
        why: `the tenant shows no such plan: status ${status}`,
      });
  }
  return found;
}

async function importPlan(
  tenant: Tenant,
  namesOf: ScenarioNames,
  one: TenantPlan,
  options: TestiniumOptions,
): Promise<ImportedPlan> {
  const { settings, executor } = options;
  const { schedules, comments, note } = scheduleOf(one);
  const imported: ImportedPlan = {
    tenantPlanId: one.id,
    document: {
      name: toPlanName(one.plan_name, one.id),
      ...projectOf(one, options),
      ...(one.description ? { description: one.description.slice(0, 2000) } : {}),
      ...(one.enabled === false ? { enabled: false } : {}),
      executor: { ...executor, planId: one.id },
      ...(schedules.length === 0 ? {} : { schedules }),
    },
    comments: [`plan ${one.id} of ${settings.url}`],
    scheduleComments: comments,
    notes: [
      ...note,
      ...((one.failed_test_retry_count ?? 0) > 0
        ? ['retries failed tests by itself at the tenant: switch that off there before you set rerun here']
        : []),
      ...((one.alerts ?? []).length > 0 ? ['its alerts: use notify, docs/webhooks.md'] : []),
    ],
  };
  return options.cases ? declareCases(tenant, namesOf, one, imported, options) : imported;
}

/** Names as the executor will report them, so that what is declared is what comes. */
async function declareCases(
  tenant: Tenant,
  namesOf: ScenarioNames,
  one: TenantPlan,
  imported: ImportedPlan,
  options: TestiniumOptions,
): Promise<ImportedPlan> {
  const ids = (one.scenarios ?? []).map((scenario) => (typeof scenario === 'number' ? scenario : scenario.id));
  if (ids.length === 0) return imported;
  const settings = { ...options.settings, planId: one.id };
  const until = options.now() + patienceMs;
  const without = (why: string) => ({ ...imported, notes: [...imported.notes, `its cases: ${why}`] });
  let nameOf: Awaited<ReturnType<ScenarioNames>>;
  try {
    const results = await readNewestResults(tenant, settings, until);
    nameOf = await namesOf(settings, ids, givenNames(results), until);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return without(error.message);
  }
  if (ids.some((id) => nameOf(id) === undefined))
    return without('the tenant does not tell the names of all its scenarios');
  const environments = (one.environment_resolutions ?? []).map((resolution) => resolution.environment);
  const titles = environments.map(({ name }) => name);
  if (new Set(titles).size < titles.length) return without('two of its environments have one name');
  const lanes = environments.length === 0 ? [undefined] : environments;
  const results = ids.flatMap((scenario_id) =>
    lanes.map((environment, i): WireResult => ({ id: i + 1, level: '', scenario_id, environment })),
  );
  const machines = titles.map((title) => ({ title, environment: null }));
  const named = nameResults({ id: 1, plan_name: one.plan_name }, results, nameOf, { machines, selection: null });
  const suites = toSuites(named);
  const comment = 'its cases as of now: leave suites out, or apply again, when the tenant’s plan changes';
  const next = { ...imported, comments: [...imported.comments, comment] };
  return withCases(next, { suites, ...(titles.length === 0 ? {} : { machines: titles }) });
}

async function readNewestResults(tenant: Tenant, settings: Settings, until: number): Promise<readonly WireResult[]> {
  const newest = (await listExecutions(tenant, settings, until))?.executions.find(isEnded);
  const told = newest && (await getExecution(tenant, settings, newest.id, until));
  if (!told) return [];
  return (await readResults(tenant, settings, told.execution, Number.POSITIVE_INFINITY, until)).results;
}

function scheduleOf({ period }: TenantPlan) {
  const type = period?.period_type ?? 'MANUAL';
  if (type === 'MANUAL') return { schedules: [], comments: [], note: [] };
  const minutes = Math.trunc(period?.repeat_period ?? 0);
  if (type === 'REPETITIVE' && minutes >= 1) {
    const rate = plural(minutes, 'minute');
    const comment = 'repeats at the tenant: make it manual there before it may fire here';
    return { schedules: [{ name: 'repeat', rate, enabled: false }], comments: [comment], note: [] };
  }
  return {
    schedules: [],
    comments: [],
    note: [`its period (${type.slice(0, 40)}): the tenant does not tell its time`],
  };
}

function projectOf({ project_name }: TenantPlan, { project }: TestiniumOptions): { readonly project?: string } {
  const name = project ?? project_name ?? '';
  return /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/.test(name) ? { project: name } : {};
}

function read<T>(schema: z.ZodMiniType<T>, body: unknown, verb: string): T {
  const outcome = z.safeParse(schema, body);
  if (outcome.success) return outcome.data;
  const where = outcome.error.issues[0]?.path.map(String).join('.') || 'it';
  throw new ServiceError(
    'EXECUTOR_PROTOCOL',
    `The tenant was asked to ${verb} and its answer makes no sense: ${where}.`,
  );
}
