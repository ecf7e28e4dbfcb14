import { fileURLToPath } from 'node:url';
import type { PickedCase } from '../../../core/executor.ts';
import { escapeRegex, groupByFile, noArguments, patternsOf, type Selector, scriptOf } from './selector.ts';

const runner = fileURLToPath(new URL('../jest-test-runner.mjs', import.meta.url));

/**
 * `-t` is matched, whatever the case of the letters, against the names of the describes and the test, joined with
 * blanks. jest-junit calls a case by that whole path unless its title template says `{title}`; then the rest is its class
 * name or its suite. It tells the file only as suite (`{filepath}`) or attribute; then just those files are run, and if
 * they are several each gets a pattern of its own, by jest's own test runner wrapped.
 * https://jestjs.io/docs/cli#--testnamepatternregex, https://github.com/jest-community/jest-junit#configuration
 */
export const jestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments(cases) {
    const files = toPaths(cases);
    return [`--testNamePattern=${toPattern(cases)}`, ...(files.length > 1 ? [`--testRunner=${runner}`] : []), ...files];
  },
  toSuiteArguments: toPaths,
  patternsByFile(cases) {
    const files = groupByFile(cases, scriptOf) ?? new Map();
    return Object.fromEntries([...files].map(([file, own]) => [file, toPattern(own)]));
  },
  reportsOnce: true,
  extras: (cases) => (toPaths(cases).length === 0 ? 'cases of the same full name in other files run too' : undefined),
};

function toPattern(cases: readonly PickedCase[]): string {
  return `^(?:${[...new Set(cases.flatMap(toPatterns))].join('|')})$`;
}

function toPatterns({ suite, className, name, iterations }: PickedCase): string[] {
  const parents = new Set([className, suite.replaceAll(' › ', ' ')].filter((parent) => parent !== ''));
  const paths = [name, ...[...parents].map((parent) => `${parent} ${name}`)];
  return paths.flatMap((path) => patternsOf(path, iterations, ' ')).map(undoTemplates);
}

/**
 * jest-junit fills its templates with String.replace, for which `$&` in a title is what it replaces, the template's tag,
 * and `$$` is `$`.
 */
function undoTemplates(pattern: string): string {
  return pattern
    .replace(/\\\{(?:class|file|suite)?(?:name|path|title)\\\}/g, (tag) => `(?:${tag}|\\$&)`)
    .replace(/\\\$/g, '\\$\\$?');
}

/** Patterns of the paths, if every case tells its file. */
function toPaths(cases: readonly PickedCase[]): string[] {
  const files = groupByFile(cases, scriptOf)?.keys() ?? [];
  return [...files].map((file) => `(?:^|/)${escapeRegex(file)}$`);
}
