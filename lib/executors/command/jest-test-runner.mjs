import { createRequire } from 'node:module';
import { join } from 'node:path';
import { patternOf } from './patterns.mjs';

/** Jest's own test runner, with the pattern of the cases that were picked of the test file. */
export default async function runPicked(globalConfig, config, environment, runtime, testPath, ...rest) {
  const run = loadCircus(config.rootDir);
  const testNamePattern = patternOf(testPath, config.rootDir) ?? globalConfig.testNamePattern;
  return run({ ...globalConfig, testNamePattern }, config, environment, runtime, testPath, ...rest);
}

/** It belongs to jest, not to the project, and package managers may hide it from the project. */
function loadCircus(rootDir) {
  let require = createRequire(join(rootDir, 'package.json'));
  for (const owner of ['jest', 'jest-cli', 'jest-config']) {
    try {
      require = createRequire(require.resolve(`${owner}/package.json`));
    } catch {
      // Not there, as where jest is started by its parts: the next one may be.
    }
  }
  const loaded = require('jest-circus/runner');
  return loaded.default ?? loaded;
}
