import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../../.bench/anchors/', import.meta.url));

/**
 * The folder of a package others use, installed in exactly this version on its first use, outside of the project's lock file and
 * without its scripts. Throws where the registry does not serve it: the row then says so and takes what was published.
 */
export async function anchorPath(name: string, version: string): Promise<string> {
  const prefix = `${folder}${name.replace('/', '+')}@${version}`;
  const path = `${prefix}/node_modules/${name}`;
  if (existsSync(`${path}/package.json`)) return path;
  mkdirSync(prefix, { recursive: true });
  const flags = ['--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  await promisify(execFile)('npm', ['install', ...flags, '--save-exact', `${name}@${version}`], { cwd: prefix });
  return path;
}
