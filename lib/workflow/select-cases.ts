import { invalidField, ServiceError } from '../core/errors.ts';
import type { PickedCase } from '../core/executor.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import { type ConfigName, findConfig, fits, type KnownCase, knownCases } from '../core/selection.ts';
import type { Choice } from './trigger-run.ts';

/**
 * The cases a saved selection of the plan stands for now. UNKNOWN_CONFIG, AMBIGUOUS_CONFIG, EMPTY_SELECTION. While the plan
 * knows no case, a selection that only excludes is everything, and any other picks nothing: the run ends without tests.
 */
export async function chooseByConfig(services: Services, plan: Plan, wanted: ConfigName): Promise<Choice> {
  const { id, name, query } = findConfig(plan.configs, wanted);
  const config = { id, name };
  const known = knownCases(plan, await services.plans.readCatalog(plan.id));
  if (known.length === 0) return fits(query, { createdById: [plan.createdBy] }) ? { config } : { config, picked: [] };
  const picked = known.filter(({ values }) => fits(query, values)).map(toPicked);
  if (picked.length > 0) return { config, picked };
  throw emptySelection(wanted.field, `the saved configuration ${id} (${name}) selects no test case of the plan`);
}

/** A case as people name it; without a class it is the one of that suite and name, without a machine it is on all. */
export interface NamedCase {
  readonly suite: string;
  readonly className?: string | null | undefined;
  readonly name: string;
  readonly machine?: string | null | undefined;
  readonly iterations?: readonly string[] | undefined;
}

/**
 * The named cases of the plan. VALIDATION_FAILED for one it does not know, since it would be waited for in vain; a plan that
 * knows none takes any name.
 */
export async function chooseByName(services: Services, plan: Plan, cases: readonly NamedCase[]): Promise<Choice> {
  if (cases.length === 0) throw emptySelection('cases', 'names no test case; leave it out to run the whole plan');
  const find = finder(knownCases(plan, await services.plans.readCatalog(plan.id)));
  return {
    picked: cases.map((named, i) => {
      const found = find(named, `cases[${i}]`);
      const machine = named.machine ?? undefined;
      if (machine !== undefined) requireMachine(plan, machine, `cases[${i}].machine`);
      return {
        ...found,
        ...(named.iterations?.length ? { iterations: named.iterations } : {}),
        ...(machine === undefined ? {} : { machine }),
      };
    }),
  };
}

export function emptySelection(field: string, message: string): ServiceError {
  return new ServiceError('EMPTY_SELECTION', `${field}: ${message}`, { fields: [{ field, message }] });
}

function requireMachine({ machines }: Plan, title: string, field: string): void {
  if (machines.some((machine) => machine.title === title)) return;
  throw invalidField(field, 'is no machine of the plan', title);
}

function finder(known: readonly KnownCase[]): (named: NamedCase, field: string) => PickedCase {
  const bySuiteAndName = new Map<string, KnownCase[]>();
  const keyOf = ({ suite, name }: NamedCase): string => `${suite}\u001f${name}`;
  for (const testCase of known) {
    const key = keyOf(testCase);
    const same = bySuiteAndName.get(key);
    if (same) same.push(testCase);
    else bySuiteAndName.set(key, [testCase]);
  }
  return (named, field) => {
    if (known.length === 0) return { suite: named.suite, className: named.className ?? '', name: named.name };
    const same = bySuiteAndName.get(keyOf(named)) ?? [];
    const [found, ...others] = same.filter(({ className }) => className === (named.className ?? className));
    if (found !== undefined && others.length === 0) return toPicked(found);
    const message = found ? 'is two test cases of the plan; name the class too' : 'is no test case the plan knows';
    throw new ServiceError('VALIDATION_FAILED', `${field}: ${message}`, {
      fields: [{ field, message, rejectedValue: named.name.slice(0, 100) }],
    });
  };
}

function toPicked({ suite, className, name }: KnownCase): PickedCase {
  return { suite, className, name };
}
