import type { PickedCase } from '../../../core/executor.ts';
import { noArguments, type Selector } from './selector.ts';

/**
 * `-Dtest=Class#method+method,Class`. A parameterized method is reported with its parameters, which cannot be picked; a
 * display name is no method, so its class runs.
 * https://maven.apache.org/surefire/maven-surefire-plugin/examples/single-test.html
 */
export const mavenSurefireSelector: Selector = {
  selects: 'cases',
  baseArguments: noArguments,
  toArguments: (cases) => toArguments(methodsByClass(cases)),
  toSuiteArguments: (cases) => toArguments(new Map([...methodsByClass(cases).keys()].map((name) => [name, null]))),
  extras: (cases) =>
    cases.some((picked) => methodOf(picked.name) === null)
      ? 'the whole class of a case that is not named by its method runs'
      : undefined,
};

function toArguments(classes: ReadonlyMap<string, ReadonlySet<string> | null>): string[] {
  const tests = [...classes].map(([name, methods]) => (methods ? `${name}#${[...methods].join('+')}` : name));
  return [`-Dtest=${tests.join(',')}`, '-Dsurefire.failIfNoSpecifiedTests=false'];
}

function methodsByClass(cases: readonly PickedCase[]): Map<string, Set<string> | null> {
  const classes = new Map<string, Set<string> | null>();
  for (const { className, suite, name } of cases) {
    // Characters with a meaning in the option become its wildcard, which runs more rather than less.
    const owner = (className || suite).replace(/[^\p{L}\p{N}_$.]/gu, '?');
    const method = methodOf(name);
    const methods = classes.get(owner);
    if (method === null) classes.set(owner, null);
    else if (methods === undefined) classes.set(owner, new Set([method]));
    else methods?.add(method);
  }
  return classes;
}

function methodOf(name: string): string | null {
  return /^([\p{L}_$][\p{L}\p{N}_$]*)(?:[([{].*)?$/su.exec(name)?.[1] ?? null;
}
