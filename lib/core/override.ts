import type { CaseState, EntryState } from './report.ts';
import { type CaseResult, type Counts, countResults } from './results.ts';
import type { Ending, Run } from './run.ts';
import { plural } from './words.ts';

/** What a person may say a case's result is. */
export const overrideResults = ['passed', 'failed', 'skipped'] as const;
export type OverrideResult = (typeof overrideResults)[number];

/** One request of a person to show cases of a completed run with another result. Never changes once written. */
export interface Override {
  readonly at: number;
  readonly keyId: string;
  readonly ownerId: number;
  readonly cases: readonly OverriddenCase[];
}

export interface OverriddenCase {
  /** Catalog position of a case, never of an iteration. */
  readonly position: number;
  readonly result: OverrideResult;
  readonly comment?: string;
}

/**
 * What the overrides of a run make of it; a part of its item beside what the run says itself, which stays (invariant I1),
 * so that no reader of a status needs more than the item.
 */
export interface Overridden {
  /** The name of the newest override's item. */
  readonly newest: string;
  /** Cases shown with another result, or confirmed. */
  readonly cases: number;
  readonly at: number;
  readonly keyId: string;
  readonly ownerId: number;
  /** Absent where the run keeps its own. */
  readonly ending?: Ending;
  readonly counts: Counts;
}

/** How a case or iteration came to be shown with a result it did not report. */
export interface OverrideMark {
  /** The result on record. */
  readonly original: CaseResult;
  readonly comment?: string;
  readonly at: number;
  readonly keyId: string;
  readonly ownerId: number;
}

/** The run as its readers see it: with the result, reason, explanation and counts its overrides make. */
export function shownRun(run: Run): Run {
  if (run.overridden === undefined) return run;
  const { ending, counts } = run.overridden;
  return { ...run, ...ending, counts };
}

/**
 * The cases as their overrides, oldest first, show them. The last one of a case counts. An overridden data-driven case takes
 * its iterations with it, so that it stays the worst of them wherever they are counted again, as in a chain of reruns.
 */
export function overrideCases(cases: readonly CaseState[], overrides: readonly Override[]): CaseState[] {
  const last = new Map<number, { result: OverrideResult; mark: Omit<OverrideMark, 'original'> }>();
  for (const { cases: overridden, at, keyId, ownerId } of overrides) {
    for (const { position, result, comment } of overridden) {
      last.set(position, { result, mark: { at, keyId, ownerId, ...(comment === undefined ? {} : { comment }) } });
    }
  }
  return cases.map((testCase) => {
    const override = last.get(testCase.position);
    if (override === undefined) return testCase;
    const { result, mark } = override;
    const show = <T extends EntryState>(state: T): T => ({
      ...state,
      result,
      flaky: false,
      overridden: { original: state.overridden?.original ?? state.result, ...mark },
    });
    return { ...show(testCase), iterations: testCase.iterations.map(show) };
  });
}

/**
 * How the run ends for its readers; undefined where it keeps its own ending. The words of a person decide only where cases
 * did: a run that passed or failed. One that was stopped, ran out of time, was errored or ran no tests keeps its result, so
 * that no override makes it green.
 */
export function endingOf(run: Pick<Run, 'result'>, cases: readonly CaseState[]): Ending | undefined {
  if (run.result !== 'passed' && run.result !== 'failed') return undefined;
  const { total, passed, skipped } = countResults(cases);
  const byHand = `with ${plural(countOverridden(cases), 'case')} overridden by hand`;
  if (passed + skipped < total) {
    const explanation = `${total - passed - skipped} of ${plural(total, 'case')} did not pass, ${byHand}.`;
    return { result: 'failed', reason: 'casesFailed', explanation };
  }
  if (passed === 0) {
    return { result: 'noTests', reason: 'nothingReported', explanation: `No case passed, ${byHand}.` };
  }
  const rest = skipped === 0 ? '' : `, ${plural(skipped, 'case')} skipped`;
  return { result: 'passed', reason: 'allPassed', explanation: `${plural(passed, 'case')} passed${rest}, ${byHand}.` };
}

export function countOverridden(cases: readonly CaseState[]): number {
  return cases.filter(({ overridden }) => overridden !== undefined).length;
}
