import type { CaseResult } from './results.ts';

/** What a case did in one run. A data-driven case is one case, and a case is one on each machine. */
export interface CaseOutcome {
  /** Its catalog position. */
  readonly position: number;
  readonly runId: number;
  readonly result: CaseResult;
  /** It passed in the end and failed before, in this run. */
  readonly flaky: boolean;
  readonly durationMs: number;
  /** The attempt its result is from. */
  readonly attempt: number;
  readonly message?: string;
}

/** The cases of one completed run. */
export interface RunOutcomes {
  readonly runId: number;
  /** It ran everything, and told all of it: a case that is not in it is no longer in the plan. */
  readonly isWhole: boolean;
  readonly outcomes: readonly CaseOutcome[];
}

/**
 * What the outcomes of one case over several runs say. Only runs in which it was executed count: `skipped`, `blocked`,
 * `stopped` and `notExecuted` neither fail nor pass, so they break no streak and make none.
 */
export interface CaseFigures {
  /** Runs in which it was executed: the sum of the next three. */
  readonly runs: number;
  /** Passed without having failed before in the same run. */
  readonly passed: number;
  /** Failed or errored in the end. */
  readonly failed: number;
  /** Passed in the end, after a failure in the same run. */
  readonly flaky: number;
  /** Runs whose end differs from that of the executed run before: passed then failed, or failed then passed. */
  readonly flips: number;
  /** The share of its runs in which it changed its mind, within the run (`flaky`) or since the one before (a flip); 0 to 1. */
  readonly flakiness: number;
  /** The unbroken newest failures. */
  readonly failingRuns: number;
  /** The oldest of these; null if it passed in the end. */
  readonly firstFailedRunId: number | null;
  /** Nearest rank, so each is a duration that was measured; null if it was never executed. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly lastMs: number | null;
}

export interface CaseHistory extends CaseFigures {
  readonly position: number;
  /** Newest first, every outcome there is, executed or not. */
  readonly outcomes: readonly CaseOutcome[];
}

/**
 * The history of each case of the runs, ascending by position. A case is left out once the newest run of everything no
 * longer has it, and no run after that: it was renamed or removed, and what it failed with last is nobody's concern.
 */
export function foldHistory(runs: readonly RunOutcomes[]): CaseHistory[] {
  const newestFirst = [...runs].sort((a, b) => b.runId - a.runId);
  const byPosition = new Map<number, CaseOutcome[]>();
  let everythingWasRun = false;
  for (const { isWhole, outcomes } of newestFirst) {
    for (const outcome of outcomes) {
      const known = byPosition.get(outcome.position);
      if (known !== undefined) known.push(outcome);
      else if (!everythingWasRun) byPosition.set(outcome.position, [outcome]);
    }
    everythingWasRun ||= isWhole;
  }
  return [...byPosition]
    .sort(([a], [b]) => a - b)
    .map(([position, outcomes]) => ({ position, outcomes, ...foldOutcomes(outcomes) }));
}

/** The figures of one case, whatever the order of its outcomes: runs follow each other by id, as they were triggered. */
export function foldOutcomes(outcomes: readonly CaseOutcome[]): CaseFigures {
  const executed = outcomes.filter(({ result }) => wasExecuted(result)).sort((a, b) => b.runId - a.runId);
  const failed = executed.filter(({ result }) => isFailure(result)).length;
  const flaky = executed.filter(({ flaky }) => flaky).length;
  const flipped = executed.map(({ result }, i) => {
    const before = executed[i + 1];
    return before !== undefined && isFailure(before.result) !== isFailure(result);
  });
  const unstable = executed.filter(({ flaky }, i) => flaky || flipped[i]).length;
  const newestPassed = executed.findIndex(({ result }) => !isFailure(result));
  const failingRuns = newestPassed === -1 ? executed.length : newestPassed;
  const durations = executed.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  return {
    runs: executed.length,
    passed: executed.length - failed - flaky,
    failed,
    flaky,
    flips: flipped.filter(Boolean).length,
    flakiness: executed.length === 0 ? 0 : unstable / executed.length,
    failingRuns,
    firstFailedRunId: failingRuns === 0 ? null : (executed[failingRuns - 1]?.runId ?? null),
    medianMs: percentile(durations, 0.5),
    p95Ms: percentile(durations, 0.95),
    lastMs: executed[0]?.durationMs ?? null,
  };
}

/** Cases that fail now, those first whose first failure is newest: what broke last is what people look for. */
export function failingCases(histories: readonly CaseHistory[]): CaseHistory[] {
  return histories
    .filter(({ failingRuns }) => failingRuns > 0)
    .sort((a, b) => (b.firstFailedRunId ?? 0) - (a.firstFailedRunId ?? 0) || a.position - b.position);
}

/**
 * The flakiest cases first. One flip alone is a break or a repair: a case is flaky once it came back, or passed after failing
 * in the same run.
 */
export function flakyCases(histories: readonly CaseHistory[]): CaseHistory[] {
  return histories
    .filter(({ flaky, flips }) => flaky > 0 || flips > 1)
    .sort((a, b) => b.flakiness - a.flakiness || b.runs - a.runs || a.position - b.position);
}

/** The slowest cases by their median first; those too fast to be measured are none. */
export function slowCases(histories: readonly CaseHistory[]): CaseHistory[] {
  return histories
    .filter(({ medianMs }) => medianMs !== null && medianMs > 0)
    .sort((a, b) => (b.medianMs ?? 0) - (a.medianMs ?? 0) || a.position - b.position);
}

export function isFailure(result: CaseResult): boolean {
  return result === 'failed' || result === 'errored';
}

function wasExecuted(result: CaseResult): boolean {
  return result === 'passed' || isFailure(result);
}

/** Nearest rank of ascending numbers. */
function percentile(ascending: readonly number[], share: number): number | null {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? null;
}
