import { bareCaseOf, keyOf, layeredOn, learn, namesOf, sep } from './catalog-names.ts';
import { ServiceError } from './errors.ts';
import { lanesOf } from './machines.ts';
import type { Plan } from './plan.ts';
import type { CaseName, ReportedCase } from './results.ts';

/** One thing the plan knows: a suite, a test case of a suite, a machine, a case on a machine, or an iteration. */
export type CatalogEntry =
  | { readonly kind: 'suite'; readonly name: string }
  | {
      readonly kind: 'case';
      readonly parent: number;
      readonly name: string;
      readonly className: string;
      readonly file?: string;
    }
  | { readonly kind: 'machine'; readonly name: string }
  /** A case on a machine. It has a position, so results, counts and reruns take it for a case; its name is its case's. */
  | { readonly kind: 'lane'; readonly parent: number; readonly machine: number; readonly name?: never }
  /** The class, perhaps none, that a case known without one was first reported with: from then on it is that class's. */
  | { readonly kind: 'class'; readonly parent: number; readonly name: string }
  /** Of a data-driven case, or of one of its lanes. */
  | { readonly kind: 'iteration'; readonly parent: number; readonly name: string };

/**
 * The names of a plan's suites, cases, machines and iterations, in the order they were learnt. A position never changes, so results
 * hold positions (a few bits) instead of names. `ids` are the numbers people and APIs use, one an entry.
 */
export interface Catalog {
  readonly entries: readonly CatalogEntry[];
  readonly ids: readonly number[];
}

export const emptyCatalog: Catalog = { entries: [], ids: [] };

/**
 * Finds catalog positions for reported names and collects the names that are new. Made once for a batch; a pure index.
 *
 * Reporters disagree on how a data set is named, so a declared iteration is also found as a case of a suite named like its
 * data-driven case, as `case[iteration]`, as `case (iteration)` and, Go's way, as `case/iteration` without blanks. A case declared without a class takes the first class
 * that reports it; another class under the same name is another case, never a second result of this one. One that is
 * reported without a class takes none.
 */
export interface CatalogIndex {
  /** Position of the case or iteration, on the machine if one is given; unknown names are appended to `added`. */
  place(
    reported: Pick<ReportedCase, 'suite' | 'className' | 'name' | 'iteration' | 'file'>,
    machine?: string | undefined,
  ): number;
  /** The same for a name that is declared, not reported. */
  declare(name: CaseName & { readonly iteration?: string }, machine?: string | undefined): number;
  /** Position of an entry of other `entries`, by all its names: neither declared iterations nor classless cases are considered. */
  adopt(entries: readonly CatalogEntry[], position: number): number;
  readonly added: readonly CatalogEntry[];
}

export function indexCatalog(catalog: Catalog): CatalogIndex {
  const names = layeredOn(namesOf(catalog));
  const { positions, iterationAliases, classless, boundClass } = names;
  const added: CatalogEntry[] = [];
  const size = catalog.entries.length;
  const entryAt = (position: number): CatalogEntry | undefined =>
    position < size ? catalog.entries[position] : added[position - size];
  const add = (entry: CatalogEntry, key: string): number => {
    added.push(entry);
    const position = size + added.length - 1;
    learn(names, entryAt, entry, position, key);
    return position;
  };
  const append = (entry: CatalogEntry): number => {
    const key = keyOf(entry);
    return positions.get(key) ?? add(entry, key);
  };

  const placeCase = (name: CaseName, file: string | undefined): number => {
    const suite = append({ kind: 'suite', name: name.suite });
    const entry = { kind: 'case', parent: suite, name: name.name, className: name.className } as const;
    const key = keyOf(entry);
    const exact = positions.get(key);
    if (exact !== undefined) return exact;
    // Names are long and made anew for each look: of a hundred thousand cases that is most of what placing them costs.
    const declared = classless.size === 0 ? undefined : classless.get(`${name.suite}${sep}${name.name}`);
    if (declared !== undefined) {
      const bound = boundClass.get(declared) ?? name.className;
      boundClass.set(declared, bound);
      if (bound === name.className) return declared;
    }
    return add(file === undefined ? entry : { ...entry, file }, key);
  };
  const placeLane = (parent: number, machine: string | undefined): number => {
    if (machine === undefined) return parent;
    return append({ kind: 'lane', parent, machine: append({ kind: 'machine', name: machine }) });
  };
  const adopt = (theirs: readonly CatalogEntry[], position: number): number => {
    const entry = theirs[position] as CatalogEntry;
    if (entry.kind === 'suite' || entry.kind === 'machine') return append(entry);
    const parent = adopt(theirs, entry.parent);
    if (entry.kind === 'class' && (boundClass.get(parent) ?? entry.name) !== entry.name) {
      // The results beside it took the case for theirs: sent again, they find that it is not.
      throw new ServiceError(
        'UNAVAILABLE',
        'another class reported a case at the same moment; send the results again',
        {
          retryAfterSeconds: 1,
        },
      );
    }
    return append(
      entry.kind === 'lane' ? { ...entry, parent, machine: adopt(theirs, entry.machine) } : { ...entry, parent },
    );
  };

  const find = (
    name: CaseName & { readonly iteration?: string; readonly file?: string },
    machine: string | undefined,
    onCase: (position: number) => void = () => {},
  ): number => {
    const alias = iterationAliases.size === 0 ? undefined : iterationAliases.get(`${name.suite}${sep}${name.name}`);
    const testCase = alias?.testCase ?? placeCase(name, name.file);
    if (alias === undefined) onCase(testCase);
    const parent = placeLane(testCase, machine);
    const iteration = alias?.iteration ?? name.iteration;
    return iteration === undefined ? parent : append({ kind: 'iteration', parent, name: iteration });
  };

  return {
    added,
    adopt,
    declare: (name, machine) => find(name, machine),
    place(reported, machine) {
      return find(reported, machine, (testCase) => {
        const entry = entryAt(testCase);
        if (entry?.kind !== 'case' || entry.className !== '') return;
        // Kept, so that no later batch gives another class's result to this case.
        append({ kind: 'class', parent: testCase, name: reported.className });
      });
    },
  };
}

/**
 * The catalog positions of the cases a plan declares, one a machine, and of their iterations; names missing from the catalog
 * are `added`.
 */
export function placeDeclared(
  plan: Pick<Plan, 'suites' | 'machines'>,
  index: CatalogIndex,
): { cases: number[]; iterations: Map<number, number[]> } {
  const cases: number[] = [];
  const iterations = new Map<number, number[]>();
  for (const suite of plan.suites) {
    for (const testCase of suite.cases) {
      const name = { suite: suite.name, className: testCase.className, name: testCase.name };
      for (const machine of lanesOf(plan.machines)) {
        const position = index.declare(name, machine);
        cases.push(position);
        const sets = testCase.iterations.map((iteration) => index.declare({ ...name, iteration }, machine));
        if (sets.length > 0) iterations.set(position, sets);
      }
    }
  }
  return { cases, iterations };
}

/** What counts as the case an entry belongs to: itself, or of an iteration the data-driven case or its lane. */
export function caseOf(catalog: Catalog, position: number): number {
  const entry = catalog.entries[position];
  return entry?.kind === 'iteration' ? entry.parent : position;
}

/** The number people and APIs know the entry by: of a case on a machine, the case's. */
export function idOf(catalog: Catalog, position: number): number {
  const entry = catalog.entries[position];
  return catalog.ids[entry?.kind === 'lane' ? entry.parent : position] ?? 0;
}

/** Position of the machine the case or iteration is on; undefined if it is on none. */
export function machineOf(catalog: Catalog, position: number): number | undefined {
  const entry = catalog.entries[caseOf(catalog, position)];
  return entry?.kind === 'lane' ? entry.machine : undefined;
}

/** The cases by the machine they are on, machines as they were learnt, those on none first; one nameless group without cases. */
export function byMachine<T extends { readonly position: number }>(
  catalog: Catalog,
  cases: readonly T[],
): { readonly machine: string | undefined; readonly cases: readonly T[] }[] {
  const groups = new Map<number, T[]>();
  for (const testCase of cases) {
    const machine = machineOf(catalog, testCase.position) ?? -1;
    const group = groups.get(machine);
    if (group === undefined) groups.set(machine, [testCase]);
    else group.push(testCase);
  }
  if (groups.size === 0) return [{ machine: undefined, cases: [] }];
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([machine, its]) => ({ machine: catalog.entries[machine]?.name, cases: its }));
}

/** Position of the suite of the case or iteration. */
export function suiteOf(catalog: Catalog, position: number): number {
  const entry = catalog.entries[bareCaseOf((at) => catalog.entries[at], position)];
  return entry?.kind === 'case' ? entry.parent : position;
}

/** Suite, class and name of the case at the position, and its machine if it is on one. */
export function nameOf(
  catalog: Catalog,
  position: number,
): CaseName & { readonly file?: string; readonly machine?: string } {
  const entry = catalog.entries[bareCaseOf((at) => catalog.entries[at], position)];
  if (entry?.kind !== 'case') return { suite: '', className: '', name: `unknown case ${position}` };
  const machine = catalog.entries[machineOf(catalog, position) ?? -1]?.name;
  return {
    suite: catalog.entries[entry.parent]?.name ?? '',
    className: entry.className,
    name: entry.name,
    ...(entry.file === undefined ? {} : { file: entry.file }),
    ...(machine === undefined ? {} : { machine }),
  };
}
