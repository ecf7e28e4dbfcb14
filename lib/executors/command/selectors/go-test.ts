import type { PickedCase } from '../../../core/executor.ts';
import { quoteShell } from '../quote-shell.ts';
import { escapeRegex, noArguments, type Selector } from './selector.ts';

/**
 * `-run '^(?:TestA|TestB)$|^TestTax$/^(?:de|fr)$'`: alternatives first, then one pattern a level (testing/match.go). Before
 * Go 1.20 levels came first, so there just one test's subtests can be picked at a time, and its name must stand last. Go
 * shows blanks in the names of subtests as `_`. Only the packages of the cases are tested if the command says `./...`.
 * https://pkg.go.dev/cmd/go#hdr-Testing_flags
 */
export const goTestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => [`-run=${toPattern(withoutParents(cases).flatMap(pathsOf))}`],
  toSuiteArguments: (cases) => [`-run=${toPattern(cases.map(({ name }) => name.split('/').slice(0, 1)))}`],
  narrow(command, cases) {
    const packages = packagesOf(cases);
    const words = [...packages].map(quoteShell).join(' ');
    return packages.has('') ? command : command.replace(everyPackage, (_, before) => `${before}${words}`);
  },
  extras(cases, { command }) {
    const packages = packagesOf(cases);
    if (packages.has('') || !everyPackage.test(command)) return 'tests of the same name in other packages run too';
    return packages.size > 1 ? 'tests of the same name in the other picked packages run too' : undefined;
  },
};

const everyPackage = /(^|\s)\.\/\.\.\.(?=\s|$)/;

/** The import paths, of which a report makes classes; with `''` if one is not known. */
function packagesOf(cases: readonly PickedCase[]): Set<string> {
  return new Set(cases.map(({ className, suite }) => className || suite));
}

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

function pathsOf({ name, iterations }: PickedCase): string[][] {
  const path = name.split('/');
  return iterations?.length ? iterations.map((iteration) => [...path, ...iteration.split('/')]) : [path];
}

/** One alternative for all tests below the same ones, the shortest paths first. */
function toPattern(paths: readonly string[][]): string {
  const siblings = new Map<string, Set<string>>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const names = path.map((name) => escapeRegex(name.replace(/\s/gu, '_')));
    const above = names.slice(0, -1).map((name) => `^${name}$/`);
    const own = siblings.get(above.join('')) ?? new Set();
    siblings.set(above.join(''), own.add(names.at(-1) ?? ''));
  }
  return [...siblings].map(([above, names]) => `${above}^${alternatives([...names])}$`).join('|');
}

function alternatives(names: readonly string[]): string {
  return names.length === 1 ? names.join() : `(?:${names.join('|')})`;
}
