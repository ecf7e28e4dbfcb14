import type { PickedCase } from '../../../core/executor.ts';
import { noArguments, type Selector } from './selector.ts';

/**
 * Node ids, `tests/test_cart.py::TestCart::test_adds[empty]`. The JUnit report joins module and classes with dots. The
 * module is the last name that looks like one (`test_*`, `*_test`); if none does, names that begin with a capital are
 * classes (pytest collects `Test*`, and what it knows from unittest).
 * https://docs.pytest.org/en/stable/how-to/usage.html#specifying-which-tests-to-run
 */
export const pytestSelector: Selector = {
  selects: 'iterations',
  baseArguments: noArguments,
  toArguments: (cases) => (cases.every(hasPlace) ? [...new Set(cases.flatMap(nodeIdsOf))] : null),
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
  const module = parts.findLastIndex((part) => /^test_|_test$/.test(part));
  const firstClass = parts.findIndex((part, i) => (module < 0 ? /^[A-Z]/.test(part) : i > module));
  const modules = firstClass < 0 ? parts : parts.slice(0, firstClass);
  const path = file ?? `${modules.join('/')}.py`;
  return { file: path.startsWith('-') ? `./${path}` : path, classes: firstClass < 0 ? [] : parts.slice(firstClass) };
}
