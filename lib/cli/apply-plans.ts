import type { ApiClient } from '../client/api-client.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import type { DryRunAnswer, PlanAnswer } from './answers.ts';
import { isHere } from './connect.ts';
import { type Finding, type PlanBody, type PlanFile, readPlanFile, toBody } from './plan-file.ts';
import { plain, type Terminal } from './terminal.ts';

export const nothingApplied = '; nothing was applied';

/** What applying a file does, or would do. */
export interface Applied {
  readonly file: string;
  readonly change: DryRunAnswer['change'];
  /** Null of a plan that is not made yet. */
  readonly id: number | null;
  readonly version: number | null;
  readonly changes: DryRunAnswer['changes'];
}

/** The plans of the files. VALIDATION_FAILED if one of them is broken, after telling where and how; `so` is what follows. */
export async function readPlanFiles(
  terminal: Terminal,
  files: readonly string[],
  so = '',
): Promise<readonly PlanFile[]> {
  const read = await Promise.all(files.map(readPlanFile));
  const plans = read.flatMap((one) => ('file' in one ? [one] : []));
  requireNone(terminal, [...read.flatMap((one) => ('file' in one ? [] : one)), ...repeated(plans)], so);
  return plans;
}

/** Asks the server about every file before it applies the first one: a refusal of one leaves all as they were. */
export async function applyPlans(
  api: ApiClient,
  terminal: Terminal,
  plans: readonly PlanFile[],
  dryRun: boolean,
): Promise<readonly Applied[]> {
  const wanted = await Promise.all(plans.map((plan) => ask(api, plan)));
  requireNone(
    terminal,
    wanted.flatMap((one) => ('change' in one ? [] : one)),
    nothingApplied,
  );
  const applied: Applied[] = [];
  for (const [i, plan] of plans.entries()) {
    const answer = wanted[i];
    if (answer === undefined || !('change' in answer)) continue;
    const { change, changes } = answer;
    const { id, version } = dryRun || change === 'none' ? answer : await apply(api, plan, applied);
    applied.push({ file: plan.file, change, id, version, changes });
  }
  return applied;
}

/** Applies the plan. Applied twice it is as after once, so a lost answer is no reason to give up. */
export async function applyPlan(api: ApiClient, body: PlanBody): Promise<PlanAnswer> {
  const { data } = await api.POST('/v1/plans', { body, repeat: true });
  if ('links' in data) return data;
  throw new ServiceError('UNAVAILABLE', 'the server said what would change where it was asked to apply it');
}

export function describeApplied({ file, change, id, changes }: Applied, { plan }: PlanFile): string {
  const title = `${change === 'none' ? 'unchanged' : change}  ${plan.project}/${plan.name}${id === null ? '' : ` (${id})`}`;
  const lines = changes.map(({ field, from, to }) => `    ${field}: ${shown(from)} -> ${shown(to)}`);
  return [`${title}  ${file}`, ...lines].join('\n');
}

async function ask(api: ApiClient, plan: PlanFile): Promise<DryRunAnswer | readonly Finding[]> {
  try {
    const body = toBody(plan, isHere(api.url));
    const { data } = await api.POST('/v1/plans', { body, params: { query: { dryRun: true } }, repeat: true });
    if ('dryRun' in data) return data;
    throw new ServiceError('UNAVAILABLE', `${plan.file}: the server applied it where it was asked what would change`);
  } catch (error) {
    if (!isServiceError(error) || error.fields.length === 0) throw error;
    return error.fields.map(plan.find);
  }
}

/** A refusal says which files were applied before. */
async function apply(api: ApiClient, plan: PlanFile, done: readonly Applied[]): Promise<PlanAnswer> {
  try {
    const body = toBody(plan, isHere(api.url));
    return await applyPlan(api, body);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    const before = done.length === 0 ? '' : `; applied before: ${done.map((one) => one.file).join(', ')}`;
    throw new ServiceError(error.code, `${plan.file}: ${error.message}${before}`, { cause: error });
  }
}

function repeated(plans: readonly PlanFile[]): Finding[] {
  const files = new Map<string, string>();
  return plans.flatMap(({ file, plan, find }) => {
    const key = `${plan.project}/${plan.name}`;
    const earlier = files.get(key);
    files.set(key, earlier ?? file);
    return earlier === undefined
      ? []
      : [find({ field: 'name', message: `is the name of the plan in ${earlier}, too` })];
  });
}

function requireNone({ say }: Terminal, findings: readonly Finding[], so: string): void {
  if (findings.length === 0) return;
  for (const { file, line, column, field, message } of findings)
    say(`${file}:${line}:${column}: ${field === '' ? '' : `${field} `}${plain(message)}`);
  const files = new Set(findings.map(({ file }) => file)).size;
  throw new ServiceError(
    'VALIDATION_FAILED',
    `${files === 1 ? 'a plan file is' : `${files} plan files are`} broken${so}`,
  );
}

function shown(value: unknown): string {
  return plain(typeof value === 'string' ? value : JSON.stringify(value), 100);
}
