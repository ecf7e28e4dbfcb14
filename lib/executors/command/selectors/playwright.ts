import type { PickedCase } from '../../../core/executor.ts';
import { escapeRegex, noArguments, patternsOf, type Selector } from './selector.ts';

/**
 * `--grep` is matched against project, file, describes, test and tags, joined with blanks. The JUnit reporter names the
 * suite by its file, of a plan without machines with several projects by `[project] › file`, and the case by its path,
 * joined with ` › `. A machine of the plan is a project of the configuration. A tag cannot be told from a last word of the
 * title that looks like one, so a test called `pays @night` runs with `pays`.
 * https://playwright.dev/docs/api/class-testconfig#test-config-grep
 */
export const playwrightSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments(cases) {
    const paths = new Set(cases.flatMap(toPatterns));
    return [...projectsOf(cases), `--grep=^(?:${[...paths].join('|')})(?: @\\S+)*$`];
  },
  toSuiteArguments(cases) {
    const files = new Set(cases.map(({ suite }) => toPlace(suite)));
    return [...projectsOf(cases), `--grep=^(?:${[...files].join('|')}) `];
  },
  reportsOnce: true,
};

/** Cases without a machine run in all projects, so then none is left out. */
function projectsOf(cases: readonly PickedCase[]): string[] {
  const machines = [...new Set(cases.map(({ machine }) => machine))];
  return machines.includes(undefined) ? [] : machines.map((machine) => `--project=${machine}`);
}

function toPatterns({ suite, name, iterations }: PickedCase): string[] {
  const place = toPlace(suite);
  return patternsOf(name, iterations, ' › ').map((pattern) => `${place} ${pattern}`.replaceAll(' › ', ' (?:› )?'));
}

/** The start of what is matched, up to the file. A suite without a project may be in any, or in the only one. */
function toPlace(suite: string): string {
  const [, project, file = suite] = /^\[([^\]]*)\] › (.*)$/su.exec(suite) ?? [];
  return project === undefined ? `(?:.* )?${escapeRegex(file)}` : ` *${escapeRegex(project)} ${escapeRegex(file)}`;
}
