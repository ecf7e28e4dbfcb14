import type { Dispatch } from '../../core/executor.ts';
import type { CaseName } from '../../core/results.ts';
import { garbage } from './tenant.ts';
import type { WireExecution, WireResult } from './wire.ts';

/** A result with the name its case has here. */
export interface NamedResult extends CaseName {
  readonly scenarioId: number;
  readonly machine?: string;
  readonly result: WireResult;
}

/** Joins suites, in names made by another Proctor. */
const joint = ' › ';
/** Characters of a name at most. */
const maxName = 500;

/** The scenario a result is of. */
export function scenarioOf({ scenario_id, test_scenario }: WireResult): number {
  const id = scenario_id ?? test_scenario?.id;
  if (id === undefined || id === null) throw garbage('tell a result', 'it names no scenario');
  return id;
}

/**
 * Names the results: the scenario's name, in the plan's name as its suite; on the machine of the plan that is called like
 * the environment or its browser, else with the environment as class, so that two environments stay two cases. Scenarios of
 * one name are told apart by their ids.
 */
export function nameResults(
  execution: WireExecution,
  results: readonly WireResult[],
  nameOf: (scenarioId: number) => string | undefined,
  { machines, selection }: Pick<Dispatch, 'machines' | 'selection'>,
): NamedResult[] {
  const picked = new Set(selection?.map(({ name }) => name));
  const named = results.map((result) => {
    const scenarioId = scenarioOf(result);
    const environment = environmentOf(result);
    const machine = machineOf(environment, machines);
    return {
      ...splitName(nameOf(scenarioId) ?? `Scenario ${scenarioId}`, execution.plan_name ?? ''),
      className: machine === undefined ? environment.name : '',
      ...(machine === undefined ? {} : { machine }),
      scenarioId,
      result,
    };
  });
  const scenarios = groupBy(
    named,
    ({ suite, name }) => [suite, name],
    ({ scenarioId }) => scenarioId,
  );
  const apart = named.map((one) => {
    const withId = `${one.name.slice(0, maxName - 20)} (${one.scenarioId})`;
    const isShared = (scenarios(one)?.size ?? 0) > 1 || picked.has(withId);
    return isShared ? { ...one, name: withId } : one;
  });
  const lanes = groupBy(
    apart,
    ({ suite, name, className, machine }) => [suite, name, className, machine],
    ({ result }) => result.id,
  );
  return apart.map((one) => {
    if ((lanes(one)?.size ?? 0) < 2) return one;
    // Two environments that look alike: a failure on one must not hide behind the other.
    const { machine: _, ...others } = one;
    const { name, id } = environmentOf(one.result);
    return { ...others, className: `${name} (${id ?? one.result.id})`.trim() };
  });
}

interface ShownEnvironment {
  readonly id: number | undefined;
  readonly name: string;
  readonly browsers: readonly string[];
}

function environmentOf({ environment, environment_info }: WireResult): ShownEnvironment {
  const browsers = [environment?.browser_type, ...(environment_info?.browsers ?? []).map((one) => one.browser_name)];
  const known = browsers.flatMap((browser) => (browser && !isPlaceholder(browser) ? [browser] : []));
  const id = environment?.id ?? environment_info?.id ?? undefined;
  const name = environment?.name ?? (id === undefined ? '' : known[0]) ?? '';
  return { id, name: name.slice(0, maxName - 20), browsers: id === undefined ? [] : known };
}

/** Words that stand where nothing is known (contracts/testinium.md 3.8). */
function isPlaceholder(word: string): boolean {
  return word === 'UNKNOWN' || word === 'SERVICE';
}

function machineOf({ name, browsers }: ShownEnvironment, machines: Dispatch['machines']): string | undefined {
  const find = (words: readonly string[]): string | undefined => {
    const wanted = words.map((word) => word.toLowerCase());
    const fits = (word: string | null): boolean => word !== null && wanted.includes(word.toLowerCase());
    return machines.find(({ title, environment }) => fits(title) || fits(environment))?.title;
  };
  return (name === '' ? undefined : find([name])) ?? find(browsers);
}

function splitName(full: string, planName: string): { suite: string; name: string } {
  const at = full.lastIndexOf(joint);
  const [suite, name] = at < 1 ? [planName, full] : [full.slice(0, at), full.slice(at + joint.length)];
  return { suite: suite.slice(0, maxName), name: (name || full).slice(0, maxName) };
}

/** The distinct values of all that share a key, for each of them. */
function groupBy<T, V>(
  all: readonly T[],
  keyOf: (one: T) => readonly unknown[],
  memberOf: (one: T) => V,
): (one: T) => ReadonlySet<V> | undefined {
  const groups = new Map<string, Set<V>>();
  for (const one of all) {
    const key = JSON.stringify(keyOf(one));
    groups.set(key, (groups.get(key) ?? new Set()).add(memberOf(one)));
  }
  return (one) => groups.get(JSON.stringify(keyOf(one)));
}
