import type { PickedCase } from '../../../core/executor.ts';
import {
  escapeRegex,
  groupByFile,
  helperOf,
  isScript,
  noArguments,
  patternsOf,
  type Selector,
  scriptOf,
} from './selector.ts';

/**
 * `-t` is matched, whatever the case of the letters, against the names of the describes and the test, joined with
 * blanks. jest-junit calls a case by that whole path unless its title template says `{title}`; then the rest is its class
 * name or its suite. With the file as suite (`JEST_JUNIT_SUITE_NAME={filepath}`) it is clear which; then just those files
 * are run, and if they are several or the names many, each gets a pattern of its own, by jest's test runner wrapped.
 * https://jestjs.io/docs/cli#--testnamepatternregex, https://github.com/jest-community/jest-junit#configuration
 */
export const jestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments(cases, job) {
    const files = toPaths(cases);
    const named = `--testNamePattern=${toPattern(cases)}`;
    const onePattern = files.length === 0 || (files.length === 1 && named.length < maxPattern);
    if (job.helpersDirectory === undefined || onePattern) return [named, ...files];
    return [`--testRunner=${helperOf(job, 'jest-test-runner.mjs')}`, ...files];
  },
  patternsByFile(cases) {
    const files = groupByFile(cases, scriptOf) ?? new Map();
    return Object.fromEntries([...files].map(([file, own]) => [file, toPattern(own)]));
  },
  reportsOnce: true,
  extras(cases, { helpersDirectory }) {
    if (!cases.every(({ suite }) => isScript(suite)))
      return 'cases of the same name in other files or suites may run too';
    const shared = helpersDirectory === undefined && toPaths(cases).length > 1;
    return shared ? 'cases of the same name in the other picked files run too' : undefined;
  },
};

const maxPattern = 20_000;

function toPattern(cases: readonly PickedCase[]): string {
  return `^(?:${[...new Set(cases.flatMap(toPatterns))].join('|')})$`;
}

function toPatterns({ suite, className, name, iterations }: PickedCase): string[] {
  const paths = isScript(suite) ? toFullNames(className, name) : guessFullNames(suite, className, name);
  return paths.flatMap((path) => patternsOf(path, iterations, ' ')).map(undoTemplates);
}

/** The class is that of the describes, the full name itself, or neither. */
function toFullNames(className: string, name: string): string[] {
  if (className === '' || className === name || isScript(className)) return [name];
  const below = `${className} ${name}`;
  return name.startsWith(`${className} `) ? [name, below] : [below];
}

function guessFullNames(suite: string, className: string, name: string): string[] {
  const parents = new Set([className, suite.replaceAll(' › ', ' ')].filter((parent) => parent !== ''));
  return [name, ...[...parents].map((parent) => `${parent} ${name}`)];
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
