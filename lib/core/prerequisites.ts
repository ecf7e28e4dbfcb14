import { type Catalog, caseOf } from './catalog.ts';
import type { SelectionGrain } from './executor.ts';
import { lanesOf } from './machines.ts';
import type { Plan } from './plan.ts';
import { hasAny, hasPrerequisites, indexPrerequisites } from './prerequisite-graph.ts';
import { type CaseName, type CaseResult, isFinished } from './results.ts';

/** What must have passed before a case runs: another case, or a suite as its cases. Catalog positions. */
interface Need {
  readonly kind: 'case' | 'suite';
  /** For people. */
  readonly name: string;
  readonly cases: readonly number[];
}

/** A run that goes in stages: each attempt runs the cases whose prerequisites are over by then. */
export interface Stages {
  /** Every case of the run, by position, and the positions an attempt names to run it: itself, or picked iterations of it. */
  readonly asks: ReadonlyMap<number, readonly number[]>;
  /** By the position of the case that comes later. */
  readonly needs: ReadonlyMap<number, readonly Need[]>;
  /** What becomes of a case one of whose prerequisites did not pass. */
  readonly onFail: Readonly<Record<Need['kind'], 'Abort' | 'Continue'>>;
}

/** Where a case stands that no attempt has run yet. `blocked`: it never will unless a rerun makes its prerequisite pass. */
export type Waiting =
  | { readonly state: 'ready' | 'waits' }
  | { readonly state: 'blocked'; readonly by: number; readonly message: string };

export interface StagesInput {
  readonly plan: Pick<Plan, 'suites' | 'settings' | 'machines'>;
  readonly selects: SelectionGrain;
  readonly catalog: Catalog;
  /** Positions of cases and iterations that must report. */
  readonly expected: readonly number[];
  /** Cases of which the run asks for single iterations only. */
  readonly byIteration: ReadonlySet<number>;
  /** The position of a declared case, on the machine if the plan names some. */
  readonly place: (name: CaseName, machine?: string) => number;
}

/**
 * The stages of a run, or null if it has none and everything runs at once: its cases have no prerequisites, or its executor
 * cannot run some cases without the others. One that selects suites is given suite prerequisites only. A prerequisite the
 * run does not ask for counts as met: a partial run leaves it out on purpose, a rerun because it has passed.
 */
export function planStages(input: StagesInput): Stages | null {
  const { plan, selects, catalog, expected, byIteration, place } = input;
  if (selects === 'nothing' || !hasPrerequisites(plan.suites)) return null;
  const asks = new Map<number, number[]>();
  for (const position of expected) {
    const testCase = caseOf(catalog, position);
    const asked = asks.get(testCase) ?? [];
    if (byIteration.has(testCase)) asked.push(position);
    asks.set(testCase, byIteration.has(testCase) ? asked : [testCase]);
  }
  const isAsked = (position: number): boolean => asks.has(position);
  const find = indexPrerequisites(plan.suites);
  const needs = new Map<number, Need[]>();
  // Each machine is a world of its own: what a case needs must have passed on the same one.
  for (const machine of lanesOf(plan.machines)) {
    const placed = plan.suites.map((suite) =>
      suite.cases.map(({ name, className }) => place({ suite: suite.name, className, name }, machine)),
    );
    const suiteNeeds = new Map<string, Need>();
    for (const [s, suite] of plan.suites.entries()) {
      suiteNeeds.set(suite.name, { kind: 'suite', name: suite.name, cases: (placed[s] ?? []).filter(isAsked) });
    }
    for (const [s, suite] of plan.suites.entries()) {
      const shared = (suite.prerequisites ?? []).flatMap((name) => suiteNeeds.get(name) ?? []);
      for (const [c, testCase] of suite.cases.entries()) {
        const position = placed[s]?.[c];
        if (position === undefined || !isAsked(position)) continue;
        const names = selects === 'suites' ? [] : (testCase.prerequisites ?? []);
        const own = names.flatMap((wanted) =>
          find(suite.name, wanted).flatMap(([ofSuite, ofCase]): Need[] => {
            const name = `${plan.suites[ofSuite]?.name} › ${plan.suites[ofSuite]?.cases[ofCase]?.name}`;
            return [{ kind: 'case', name, cases: (placed[ofSuite]?.slice(ofCase, ofCase + 1) ?? []).filter(isAsked) }];
          }),
        );
        const all = [...shared, ...own].filter(({ cases }) => cases.length > 0);
        if (all.length > 0) needs.set(position, all);
      }
    }
  }
  if (needs.size === 0) return null;
  const { onCasePrerequisiteFail, onSuitePrerequisiteFail } = plan.settings;
  return { asks, needs, onFail: { case: onCasePrerequisiteFail, suite: onSuitePrerequisiteFail } };
}

/** What the first attempt runs: the cases that need nothing. */
export function firstStage({ asks, needs }: Stages): number[] {
  return [...asks].flatMap(([position, asked]) => (needs.has(position) ? [] : asked));
}

/**
 * Where each of the waiting cases stands. `resultOf` tells how the others ended, `queued` while that is open. A case passes
 * by its result; a suite as a run does, with one passed case and none that is worse than skipped. Under `Continue` it is
 * enough that a prerequisite is over; one that is blocked itself is over.
 */
export function judgeWaiting(
  { needs, onFail }: Stages,
  waiting: ReadonlySet<number>,
  resultOf: (position: number) => CaseResult,
): ReadonlyMap<number, Waiting> {
  const judged = new Map<number, Waiting>();
  const suites = new Map<Need, NeedState>();
  const resultNow = (position: number): CaseResult => {
    if (!waiting.has(position)) return resultOf(position);
    return judge(position).state === 'blocked' ? 'blocked' : 'queued';
  };
  const stateOf = (need: Need): NeedState => {
    const known = suites.get(need);
    if (known !== undefined) return known;
    const state = judgeNeed(need, resultNow);
    suites.set(need, state);
    return state;
  };
  // As deep as the longest chain of the plan, which its parser bounds.
  const judge = (position: number): Waiting => {
    const known = judged.get(position);
    if (known !== undefined) return known;
    const states = (needs.get(position) ?? []).map((need) => ({ need, state: stateOf(need) }));
    const answer = answerOf(states, onFail);
    judged.set(position, answer);
    return answer;
  };
  for (const position of waiting) judge(position);
  return judged;
}

/** True if the plan has prerequisites that its executor, which selects so coarsely, has to see to itself. */
export function leavesPrerequisites({ suites }: Pick<Plan, 'suites'>, selects: SelectionGrain): boolean {
  if (selects === 'nothing') return hasPrerequisites(suites);
  return selects === 'suites' && suites.some(({ cases }) => cases.some(hasAny));
}

interface NeedState {
  readonly over: boolean;
  /** The case because of which it did not pass. */
  readonly failed?: { readonly position: number; readonly result: CaseResult };
}

function judgeNeed({ kind, cases }: Need, resultOf: (position: number) => CaseResult): NeedState {
  const results = cases.map((position) => ({ position, result: resultOf(position) }));
  const over = results.every(({ result }) => isFinished(result));
  const bad = results.filter(({ result }) => isFinished(result) && result !== 'passed' && result !== 'skipped');
  // What failed by itself explains more than what did not run.
  const [failed] = [...bad.filter(({ result }) => result !== 'notExecuted'), ...bad];
  if (failed !== undefined) return { over, failed };
  const passed = kind === 'case' ? results.every(isPassed) : results.some(isPassed);
  const [skipped] = results;
  return over && !passed && skipped !== undefined ? { over, failed: skipped } : { over };
}

function isPassed({ result }: { readonly result: CaseResult }): boolean {
  return result === 'passed';
}

function answerOf(
  states: readonly { readonly need: Need; readonly state: NeedState }[],
  onFail: Stages['onFail'],
): Waiting {
  const failed = states.flatMap(({ need, state }) =>
    state.failed !== undefined && onFail[need.kind] === 'Abort' ? [{ need, ...state.failed }] : [],
  );
  const [cause] = [...failed.filter(({ result }) => result !== 'notExecuted'), ...failed];
  if (cause !== undefined) {
    const { kind, name } = cause.need;
    const what = kind === 'suite' ? `suite ${name} did not pass` : `${name} ${endings[cause.result] ?? 'did not pass'}`;
    return { state: 'blocked', by: cause.position, message: `Not run: its prerequisite ${what}.` };
  }
  return { state: states.every(({ state }) => state.over) ? 'ready' : 'waits' };
}

const endings: Partial<Record<CaseResult, string>> = {
  skipped: 'was skipped',
  blocked: 'was not run for the same reason',
  notExecuted: 'reported no result',
};
