import type { PickedCase } from './executor.ts';
import { lanesOf } from './machines.ts';
import type { Plan } from './plan.ts';
import { type CasePlace, hasAny, hasPrerequisites, indexPrerequisites } from './prerequisite-graph.ts';
import type { CaseName } from './results.ts';

/** A case on one machine of its plan; a plan without machines has none. */
export type CaseOnMachine = CaseName & { readonly machine?: string };

/**
 * The picked cases with the prerequisites the plan declares for them, and theirs, whole and before them; for a suite, all
 * its cases (contracts/testsigma.md 4.3). Those that `isMet` are left out, for a rerun the ones that have passed, with what
 * only they need. A case needs its prerequisites on its own machine. What is picked stays as it is.
 */
export function withPrerequisites(
  { suites, machines }: Pick<Plan, 'suites' | 'machines'>,
  picked: readonly PickedCase[],
  isMet: (name: CaseOnMachine) => boolean = () => false,
): PickedCase[] {
  if (!hasPrerequisites(suites)) return [...picked];
  const find = findDeclared(suites);
  const before = prerequisitesOf(suites);
  const lanes = lanesOf(machines);
  const added = new Map<string, { readonly place: CasePlace; readonly lanes: (string | undefined)[] }>();
  for (const lane of lanes) {
    const onLane = picked.filter(({ machine }) => lanesOf(machines, machine).includes(lane));
    const isMetHere = (place: CasePlace): boolean => isMet(onMachine(nameAt(suites, place), lane));
    for (const place of closure(onLane.flatMap(find), before, isMetHere)) {
      const known = added.get(String(place));
      if (known) known.lanes.push(lane);
      else added.set(String(place), { place, lanes: [lane] });
    }
  }
  const inOrder = [...added.values()].sort((one, other) => byPlace(one.place, other.place));
  const needed = inOrder.flatMap(({ place, lanes: its }) => {
    const name = nameAt(suites, place);
    return its.length === lanes.length ? [name] : its.map((lane) => onMachine(name, lane));
  });
  return [...needed, ...picked];
}

/** What the places need, directly or not, without themselves and without what is met. */
function closure(
  places: readonly CasePlace[],
  before: ReturnType<typeof prerequisitesOf>,
  isMet: (place: CasePlace) => boolean,
): CasePlace[] {
  const seen = new Set(places.map(String));
  const pending = [...places];
  const needed: CasePlace[] = [];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { cases, ofSuites } = before(place);
    for (const other of [...cases, ...ofSuites]) {
      if (seen.has(String(other))) continue;
      seen.add(String(other));
      if (isMet(other)) continue;
      needed.push(other);
      pending.push(other);
    }
  }
  return needed;
}

function byPlace([suite, testCase]: CasePlace, [otherSuite, otherCase]: CasePlace): number {
  return suite - otherSuite || testCase - otherCase;
}

function onMachine(name: CaseName, machine: string | undefined): CaseOnMachine {
  return machine === undefined ? name : { ...name, machine };
}

/** A case or, without a name, a whole suite. */
type Before = CaseName | { readonly suite: string };
/** What must have passed before a case, or before each case of a suite. */
export type DeclaredPrerequisites = Before & { readonly prerequisites: readonly Before[] };

/** The prerequisites the plan declares for the selected cases and their suites, for runners that see to them; null is all. */
export function declaredPrerequisites(
  { suites }: Pick<Plan, 'suites'>,
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
): (place: CasePlace) => { cases: readonly CasePlace[]; ofSuites: readonly CasePlace[] } {
  const find = indexPrerequisites(suites);
  const casesOf = new Map(suites.map(({ name, cases }, s) => [name, cases.map((_, c): CasePlace => [s, c])]));
  return ([s, c]) => {
    const suite = suites[s];
    const wanted = suite?.cases[c]?.prerequisites ?? [];
    return {
      cases: wanted.flatMap((name) => find(suite?.name ?? '', name)),
      ofSuites: (suite?.prerequisites ?? []).flatMap((name) => casesOf.get(name) ?? []),
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
