import { readFileSync } from 'node:fs';

/**
 * The text of Proctor's modules for test runners by their names: a build finds them in its specification. A bundle holds this
 * module as what it exports (infra/bundle.ts), since it has no such files beside it.
 */
export const helperTexts: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'jest-test-runner.mjs',
    'node-test-cases.mjs',
    'node-test-facade.mjs',
    'node-test-filter.mjs',
    'node-test-junit.mjs',
    'node-test-reporter.mjs',
    'node-test-selection.mjs',
    'patterns.mjs',
    'vitest-reporter.mjs',
  ].map((name) => [name, readFileSync(new URL(`../command/${name}`, import.meta.url), 'utf8')]),
);
