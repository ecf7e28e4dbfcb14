import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Dialect, recorder, writeJavaScriptProject } from './javascript-project.ts';
import { makeCases } from './names.ts';
import { install } from './prepare.ts';
import type { Runner } from './runner.ts';

export const nodeTest = javaScriptRunner({
  selector: 'node:test',
  version: () => process.versions.node,
  modules: () => resolve('node_modules'),
  command: 'node --test {selection} tests/*.test.mjs',
  extension: '.test.mjs',
  imports: "import { describe, it } from 'node:test';",
  describe: 'describe',
  test: 'it',
  iterations: (sets) => `describe('Tax', () => {
  it('charges the tax of', async (t) => { for (const [name, run] of ${sets}) await t.test(name, run); });
});`,
  dataDriven: { suite: 'Tax', className: '', name: 'charges the tax of' },
});

export const vitest = javaScriptRunner({
  selector: 'vitest',
  version: () => versionIn(resolve('node_modules'), 'vitest'),
  modules: () => resolve('node_modules'),
  command: 'npx --no-install vitest run --root . --reporter=junit --outputFile={report} {selection}',
  extension: '.test.js',
  imports: "import { describe, it } from 'vitest';",
  describe: 'describe',
  test: 'it',
  iterations: (sets) => `describe('Tax', () => { it.each(${sets})('taxes (%s)', (_, run) => run()); });`,
  dataDriven: { suite: 'tests/tax.test.js', className: '', name: 'Tax > taxes' },
});

export const jest = javaScriptRunner({
  selector: 'jest',
  version: () => versionIn(install(), 'jest'),
  modules: install,
  command:
    'JEST_JUNIT_OUTPUT_FILE={report} JEST_JUNIT_SUITE_NAME={filepath} JEST_JUNIT_CLASSNAME={classname}' +
    ' JEST_JUNIT_TITLE={title} npx --no-install jest --reporters=jest-junit {selection}',
  extension: '.test.js',
  imports: '',
  describe: 'describe',
  test: 'it',
  iterations: (sets) => `describe('Tax', () => { it.each(${sets})('taxes (%s)', (_, run) => run()); });`,
  dataDriven: { suite: 'tests/tax.test.js', className: 'Tax', name: 'taxes' },
});

export const playwright = javaScriptRunner({
  selector: 'playwright',
  version: () => versionIn(install(), '@playwright/test'),
  modules: install,
  command: 'PLAYWRIGHT_JUNIT_OUTPUT_FILE={report} npx --no-install playwright test --reporter=junit {selection}',
  extension: '.spec.js',
  imports: "const { test } = require('@playwright/test');",
  describe: 'test.describe',
  test: 'test',
  iterations: (sets) =>
    `test.describe('Tax', () => { for (const [name, run] of ${sets}) test('taxes (' + name + ')', run); });`,
  dataDriven: { suite: 'tests/tax.spec.js', className: '', name: 'Tax › taxes' },
});

interface JavaScriptRunner extends Dialect {
  readonly selector: string;
  readonly version: () => string;
  /** The folder of its modules. */
  readonly modules: () => string;
  readonly command: string;
  /** The source of a data-driven test, for an array expression of pairs of name and function. */
  readonly iterations: (sets: string) => string;
  readonly dataDriven: Runner['dataDriven'];
}

function javaScriptRunner(runner: JavaScriptRunner): Runner {
  const { selector, command, version, dataDriven } = runner;
  const settle = (directory: string) => {
    mkdirSync(join(directory, 'tests'), { recursive: true });
    symlinkSync(runner.modules(), join(directory, 'node_modules'));
    writeFileSync(join(directory, 'package.json'), '{}');
    return { selector, command, directory };
  };
  return {
    selector,
    version,
    dataDriven,
    writeProject(directory, count) {
      const cases = makeCases(count);
      writeJavaScriptProject(directory, cases, runner);
      return { executor: settle(directory), cases };
    },
    writeIterations(directory, names, failing) {
      const executor = settle(directory);
      const sets = names.map(
        (name) => `[${JSON.stringify(name)}, ran(${JSON.stringify(name)}, '${name === failing ? 'always' : 'never'}')]`,
      );
      const source = [runner.imports, recorder, runner.iterations(`[${sets.join(', ')}]`)].join('\n');
      writeFileSync(join(directory, 'tests', `tax${runner.extension}`), `${source}\n`);
      return executor;
    },
  };
}

function versionIn(modules: string, name: string): string {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
}
