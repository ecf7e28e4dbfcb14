import type { PickedCase, SelectionGrain } from '../../../core/executor.ts';
import type { ReportedCase } from '../../../core/results.ts';

/** What the arguments of one attempt may refer to. All paths are absolute. */
export interface SelectorJob {
  /** The plan's command, as written. */
  readonly command: string;
  readonly progressFile: string;
  readonly reportFile: string;
}

/** How to tell one test runner which cases to run. */
export interface Selector {
  readonly selects: Exclude<SelectionGrain, 'nothing'>;
  /** Always added, also when everything runs. */
  baseArguments(job: SelectorJob): string[];
  /** Arguments that run the cases, unquoted, each one word. */
  toArguments(cases: readonly PickedCase[]): string[];
  /** Arguments that run the suites of the cases, for when the names are too many; absent if the runner has no such thing. */
  toSuiteArguments?(cases: readonly PickedCase[]): string[];
  /** What runs besides the cases, for people; undefined if nothing does. */
  extras?(cases: readonly PickedCase[]): string | undefined;
  /** Undoes what the runner's report does to names; null for a case that was only reported because it was left out. */
  fromReport?(reported: ReportedCase): ReportedCase | null;
  /** Where in a command without `{selection}` the arguments go: behind this text; at the end if it is absent. */
  readonly insertAfter?: RegExp;
}

export const noArguments = (): string[] => [];

/** The text as a regular expression that matches just it, in JavaScript and in RE2. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * The cases' names as patterns, each extended by its iterations: the named ones, or any. Runners write an iteration
 * behind the name of its case, in brackets or as a test below it; only named ones can be told from other tests there.
 */
export function patternsOf(name: string, iterations: readonly string[] | undefined, joint: string): string[] {
  const own = escapeRegex(name);
  if (!iterations?.length) return [`${own}(?:\\[.*\\]| \\(.*\\))?`];
  return iterations.map((iteration) => {
    const text = escapeRegex(iteration);
    return `${own}(?:${joint}${text}|\\[${text}\\]| \\(${text}\\))`;
  });
}
