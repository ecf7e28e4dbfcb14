import type { CaseState, EntryState } from '../../core/report.ts';
import { isFinished } from '../../core/results.ts';
import type { Run, RunResult } from '../../core/run.ts';
import { settleCase } from '../../core/settle.ts';

/** In the order of `test_result_status_counts`. */
const levels = [
  'SUCCESS',
  'FAILURE',
  'ERROR',
  'WARNING',
  'STOPPED',
  'UNEXECUTED',
  'RUNNING',
  'TERMINATING',
  'WAITING',
] as const;
export type Level = (typeof levels)[number];

export type Summary = { readonly [L in Level]?: number };

type Standing = Pick<Run, 'status' | 'result'>;

/** Where a result stands (contracts/testinium.md 4.1). */
export function levelOf(run: Standing, { result, attempt }: Pick<EntryState, 'result' | 'attempt'>): Level {
  const settled = settleCase(run, result);
  if (!isFinished(settled)) {
    if (run.status === 'stopping') return 'TERMINATING';
    return settled === 'running' ? 'RUNNING' : 'WAITING';
  }
  if (settled === 'passed') return 'SUCCESS';
  if (settled === 'failed') return 'FAILURE';
  if (settled === 'errored') return 'ERROR';
  // What had begun was stopped; what had not was never executed.
  return settled === 'stopped' && attempt > 0 ? 'STOPPED' : 'UNEXECUTED';
}

/** True for a level that stays. */
export function isFinal(level: Level): boolean {
  return level !== 'WAITING' && level !== 'RUNNING' && level !== 'TERMINATING';
}

/**
 * Results by level (contracts/testinium.md 4.2). Clients look at FAILURE and ERROR alone, so a run that ended without passing
 * has what they look for even if no result carries it: anything else would be falsely green (T8, D10).
 */
export function summarize(
  run: Standing,
  cases: readonly Pick<CaseState, 'result' | 'attempt'>[],
  { errorsAlsoAsFailure }: { readonly errorsAlsoAsFailure: boolean },
): Summary {
  const counts = new Map<Level, number>();
  for (const testCase of cases) {
    const level = levelOf(run, testCase);
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return withEnding(run, Object.fromEntries(counts), errorsAlsoAsFailure);
}

/** The sum of the children's summaries, as that of their parent's run. */
export function sumUp(
  run: Standing,
  summaries: readonly Summary[],
  { errorsAlsoAsFailure }: { readonly errorsAlsoAsFailure: boolean },
): Summary {
  const sum: { [L in Level]?: number } = {};
  for (const summary of summaries) {
    for (const level of levels) {
      if (summary[level] !== undefined) sum[level] = (sum[level] ?? 0) + summary[level];
    }
  }
  return withEnding(run, sum, errorsAlsoAsFailure);
}

/** `[SUCCESS, 3], [FAILURE, 1]`. */
export function toStatusCounts(summary: Summary): string {
  return levels.flatMap((level) => (summary[level] === undefined ? [] : `[${level}, ${summary[level]}]`)).join(', ');
}

/** Of a run that ended neither passed nor failed. */
export function errorCodeOf({ status, result }: Standing): string | undefined {
  return status === 'completed' ? errorCodes[result ?? 'errored'] : undefined;
}

const errorCodes: Readonly<Record<RunResult, string | undefined>> = {
  passed: undefined,
  failed: undefined,
  errored: 'RUN_ERROR',
  timedOut: 'RUN_TIMED_OUT',
  stopped: 'RUN_STOPPED',
  noTests: 'NO_TESTS',
};

function withEnding(run: Standing, counted: Summary, errorsAlsoAsFailure: boolean): Summary {
  if (run.status !== 'completed' || run.result === 'passed') return inOrder(counted);
  const summary: { [L in Level]?: number } = { ...counted };
  if (run.result !== 'failed') summary.ERROR ??= 1;
  else if (summary.ERROR === undefined) summary.FAILURE ??= 1;
  if (errorsAlsoAsFailure) summary.FAILURE ??= 1;
  return inOrder(summary);
}

function inOrder(summary: Summary): Summary {
  return Object.fromEntries(levels.flatMap((level) => (summary[level] === undefined ? [] : [[level, summary[level]]])));
}
