import type { PickedCase } from './executor.ts';
import type { Plan } from './plan.ts';
import { type CasePlace, hasAny, hasPrerequisites, indexPrerequisites } from './prerequisite-graph.ts';
import type { CaseName } from './results.ts';

type Suites = Pick<Plan, 'suites'>;

/**
 * The picked cases with the prerequisites the plan declares for them, and theirs, whole and before them; for a suite, all
 * its cases (contracts/testsigma.md 4.3). Those that `isMet` are left out, for a rerun the ones that have passed, with what
 * only they need. What is picked stays as it is.
 */
export function withPrerequisites(
  { suites }: Suites,
  picked: readonly PickedCase[],
  isMet: (name: CaseName) => boolean = () => false,
): PickedCase[] {
  if (!hasPrerequisites(suites)) return [...picked];
  const find = findDeclared(suites);
  const before = prerequisitesOf(suites);
  const seen = new Set<string>();
  const pending = picked.flatMap(find);
  for (const place of pending) seen.add(String(place));
  const added: CasePlace[] = [];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { cases, wholeSuites } = before(place);
    const ofSuites = wholeSuites.flatMap((s) => suites[s]?.cases.map((_, c): CasePlace => [s, c]) ?? []);
    for (const other of [...cases, ...ofSuites]) {
      if (seen.has(String(other))) continue;
      seen.add(String(other));
      if (isMet(nameAt(suites, other))) continue;
      added.push(other);
      pending.push(other);
    }
  }
  added.sort(([s, c], [otherS, otherC]) => s - otherS || c - otherC);
  return [...added.map((place) => nameAt(suites, place)), ...picked];
}

/** A case or, without a name, a whole suite. */
type Before = CaseName | { readonly suite: string };
/** What must have passed before a case, or before each case of a suite. */
export type DeclaredPrerequisites = Before & { readonly prerequisites: readonly Before[] };

/** The prerequisites the plan declares for the selected cases and their suites, for runners that see to them; null is all. */
export function declaredPrerequisites(
  { suites }: Suites,
  selection: readonly CaseName[] | null,
): DeclaredPrerequisites[] {
  if (!hasPrerequisites(suites)) return [];
  const find = findDeclared(suites);
  const before = prerequisitesOf(suites);
  const selected = selection && new Set(selection.flatMap(find).map(String));
  return suites.flatMap((suite, s) => {
    const cases = suite.cases.map((_, c): CasePlace => [s, c]).filter((place) => selected?.has(String(place)) ?? true);
    if (cases.length === 0) return [];
    const ofCases = cases.flatMap((place) => {
      const prerequisites = before(place).cases.map((other) => nameAt(suites, other));
      return prerequisites.length === 0 ? [] : [{ ...nameAt(suites, place), prerequisites }];
    });
    if (!hasAny(suite)) return ofCases;
    const prerequisites = (suite.prerequisites ?? []).map((name) => ({ suite: name }));
    return [{ suite: suite.name, prerequisites }, ...ofCases];
  });
}

function prerequisitesOf(
  suites: Plan['suites'],
): (place: CasePlace) => { cases: readonly CasePlace[]; wholeSuites: readonly number[] } {
  const find = indexPrerequisites(suites);
  const suiteAt = new Map(suites.map(({ name }, s) => [name, s]));
  return ([s, c]) => {
    const suite = suites[s];
    const wanted = suite?.cases[c]?.prerequisites ?? [];
    return {
      cases: wanted.flatMap((name) => find(suite?.name ?? '', name)),
      wholeSuites: (suite?.prerequisites ?? []).flatMap((name) => suiteAt.get(name) ?? []),
    };
  };
}

/** The declared case of that name, if any; one that is declared without a class may have any (core/catalog.ts). */
function findDeclared(suites: Plan['suites']): (name: CaseName) => readonly CasePlace[] {
  const find = indexPrerequisites(suites);
  return ({ suite, name, className }) => {
    const exact = find(suite, { suite, name, className });
    return exact.length > 0 ? exact : find(suite, { suite, name, className: '' });
  };
}

function nameAt(suites: Plan['suites'], [s, c]: CasePlace): CaseName {
  const testCase = suites[s]?.cases[c];
  return { suite: suites[s]?.name ?? '', className: testCase?.className ?? '', name: testCase?.name ?? '' };
}
