import type { PickedCase } from '../../../core/executor.ts';
import { noArguments, patternsOf, type Selector } from './selector.ts';

/**
 * `-t` is matched against the names of the describes and the test, joined with blanks. jest-junit calls a case by that
 * whole path unless its title template says `{title}`; then the rest is its class name or its suite.
 * https://jestjs.io/docs/cli#--testnamepatternregex, https://github.com/jest-community/jest-junit#configuration
 */
export const jestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => [`--testNamePattern=^(?:${[...new Set(cases.flatMap(toPatterns))].join('|')})$`],
  extras: () => 'cases of the same full name in other files run too',
};

function toPatterns({ suite, className, name, iterations }: PickedCase): string[] {
  const parents = new Set([className, suite.replaceAll(' › ', ' ')].filter((parent) => parent !== ''));
  const paths = [name, ...[...parents].map((parent) => `${parent} ${name}`)];
  return paths.flatMap((path) => patternsOf(path, iterations, ' '));
}
