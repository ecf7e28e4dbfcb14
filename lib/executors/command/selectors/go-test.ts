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
  toArguments: (cases) => [`-run=${[...new Set(withoutParents(cases).flatMap(patternsOf))].join('|')}`],
  toSuiteArguments: (cases) => [
    `-run=${[...new Set(cases.map(({ name }) => toPattern(name.split('/')[0] ?? '')))].join('|')}`,
  ],
  extras: () => 'tests of the same name in other packages run too',
};

/** A test fails with its subtests, and runs with them, but alone it would run them all. */
function withoutParents(cases: readonly PickedCase[]): readonly PickedCase[] {
  const parents = new Set(cases.flatMap((picked) => ancestorsOf(picked.name).map((name) => keyOf(picked, name))));
  return cases.filter((picked) => !parents.has(keyOf(picked, picked.name)));
}

function ancestorsOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

function keyOf({ suite, className }: PickedCase, name: string): string {
  return JSON.stringify([suite, className, name]);
}

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
