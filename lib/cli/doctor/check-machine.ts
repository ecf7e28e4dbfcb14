import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, ok, problem, warn } from './check.ts';

/** As package.json has it under `engines`. */
const leastNode = [20, 19] as const;
const gib = 1024 ** 3;

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return ok('node', `Node ${version}`);
  return problem('node', `Node ${version} is too old`, `install Node ${leastNode.join('.')} or newer`);
}

/** Of the embedded system: its directory holds keys and everything it knows. None if there is no such directory here. */
export async function checkDataDirectory(directory: string): Promise<readonly Check[]> {
  const name = 'data directory';
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) return [];
  return [await checkModes(name, directory, found.mode), await checkSpace(name, directory)];
}

async function checkModes(name: string, directory: string, mode: number): Promise<Check> {
  // Windows has no such modes.
  if (process.platform === 'win32') return ok(name, directory);
  const files = await Promise.all(
    ['admin.key', 'master.key'].map(async (file) => {
      const path = join(directory, file);
      return { path, mode: (await stat(path).catch(() => undefined))?.mode ?? 0 };
    }),
  );
  const open = [{ path: directory, mode }, ...files].filter((one) => (one.mode & 0o077) !== 0).map(({ path }) => path);
  if (open.length === 0) return ok(name, `nobody else reads ${directory}`);
  return problem(name, `others may read ${open.join(', ')}`, `chmod go= ${open.join(' ')}`);
}

async function checkSpace(name: string, directory: string): Promise<Check> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const message = `${(free / gib).toFixed(1)} GiB free for ${directory}`;
  if (free >= gib) return ok(name, message);
  const fix = 'make room, or move it by PROCTOR_DATA';
  return free < gib / 10 ? problem(name, message, fix) : warn(name, message, fix);
}
