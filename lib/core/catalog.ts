import type { Plan } from './plan.ts';
import type { CaseName, ReportedCase } from './results.ts';

/** One name the plan knows: a suite, a test case of a suite, or an iteration of a data-driven case. */
export type CatalogEntry =
  | { readonly kind: 'suite'; readonly name: string }
  | {
      readonly kind: 'case';
      readonly parent: number;
      readonly name: string;
      readonly className: string;
      readonly file?: string;
    }
  | { readonly kind: 'iteration'; readonly parent: number; readonly name: string };

/**
 * The names of a plan's suites, cases and iterations, in the order they were learnt. A position never changes, so results
 * hold positions (a few bits) instead of names. `ids` are the numbers people and APIs use, one an entry.
 */
export interface Catalog {
  readonly entries: readonly CatalogEntry[];
  readonly ids: readonly number[];
}

export const emptyCatalog: Catalog = { entries: [], ids: [] };

/** Separates the parts of a lookup key; XML and our JSON rim refuse it in names. */
const sep = '\u001f';

/**
 * Finds catalog positions for reported names and collects the names that are new. Made once for a batch; a pure index.
 *
 * Reporters disagree on how a data set is named, so a declared iteration is also found as a case of a suite named like its
 * data-driven case, as `case[iteration]` and as `case (iteration)`. A case declared without a class takes the first class
 * that reports it; another class under the same name is another case, never a second result of this one.
 */
export interface CatalogIndex {
  /** Position of the case or iteration; unknown names are appended to `added`. */
  place(reported: Pick<ReportedCase, 'suite' | 'className' | 'name' | 'iteration' | 'file'>): number;
  /** The same without guessing: neither declared iterations nor classless cases are considered. */
  placeExactly(name: CaseName & { readonly iteration?: string; readonly file?: string }): number;
  placeSuite(name: string): number;
  readonly added: readonly CatalogEntry[];
}

export function indexCatalog(catalog: Catalog): CatalogIndex {
  const positions = new Map<string, number>();
  const iterationAliases = new Map<string, number>();
  const classless = new Map<string, number>();
  const boundClass = new Map<number, string>();
  const entries: CatalogEntry[] = [...catalog.entries];
  const added: CatalogEntry[] = [];
  const suiteName = (entry: CatalogEntry): string => {
    const suite = entry.kind === 'case' ? entries[entry.parent] : undefined;
    return suite?.name ?? '';
  };

  const remember = (entry: CatalogEntry, position: number): void => {
    positions.set(keyOf(entry), position);
    if (entry.kind === 'case' && entry.className === '') {
      classless.set(`${suiteName(entry)}${sep}${entry.name}`, position);
    }
    if (entry.kind === 'iteration') {
      const testCase = entries[entry.parent] as CatalogEntry;
      const suite = suiteName(testCase);
      iterationAliases.set(`${suite ? `${suite} › ` : ''}${testCase.name}${sep}${entry.name}`, position);
      iterationAliases.set(`${suite}${sep}${testCase.name}[${entry.name}]`, position);
      iterationAliases.set(`${suite}${sep}${testCase.name} (${entry.name})`, position);
    }
  };
  const append = (entry: CatalogEntry): number => {
    const known = positions.get(keyOf(entry));
    if (known !== undefined) return known;
    entries.push(entry);
    added.push(entry);
    remember(entry, entries.length - 1);
    return entries.length - 1;
  };
  for (let position = 0; position < entries.length; position++) remember(entries[position] as CatalogEntry, position);

  const placeCase = (name: CaseName, file: string | undefined): number => {
    const suite = append({ kind: 'suite', name: name.suite });
    const entry = { kind: 'case', parent: suite, name: name.name, className: name.className } as const;
    const exact = positions.get(keyOf(entry));
    if (exact !== undefined) return exact;
    const declared = classless.get(`${name.suite}${sep}${name.name}`);
    if (declared !== undefined) {
      const bound = boundClass.get(declared) ?? name.className;
      boundClass.set(declared, bound);
      if (bound === name.className) return declared;
    }
    return append(file === undefined ? entry : { ...entry, file });
  };

  return {
    added,
    placeSuite: (name) => append({ kind: 'suite', name }),
    placeExactly({ suite, name, className, file, iteration }) {
      const parent = append({ kind: 'suite', name: suite });
      const entry = { kind: 'case', parent, name, className } as const;
      const position = append(file === undefined ? entry : { ...entry, file });
      return iteration === undefined ? position : append({ kind: 'iteration', parent: position, name: iteration });
    },
    place(reported) {
      const alias = iterationAliases.get(`${reported.suite}${sep}${reported.name}`);
      if (alias !== undefined) return alias;
      const position = placeCase(reported, reported.file);
      if (reported.iteration === undefined) return position;
      return append({ kind: 'iteration', parent: position, name: reported.iteration });
    },
  };
}

/** The catalog positions of the cases a plan declares, its iterations included; names missing from the catalog are `added`. */
export function placeDeclared(
  plan: Pick<Plan, 'suites'>,
  index: CatalogIndex,
): { cases: number[]; iterations: Map<number, number[]> } {
  const cases: number[] = [];
  const iterations = new Map<number, number[]>();
  for (const suite of plan.suites) {
    for (const testCase of suite.cases) {
      const name = { suite: suite.name, className: testCase.className, name: testCase.name };
      const position = index.place(name);
      cases.push(position);
      const sets = testCase.iterations.map((iteration) => index.place({ ...name, iteration }));
      if (sets.length > 0) iterations.set(position, sets);
    }
  }
  return { cases, iterations };
}

/** The case an entry belongs to: itself, or the data-driven case of an iteration. */
export function caseOf(catalog: Catalog, position: number): number {
  const entry = catalog.entries[position];
  return entry?.kind === 'iteration' ? entry.parent : position;
}

/** Suite, class and name of the case at the position. */
export function nameOf(catalog: Catalog, position: number): CaseName & { readonly file?: string } {
  const entry = catalog.entries[caseOf(catalog, position)];
  if (entry?.kind !== 'case') return { suite: '', className: '', name: `unknown case ${position}` };
  return {
    suite: catalog.entries[entry.parent]?.name ?? '',
    className: entry.className,
    name: entry.name,
    ...(entry.file === undefined ? {} : { file: entry.file }),
  };
}

function keyOf(entry: CatalogEntry): string {
  if (entry.kind === 'suite') return `s${sep}${entry.name}`;
  if (entry.kind === 'case') return `c${entry.parent}${sep}${entry.className}${sep}${entry.name}`;
  return `i${entry.parent}${sep}${entry.name}`;
}
