import type { CaseResult } from './results.ts';

/** A completed run as a JUnit report shows it (contracts/testsigma.md 4.9). */
export interface JUnitReport {
  readonly planName: string;
  /** Where people see the run; property `proctor.run.url` of each suite. */
  readonly runUrl: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** How the run ended; a report is green only for `passed`. */
  readonly result: string;
  /** Of the run, shown when it did not pass and no case says why. */
  readonly message: string;
  readonly machines: readonly JUnitMachine[];
}

export interface JUnitMachine {
  readonly title: string;
  readonly cases: readonly JUnitCase[];
}

export interface JUnitCase {
  readonly suite: string;
  readonly className: string;
  readonly name: string;
  readonly result: CaseResult;
  /** The result in the words of the API that serves the report. */
  readonly label: string;
  readonly durationMs: number;
  readonly message?: string;
  readonly iterations: readonly { readonly name: string; readonly result: CaseResult; readonly label: string }[];
  /** It passed, but failed before in this run. */
  readonly flaky: boolean;
}
