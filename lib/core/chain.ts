import type { CaseState, EntryState } from './report.ts';
import { type CaseResult, type Counts, countResults, worstOf } from './results.ts';
import type { RerunType, Run, RunResult } from './run.ts';
import { settleCase } from './settle.ts';

/** Reruns of one original at most (contracts/testsigma.md 4.3). */
export const maxReruns = 10;

/** One run of a chain of reruns, with its cases as its readers see them. */
export interface ChainLink {
  readonly run: Pick<Run, 'status' | 'result' | 'rerunOf' | 'createdAt' | 'endedAt'>;
  readonly cases: readonly CaseState[];
  /** Its cases are all that the chain is about: none is missing because nobody told of it before the run broke off. */
  readonly whole: boolean;
}

/** Where a case stands over the whole chain. */
export interface CurrentCase {
  readonly position: number;
  readonly result: CaseResult;
  /** Those of a data-driven case, else empty. */
  readonly iterations: readonly { readonly position: number; readonly result: CaseResult }[];
  /** How a data-driven case itself failed, beside its iterations, in the newest run that ran it as a whole. */
  readonly outside?: CaseResult;
}

export interface Consolidated {
  readonly status: Run['status'];
  /** Null while a run of the chain is active. */
  readonly result: RunResult | null;
  /** Sum over the runs; null while one is active. */
  readonly durationMs: number | null;
  /** Of current results; a skipped case is among the skipped, not the not executed. */
  readonly counts: Counts;
}

/**
 * The current result of every case: the one of the newest run that contains it, of a data-driven case the worst of its
 * current iterations. Links oldest first; cases ascending by position.
 */
export function foldChain(links: readonly ChainLink[]): CurrentCase[] {
  const current = new Map<number, CurrentCase>();
  for (const { run, cases } of links) {
    for (const testCase of cases) {
      current.set(testCase.position, newer(current.get(testCase.position), run, testCase));
    }
  }
  return [...current.values()].sort((a, b) => a.position - b.position);
}

/** Status, result, duration and counts over the chain: the same for each of its runs. Links oldest first, one at least. */
export function consolidate(links: readonly ChainLink[]): Consolidated {
  const last = links.at(-1);
  if (last === undefined) throw new Error('a chain has at least its original');
  const current = foldChain(links);
  const counts = countResults(current.map(({ result }) => ({ result, flaky: false })));
  const { status } = last.run;
  if (status !== 'completed') return { status, result: null, durationMs: null, counts };
  const own = last.run.result ?? 'errored';
  // A run without reruns answers its own result, whatever its cases look like. Of one that broke off, and was never run as
  // a whole since, there may be cases nobody knows of: what is known of the others cannot make it green.
  const unknown = links.some(({ whole }) => whole) ? [] : [links[0]?.run.result ?? own];
  const result = links.length === 1 ? own : worstResult([...caseResultsOf(current), own, ...unknown]);
  const durationMs = links.reduce((sum, { run }) => sum + (run.endedAt ?? run.createdAt) - run.createdAt, 0);
  return { status, result, durationMs, counts };
}

/**
 * Catalog positions of the cases and single iterations a rerun of the type runs. Empty if nothing qualifies; null, which is
 * everything the original was to run, if it never showed all of its cases.
 */
export function selectByType(links: readonly ChainLink[], type: Exclude<RerunType, 'picked'>): number[] | null {
  const current = foldChain(links);
  if (current.length === 0 || !links.some(({ whole }) => whole)) return null;
  if (type === 'all' || type === 'allIterations') {
    const [original] = links;
    return original?.whole && original.cases.length > 0 ? original.cases.map(({ position }) => position) : null;
  }
  const failed = current.filter(({ result }) => result !== 'passed');
  if (type === 'failed') return failed.map(({ position }) => position);
  return failed.flatMap((testCase) => iterationsOr(testCase, (result) => result !== 'passed'));
}

/** Which iterations of a picked case: a set of positions, or those with such a current result. */
export type PickedIterations = 'all' | 'failed' | 'passed' | ReadonlySet<number>;

/** Positions a picked case stands for; empty if none of its iterations qualifies. Cases without iterations run as a whole. */
export function selectPicked(testCase: CurrentCase, which: PickedIterations): number[] {
  if (which === 'all' || testCase.iterations.length === 0) return [testCase.position];
  const qualifies = ({ position, result }: CurrentCase['iterations'][number]): boolean => {
    if (typeof which !== 'string') return which.has(position);
    return which === 'passed' ? result === 'passed' : result !== 'passed';
  };
  return testCase.iterations.filter(qualifies).map(({ position }) => position);
}

/** The case as a newer run of the chain leaves it. */
function newer(before: CurrentCase | undefined, run: ChainLink['run'], testCase: CaseState): CurrentCase {
  const { position } = testCase;
  const own = settleInChain(run, testCase.result);
  const told = testCase.iterations.map(({ position, result }) => ({ position, result: settleInChain(run, result) }));
  const known = before?.iterations ?? [];
  if (known.length === 0 && told.length === 0) return { position, result: own, iterations: [] };
  if (told.length === 0) {
    // Reported as a whole: a result for the case. Not reported: all of its iterations were to run, and none did.
    if (isReported(testCase)) return { position, result: own, iterations: [] };
    return { position, result: own, iterations: known.map((iteration) => ({ ...iteration, result: own })) };
  }
  const merged = new Map(known.map((iteration) => [iteration.position, iteration]));
  for (const iteration of told) merged.set(iteration.position, iteration);
  const iterations = [...merged.values()].sort((a, b) => a.position - b.position);
  const results = iterations.map(({ result }) => result);
  const toldOf = new Set(told.map((iteration) => iteration.position));
  const isWhole = known.every((iteration) => toldOf.has(iteration.position));
  const isOutside = own !== worstOf(told.map(({ result }) => result));
  // A few iterations run again say nothing about a failure outside of them.
  const outside = isOutside ? own : isWhole ? undefined : before?.outside;
  if (outside === undefined) return { position, result: worstOf(results), iterations };
  return { position, result: worstOf([...results, outside]), iterations, outside };
}

/** A rerun had to run its cases: one it ended without a result for is errored, however the rerun itself ended. */
function settleInChain(run: ChainLink['run'], result: CaseResult): CaseResult {
  const settled = settleCase(run, result);
  return settled === 'notExecuted' && run.rerunOf !== undefined ? 'errored' : settled;
}

function isReported({ attempt, result }: EntryState): boolean {
  return attempt > 0 && result !== 'notExecuted' && result !== 'stopped';
}

/** The iterations with such a result; the whole case if it has none, as when it failed outside of them. */
function iterationsOr(testCase: CurrentCase, qualifies: (result: CaseResult) => boolean): number[] {
  const iterations = testCase.iterations.filter(({ result }) => qualifies(result));
  return iterations.length === 0 ? [testCase.position] : iterations.map(({ position }) => position);
}

/** Cases that were not executed count only when no other case exists. */
function caseResultsOf(current: readonly CurrentCase[]): RunResult[] {
  const results = current.map(({ result }) => runResults[result]);
  const executed = results.filter((result) => result !== 'noTests');
  return executed.length > 0 ? executed : results;
}

const runResults: Readonly<Record<CaseResult, RunResult>> = {
  passed: 'passed',
  failed: 'failed',
  blocked: 'failed',
  errored: 'errored',
  skipped: 'noTests',
  notExecuted: 'noTests',
  stopped: 'stopped',
  // Nothing is open once all runs are completed; if it were, it would not be green.
  running: 'errored',
  queued: 'errored',
};

/** From good to bad, as contracts/testsigma.md 4.3 orders them. */
const severity: Readonly<Record<RunResult, number>> = {
  passed: 0,
  failed: 1,
  errored: 2,
  timedOut: 2,
  noTests: 3,
  stopped: 4,
};

function worstResult(results: readonly RunResult[]): RunResult {
  return results.reduce((worst, result) => (severity[result] > severity[worst] ? result : worst), 'passed');
}
