import type { Dispatch, Executing, PickedCase } from '../../core/executor.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { plural } from '../../core/words.ts';
import { describeSelection } from '../describe-selection.ts';
import { type NamedResult, nameResults, scenarioOf } from './name-results.ts';
import { getExecution, type listExecutions, readResults, type ScenarioNames } from './read-results.ts';
import type { Tenant } from './tenant.ts';
import { isEnded, type WireResult } from './wire.ts';

type Settings = SettingsOf<'testinium'>;
type Listed = Awaited<ReturnType<typeof listExecutions>>;

/** Scenarios of one rerun at most (contracts/testinium.md 3.4). */
const maxScenarios = 1000;

/**
 * The ids of the selected cases' scenarios, ascending, if the tenant can rerun exactly these: it reruns what the plan's last
 * ended execution had, on every environment it had it on. Else undefined: then everything runs.
 */
export async function pickScenarios(
  tenant: Tenant,
  namesOf: ScenarioNames,
  settings: Settings,
  dispatch: Dispatch,
  listed: Listed,
  until: number,
): Promise<readonly number[] | undefined> {
  const { selection } = dispatch;
  const last = listed?.executions.find(isEnded);
  if (selection === null || last === undefined) return undefined;
  const told = await getExecution(tenant, settings, last.id, until);
  if (told === undefined || (told.execution.test_results ?? []).length > maxScenarios) return undefined;
  const { results } = await readResults(tenant, settings, told.execution, maxScenarios, until);
  const nameOf = await namesOf(settings, results.map(scenarioOf), givenNames(results), until);
  const named = nameResults(told.execution, results, nameOf, dispatch);
  const found = selection.map((picked) => named.filter((one) => isOf(picked, one)).map((one) => one.scenarioId));
  if (found.some((ids) => ids.length === 0)) return undefined;
  const ids = [...new Set(found.flat())].sort((a, b) => a - b);
  return ids.length > maxScenarios ? undefined : ids;
}

/** Names that came with the results themselves. */
export function givenNames(results: readonly WireResult[]): Map<number, string> {
  return new Map(
    results.flatMap((result): [number, string][] => {
      const name = result.test_scenario?.scenario_name;
      return name ? [[scenarioOf(result), name]] : [];
    }),
  );
}

/** What runs of the selection, and what beside it. */
export function describePicked(dispatch: Dispatch, isPicked: boolean): Executing {
  const { selection } = dispatch;
  if (selection === null) return describeSelection(null, 'nothing');
  if (isPicked) {
    const { grain, description } = describeSelection(selection, 'cases');
    const onMachines = selection.some(({ machine }) => machine !== undefined);
    return { grain, description: onMachines ? `${description}, on every environment they had` : description };
  }
  const asked = plural(selection.length, 'case');
  const description = `everything (${asked} asked for, but the tenant reruns only what its last execution had)`;
  return { grain: 'everything', description };
}

/** A selection without a class means the case whatever its class. */
function isOf(picked: PickedCase, { suite, className, name }: NamedResult): boolean {
  return picked.suite === suite && picked.name === name && (picked.className === '' || picked.className === className);
}
