import type { PickedCase } from '../../../core/executor.ts';
import { escapeRegex, noArguments, patternsOf, type Selector } from './selector.ts';

/**
 * `--grep` is matched against project, file, describes, test and tags, joined with blanks. The JUnit reporter names the
 * suite by its file and the case by its path, joined with ` › `. A machine of the plan is a project of the configuration.
 * https://playwright.dev/docs/api/class-testconfig#test-config-grep
 */
export const playwrightSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments(cases) {
    const paths = new Set(cases.flatMap(toPatterns));
    return [...projectsOf(cases), `--grep=(?:^| )(?:${[...paths].join('|')})(?: @\\S+)*$`];
  },
  toSuiteArguments(cases) {
    const files = new Set(cases.map(({ file, suite }) => escapeRegex(file ?? fileOf(suite))));
    return [...projectsOf(cases), `--grep=(?:^| )(?:${[...files].join('|')}) `];
  },
};

/** Cases without a machine run in all projects, so then none is left out. */
function projectsOf(cases: readonly PickedCase[]): string[] {
  const machines = [...new Set(cases.map(({ machine }) => machine))];
  return machines.includes(undefined) ? [] : machines.map((machine) => `--project=${machine}`);
}

function toPatterns({ suite, name, iterations }: PickedCase): string[] {
  return patternsOf(`${fileOf(suite)} ${name}`.replaceAll(' › ', ' '), iterations, ' ');
}

/** With several projects the suite is `[project] › file`; the project cannot be told from a part of a name, so all run. */
function fileOf(suite: string): string {
  return suite.replace(/^\[[^\]]*\] › /, '');
}
