import type { PickedCase } from '../../../core/executor.ts';
import { escapeRegex, noArguments, type Selector } from './selector.ts';

/**
 * `-run '^TestA$|^TestB$/^sub$'`: alternatives first, then one pattern a level (Go 1.20, testing/match.go). Go shows
 * blanks in the names of subtests as `_`.
 * https://pkg.go.dev/cmd/go#hdr-Testing_flags
 */
export const goTestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => [`-run=${[...new Set(cases.flatMap(patternsOf))].join('|')}`],
  toSuiteArguments: (cases) => [
    `-run=${[...new Set(cases.map(({ name }) => toPattern(name.split('/')[0] ?? '')))].join('|')}`,
  ],
  extras: (cases) =>
    new Set(cases.map(({ className, suite }) => className || suite)).size > 1
      ? 'tests of the same name in other packages run too'
      : undefined,
};

function patternsOf({ name, iterations }: PickedCase): string[] {
  return iterations?.length ? iterations.map((iteration) => toPattern(`${name}/${iteration}`)) : [toPattern(name)];
}

function toPattern(path: string): string {
  return path
    .replace(/\s/gu, '_')
    .split('/')
    .map((name) => `^${escapeRegex(name)}$`)
    .join('/');
}
