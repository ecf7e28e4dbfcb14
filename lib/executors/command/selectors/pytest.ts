import type { PickedCase } from '../../../core/executor.ts';
import { noArguments, type Selector } from './selector.ts';

/**
 * Node ids, `tests/test_cart.py::TestCart::test_adds[empty]`. The JUnit report joins module and classes with dots;
 * without a file, the trailing names that begin with a capital are taken as classes (pytest collects `Test*` only).
 * https://docs.pytest.org/en/stable/how-to/usage.html#specifying-which-tests-to-run
 */
export const pytestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => (cases.every(hasPlace) ? [...new Set(cases.flatMap(nodeIdsOf))] : []),
  toSuiteArguments: (cases) =>
    cases.every(hasPlace) ? [...new Set(cases.map((picked) => moduleOf(picked).file))] : [],
};

/** The suite is called `pytest` whatever the module, so a case declared without its class cannot be found. */
function hasPlace({ className, file }: PickedCase): boolean {
  return className !== '' || file !== undefined;
}

function nodeIdsOf(picked: PickedCase): string[] {
  const { file, classes } = moduleOf(picked);
  const names = picked.iterations?.length
    ? picked.iterations.map((iteration) => `${picked.name}[${iteration}]`)
    : [picked.name];
  return names.map((name) => [file, ...classes, name].join('::'));
}

function moduleOf({ className, file }: PickedCase): { file: string; classes: string[] } {
  const parts = className.split('.');
  const firstClass = parts.findIndex((part) => /^[A-Z]/.test(part));
  const modules = firstClass < 0 ? parts : parts.slice(0, firstClass);
  const path = file ?? `${modules.join('/')}.py`;
  return { file: path.startsWith('-') ? `./${path}` : path, classes: firstClass < 0 ? [] : parts.slice(firstClass) };
}
