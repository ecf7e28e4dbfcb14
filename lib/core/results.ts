/** How one test case or iteration ended, or where it stands. The position in this list is its packed code: append only. */
export const caseResults = [
  'passed',
  'failed',
  'errored',
  'skipped',
  'blocked',
  'stopped',
  'notExecuted',
  'running',
  'queued',
] as const;
export type CaseResult = (typeof caseResults)[number];

/** What an executor may report. The others are Proctor's own conclusions. */
export type ReportableResult = 'passed' | 'failed' | 'errored' | 'skipped' | 'blocked' | 'running';

/** What identifies a test case: never its position. */
export interface CaseName {
  /** Nested suites are joined with ` › `. */
  readonly suite: string;
  /** Class or module, `''` where the reporter has none. */
  readonly className: string;
  readonly name: string;
}

/** One result as an executor tells it, by JSON, JUnit XML or progress line. */
export interface ReportedCase extends CaseName {
  /** Name of the data set, for one iteration of a data-driven case. */
  readonly iteration?: string;
  /** What the report calls the machine it ran on; whether that is one of the plan's is for the plan to say. */
  readonly machine?: string;
  readonly result: ReportableResult;
  readonly durationMs: number;
  /** One line for people, at most 2,000 characters. */
  readonly message?: string;
  /** Stack or longer text, at most 16,000 characters. */
  readonly details?: string;
  /** Source file, kept because some runners select by it. */
  readonly file?: string;
}

/** The order in which a worse result hides a better one, when iterations make up their case. */
const severity: Record<CaseResult, number> = {
  skipped: 0,
  passed: 1,
  blocked: 2,
  failed: 3,
  errored: 4,
  notExecuted: 5,
  stopped: 6,
  queued: 7,
  running: 8,
};

/** The result of a data-driven case: the worst of its iterations, unfinished while one is. */
export function worstOf(results: Iterable<CaseResult>): CaseResult {
  let worst: CaseResult = 'skipped';
  for (const result of results) if (severity[result] > severity[worst]) worst = result;
  return worst;
}

/** True when nothing more is expected of the case. */
export function isFinished(result: CaseResult): boolean {
  return result !== 'queued' && result !== 'running';
}

/** Cases by result; `total` is their sum (invariant I3). `flaky` counts passed cases that failed in an earlier attempt. */
export interface Counts extends Record<CaseResult, number> {
  readonly total: number;
  readonly flaky: number;
}

/** Counts of the given results. A data-driven case is one of them; its iterations are none. */
export function countResults(results: Iterable<{ readonly result: CaseResult; readonly flaky: boolean }>): Counts {
  const counts = { ...noCounts };
  for (const { result, flaky } of results) {
    counts.total += 1;
    counts[result] += 1;
    if (flaky) counts.flaky += 1;
  }
  return counts;
}

export const noCounts: { -readonly [K in keyof Counts]: number } = Object.freeze({
  total: 0,
  passed: 0,
  failed: 0,
  errored: 0,
  skipped: 0,
  blocked: 0,
  stopped: 0,
  notExecuted: 0,
  running: 0,
  queued: 0,
  flaky: 0,
});
