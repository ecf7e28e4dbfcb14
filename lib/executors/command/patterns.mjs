import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The pattern of the names to run in a test file; undefined for a file of which nothing was picked. Reports tell files
 * relative to the project's root, which need not be where the command was started.
 *
 * @param {string} path
 * @param {string} root
 * @returns {string | undefined}
 */
export function patternOf(path, root) {
  const patterns = JSON.parse(readFileSync(join(dirname(process.env.PROCTOR_SELECTION), 'patterns.json'), 'utf8'));
  const found = Object.entries(patterns).find(([file]) => resolve(root, file) === path || resolve(file) === path);
  return found?.[1];
}
