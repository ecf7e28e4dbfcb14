import type { PickedCase } from '../../../core/executor.ts';
import {
  groupByFile,
  helperOf,
  noArguments,
  patternsOf,
  type Selector,
  type SelectorJob,
  scriptOf,
} from './selector.ts';

/**
 * Vitest's JUnit reporter names the suite by its file and the case by its path, joined with ` > `; `-t` is matched
 * against the same path joined with blanks. A name may hold ` > ` itself, so each joint matches either. There is one `-t`
 * for all files; from 4.1 on a reporter can give each file its own. One more reporter on the command line would replace
 * those of the configuration, so it is added only to others.
 * https://vitest.dev/guide/cli#testnamepattern
 */
export const vitestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments(cases, job) {
    const files = filesOf(cases);
    const reporter = files.length > 1 && hasReporter(job) ? [`--reporter=${helperOf(job, 'vitest-reporter.mjs')}`] : [];
    return [`--testNamePattern=${toPattern(cases)}`, ...reporter, ...files];
  },
  toSuiteArguments: filesOf,
  patternsByFile(cases) {
    const files = groupByFile(cases, scriptOf) ?? new Map();
    return Object.fromEntries([...files].map(([file, own]) => [file, toPattern(own)]));
  },
  reportsOnce: true,
  extras(cases, job) {
    const files = filesOf(cases).length;
    if (files === 0) return 'cases of the same full name in other files run too';
    if (files === 1) return undefined;
    const others = 'cases of the same full name in the other picked files run too';
    return hasReporter(job) ? `before vitest 4.1, ${others}` : others;
  },
};

function hasReporter({ command, helpersDirectory }: SelectorJob): boolean {
  return helpersDirectory !== undefined && /(?:^|\s)--reporter[= ]/.test(command);
}

function toPattern(cases: readonly PickedCase[]): string {
  const patterns = cases.flatMap(({ name, iterations }) => patternsOf(name, iterations, ' > '));
  return `^(?:${[...new Set(patterns)].join('|')})$`.replaceAll(' > ', ' (?:> )?');
}

/** Vitest takes these as parts of paths. A suite that is no file (another reporter, other options) narrows nothing. */
function filesOf(cases: readonly PickedCase[]): string[] {
  return [...(groupByFile(cases, scriptOf)?.keys() ?? [])];
}
