import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import real from 'node:test';
import { compileFunction } from 'node:vm';
import { createFilter, notPicked } from './node-test-selection.mjs';

export * from 'node:test';

/** The test file of this process; undefined when one process runs them all (`--test-isolation=none`). */
const file = process.env.NODE_TEST_CONTEXT === undefined ? undefined : process.argv[1];
const { PROCTOR_SELECTION: selection } = process.env;
const isPicked =
  selection === undefined ? () => true : createFilter(readSelection(selection), file && relativeTo(file));
/** Node calls the file of a test the one its declaration was called from, which would be this one. */
const callFrom = compileFunction('return declare(...given);', ['declare', 'given'], file && { filename: file });
/** Names of the tests around the code that runs. */
const around = new AsyncLocalStorage();
const pathOfContext = new WeakMap();
let patchedContexts;

const test = wrapFunction(real);
Object.assign(test, real, { test, it: test, ...wrapAll(['describe', 'suite']) });
for (const key of ['skip', 'todo', 'only']) test[key] = wrapFunction(real[key]);

export const { it, describe, suite } = test;
export { test };
export default test;

function wrapAll(names) {
  const wrapped = {};
  for (const name of names) {
    if (typeof real[name] !== 'function') continue;
    wrapped[name] = wrapFunction(real[name]);
    for (const key of ['skip', 'todo', 'only']) wrapped[name][key] = wrapFunction(real[name][key]);
  }
  return wrapped;
}

function wrapFunction(original) {
  return (...given) => declare(original, around.getStore() ?? [], given);
}

function declare(original, parents, given) {
  const { name, options, fn } = readArguments(given);
  const path = [...parents, name];
  if (!isPicked(path)) return callFrom(original, [name, { ...options, skip: notPicked }, () => {}]);
  return callFrom(original, [name, options, fn && inside(path, fn)]);
}

/** As node's test runner reads them: any of name, options and function may be left out. */
function readArguments([first, second, third]) {
  const given = [first, second, third];
  const fn = given.find((value) => typeof value === 'function');
  const options = given.find((value) => typeof value === 'object' && value !== null) ?? {};
  const name = typeof first === 'string' && first !== '' ? first : fn?.name || '<anonymous>';
  return { name, options, fn };
}

/** The function, with its tests declared below the path. Two parameters mean a callback to the runner, so they stay. */
function inside(path, fn) {
  const run = (self, given) => {
    rememberContext(given[0], path);
    return around.run(path, () => fn.apply(self, given));
  };
  if (fn.length < 2) {
    return function body(context) {
      return run(this, [context]);
    };
  }
  return function body(context, done) {
    return run(this, [context, done]);
  };
}

function rememberContext(context, path) {
  if (typeof context?.test !== 'function') return;
  pathOfContext.set(context, path);
  const prototype = Object.getPrototypeOf(context);
  if (patchedContexts === prototype) return;
  patchedContexts = prototype;
  const original = prototype.test;
  prototype.test = function subtest(...given) {
    return declare(original.bind(this), pathOfContext.get(this) ?? around.getStore() ?? [], given);
  };
}

function readSelection(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function relativeTo(path) {
  return relative(process.cwd(), path).replaceAll('\\', '/');
}
