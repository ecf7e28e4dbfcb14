import Module, { register } from 'node:module';
import test from './node-test-facade.mjs';

// Loaded by `--import` in each test process. Node 20 picks tests by their last name only, and never one inside another
// test, so the tests are given a `node:test` that skips what was not picked and tells the file of each test.
const facade = new URL('./node-test-facade.mjs', import.meta.url).href;
const hooks = `export async function resolve(specifier, context, next) {
  if (specifier !== 'node:test' || context.parentURL === ${JSON.stringify(facade)}) return next(specifier, context);
  return { url: ${JSON.stringify(facade)}, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const load = Module._load;
Module._load = (request, ...rest) => (request === 'node:test' ? test : load(request, ...rest));
