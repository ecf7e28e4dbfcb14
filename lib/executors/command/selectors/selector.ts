import { posix } from 'node:path';
import type { PickedCase, SelectionGrain } from '../../../core/executor.ts';
import type { ReportedCase } from '../../../core/results.ts';

/** What the arguments of one attempt may refer to. All paths are absolute. */
export interface SelectorJob {
  /** The plan's command, as written. */
  readonly command: string;
  readonly progressFile: string;
  readonly reportFile: string;
  /** Where Proctor's own modules for test runners (`*.mjs`) are; absent where the runner's machine has none of ours. */
  readonly helpersDirectory?: string;
}

/** One of our own modules, where the job runs. Selectors that cannot do without are not offered where there is none. */
export function helperOf({ helpersDirectory }: SelectorJob, file: string): string {
  if (helpersDirectory === undefined) throw new Error(`No module of ours is where the job runs: ${file}`);
  return posix.join(helpersDirectory, file);
}

/** How to tell one test runner which cases to run. */
export interface Selector {
  readonly selects: Exclude<SelectionGrain, 'nothing'>;
  /** Always added, also when everything runs. */
  baseArguments(job: SelectorJob): string[];
  /** Arguments that run the cases, unquoted, each one word; null if the runner cannot tell these cases from others. */
  toArguments(cases: readonly PickedCase[], job: SelectorJob): string[] | null;
  /** Arguments that run the suites of the cases, for when the names are too many; absent if the runner has no such thing. */
  toSuiteArguments?(cases: readonly PickedCase[]): string[];
  /** The command, which picks where to look for cases itself, with just the places of these. */
  narrow?(command: string, cases: readonly PickedCase[]): string;
  /** What runs besides the cases, for people; undefined if nothing does. */
  extras?(cases: readonly PickedCase[], job: SelectorJob): string | undefined;
  /**
   * The pattern of the names to run, by file, if each case tells its file. The job finds it as `patterns.json`: one pattern
   * for all files would also run cases of one picked name in the file of another.
   */
  patternsByFile?(cases: readonly PickedCase[]): Record<string, string>;
  /** Undoes what the runner's report does to names; null for a case that was only reported because it was left out. */
  fromReport?(reported: ReportedCase): ReportedCase | null;
  /**
   * The report has a test once, however often it was tried. Then a case that is there twice is two tests of one name, and
   * the worse result is the case's: a pass must not hide a failure elsewhere.
   */
  readonly reportsOnce?: true;
  /** Where in a command without `{selection}` the arguments go: behind this text; at the end if it is absent. */
  readonly insertAfter?: RegExp;
}

export const noArguments = (): string[] => [];

/** The text as a regular expression that matches just it, in JavaScript and in RE2. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * The case's name as patterns, if it is data-driven extended by its iterations: the named ones, or any. Runners write an
 * iteration behind the name of its case, in brackets or as a test below it; only named ones can be told from other tests
 * there.
 */
export function patternsOf(name: string, iterations: readonly string[] | undefined, joint: string): string[] {
  const own = escapeRegex(name);
  if (iterations === undefined) return [own];
  if (iterations.length === 0) return [`${own}(?:\\[.*\\]| \\(.*\\))?`];
  return iterations.map((iteration) => {
    const text = escapeRegex(iteration);
    return `${own}(?:${joint}${text}|\\[${text}\\]| \\(${text}\\))`;
  });
}

/** The cases by the file they tell; null if one tells none. */
export function groupByFile(
  cases: readonly PickedCase[],
  fileOf: (picked: PickedCase) => string | null,
): Map<string, PickedCase[]> | null {
  const files = new Map<string, PickedCase[]>();
  for (const picked of cases) {
    const file = fileOf(picked);
    if (file === null) return null;
    const own = files.get(file);
    if (own) own.push(picked);
    else files.set(file, [picked]);
  }
  return files;
}

/** The file of a case if it is one of JavaScript, from where the report has it: as attribute or as suite. */
export function scriptOf({ file, suite }: PickedCase): string | null {
  const path = file ?? suite;
  return isScript(path) && !path.startsWith('-') ? path : null;
}

export function isScript(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}
