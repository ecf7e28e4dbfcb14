import type { PickedCase } from '../../../core/executor.ts';
import { noArguments, patternsOf, type Selector } from './selector.ts';

/**
 * Vitest's JUnit reporter names the suite by its file and the case by its path, joined with ` > `; `-t` is matched
 * against the same path joined with blanks. A name may hold ` > ` itself, so each joint matches either.
 * https://vitest.dev/guide/cli#testnamepattern
 */
export const vitestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => [`--testNamePattern=${toPattern(cases)}`, ...filesOf(cases)],
  toSuiteArguments: filesOf,
  extras: (cases) =>
    filesOf(cases).length > 1 ? 'cases of the same name in the other picked files run too' : undefined,
};

function toPattern(cases: readonly PickedCase[]): string {
  const patterns = cases.flatMap(({ name, iterations }) => patternsOf(name, iterations, ' > '));
  return `^(?:${[...new Set(patterns)].join('|')})$`.replaceAll(' > ', ' (?:> )?');
}

/** Vitest takes these as parts of paths. A suite that is no file (another reporter, other options) narrows nothing. */
function filesOf(cases: readonly PickedCase[]): string[] {
  const files = cases.map(({ file, suite }) => file ?? suite);
  const known = files.every((file) => /\.[cm]?[jt]sx?$/.test(file) && !file.startsWith('-'));
  return known ? [...new Set(files)] : [];
}
