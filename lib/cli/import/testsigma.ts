import type { TenantCase } from '../../executors/testsigma/wire.ts';
import { type Imported, type ImportedPlan, type LeftOut, toPlanName, toSuites, withCases } from './imported-plan.ts';
import type { TenantPlan, TestsigmaReader } from './testsigma-reader.ts';
import { type ImportedSchedule, importSchedules } from './testsigma-schedules.ts';

export interface TestsigmaOptions {
  readonly url: string;
  /** Where the server finds the tenant's key. */
  readonly apiKey: string;
  readonly project?: string | undefined;
  readonly applicationVersion?: string | undefined;
  /** The tenant's ids; all plans unless given. */
  readonly planIds?: readonly string[] | undefined;
  readonly cases: boolean;
  readonly now: number;
}

/** The tenant's plans as plans that run them there. A schedule of a saved configuration makes a plan of its own. */
export async function importTestsigma(tenant: TestsigmaReader, options: TestsigmaOptions): Promise<Imported> {
  const listed = await tenant.listPlans(options.applicationVersion);
  const { planIds } = options;
  const wanted = planIds === undefined ? listed : listed.filter(({ id }) => planIds.includes(String(id)));
  const unknown = (planIds ?? []).filter((id) => !listed.some((plan) => String(plan.id) === id));
  const leftOut: LeftOut[] = unknown.map((id) => ({
    tenantPlanId: Number(id),
    name: '',
    why: 'the tenant shows no such plan',
  }));
  const common = await readCommon(tenant);
  const plans: ImportedPlan[] = [];
  for (const plan of wanted) plans.push(...(await importPlan(tenant, plan, common, options)));
  return { plans, leftOut };
}

interface Common {
  /** Ids of environments by name. */
  readonly environments: Readonly<Record<string, number>>;
  readonly configs: readonly string[];
}

async function readCommon(tenant: TestsigmaReader): Promise<Common> {
  const [environments = [], configs = []] = [await tenant.listEnvironments(), await tenant.listConfigs()];
  const names = environments.map(({ name }) => name);
  const once = environments.filter(({ name }) => names.indexOf(name) === names.lastIndexOf(name));
  return {
    environments: Object.fromEntries(once.map(({ name, id }) => [name, id])),
    configs: configs.map(({ name }) => name),
  };
}

async function importPlan(
  tenant: TestsigmaReader,
  plan: TenantPlan,
  { environments, configs }: Common,
  options: TestsigmaOptions,
): Promise<ImportedPlan[]> {
  const notes = notesOf(plan);
  const listed = await tenant.listSchedules(plan.id);
  if (listed === undefined) notes.push('its schedules: the tenant does not list them to this key');
  const schedules = importSchedules(listed ?? [], options.now, notes);
  const executor = {
    type: 'testsigma',
    url: options.url,
    apiKey: options.apiKey,
    testPlanId: plan.id,
    ...(plan.environmentId == null ? {} : { environmentId: plan.environmentId }),
    ...(Object.keys(environments).length === 0 ? {} : { environments }),
  };
  const make = (name: string, config: string | number | undefined): ImportedPlan => {
    const own = schedules.filter((schedule) => schedule.config === config);
    return {
      tenantPlanId: plan.id,
      document: {
        name,
        ...(options.project === undefined ? {} : { project: options.project }),
        ...(plan.description ? { description: plan.description.slice(0, 2000) } : {}),
        executor: config === undefined ? executor : { ...executor, config },
        ...(own.length === 0 ? {} : { schedules: own.map(({ schedule }) => schedule) }),
      },
      comments: [`test plan ${plan.id} of ${options.url}`, ...configComment(config, configs)],
      scheduleComments: own.map(({ comment }) => comment),
      notes: config === undefined ? notes : [],
    };
  };
  const name = toPlanName(plan.name, plan.id);
  const whole = make(name, undefined);
  const parts = distinctConfigs(schedules).map((config) =>
    make(toPlanName(`${name.slice(0, 120)}, ${config}`, plan.id), config),
  );
  const newest = options.cases ? await tenant.readNewestCases(plan.id) : undefined;
  return [newest === undefined ? whole : declareCases(whole, newest.rows, newest.runId), ...parts];
}

function notesOf({ mailList, reRunType }: TenantPlan): string[] {
  return [
    ...(mailList ? ['its mail list: use notify, docs/webhooks.md'] : []),
    ...(reRunType && reRunType !== 'NONE'
      ? [`reruns by itself at the tenant (${reRunType.slice(0, 40)}): switch that off there before you set rerun here`]
      : []),
  ];
}

/** The tenant does not say which plan a saved configuration is for. */
function configComment(config: string | number | undefined, configs: readonly string[]): string[] {
  if (config !== undefined || configs.length === 0) return [];
  return [`executor.config may be one of the tenant's saved configurations: ${configs.slice(0, 20).join(', ')}`];
}

function distinctConfigs(schedules: readonly ImportedSchedule[]): (string | number)[] {
  return [...new Set(schedules.flatMap(({ config }) => config ?? []))];
}

/** Declared cases must report, so they are those of the newest run; machines, if every case ran on each of them. */
function declareCases(plan: ImportedPlan, rows: readonly TenantCase[], runId: string): ImportedPlan {
  if (rows.length === 0) return plan;
  if (rows.some(({ testSuiteName }) => !testSuiteName))
    return { ...plan, notes: [...plan.notes, 'its cases: the tenant names no suites'] };
  const suites = toSuites(
    rows.map(({ testSuiteName, testCaseName, iterationResults }) => ({
      suite: testSuiteName ?? '',
      name: testCaseName,
      iterations: (iterationResults ?? []).map(({ setName }, i) => setName || `iteration ${i + 1}`),
    })),
  );
  const titles = [...new Set(rows.map(({ machineTitle }) => machineTitle ?? ''))];
  const pairs = new Set(rows.map((row) => JSON.stringify([row.testSuiteName, row.testCaseName, row.machineTitle])));
  const count = suites.reduce((sum, { cases }) => sum + cases.length, 0);
  const isEverywhere = !titles.includes('') && pairs.size === count * titles.length;
  const several = titles.length > 1;
  const notes = several && !isEverywhere ? ['its machines: not every case ran on each of them'] : [];
  const comments = [
    `its cases as of run ${runId}: leave suites out, or apply again, when the tenant's plan changes`,
    'that run may have been of a saved configuration, and so these a part of the cases',
  ];
  const next = { ...plan, comments: [...plan.comments, ...comments], notes: [...plan.notes, ...notes] };
  return withCases(next, { suites, ...(several && isEverywhere ? { machines: titles } : {}) });
}
