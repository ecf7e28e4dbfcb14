import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const packages = ['jest@30.5.2', 'jest-junit@17.0.0', '@playwright/test@1.65.1'];

/** The folder of modules with jest and Playwright, at pinned versions; installed once a machine. */
export function install(): string {
  const directory = join(tmpdir(), 'proctor-runners', packages.join('+').replaceAll(/[/@]/g, '-'));
  const done = join(directory, 'installed');
  if (!existsSync(done)) {
    mkdirSync(directory, { recursive: true });
    const options = ['--no-audit', '--no-fund', '--ignore-scripts'];
    attempt(`the npm registry must serve ${packages.join(', ')}`, 'npm', [
      'install',
      '--prefix',
      directory,
      ...packages,
      ...options,
    ]);
    writeFileSync(done, '');
  }
  return join(directory, 'node_modules');
}

/** The version of pytest, which is installed from Debian's packages if it is not there. */
export function preparePytest(): string {
  const version = () => execFileSync('python3', ['-m', 'pytest', '--version'], { encoding: 'utf8', stdio: 'pipe' });
  try {
    return version().trim();
  } catch {
    const why = 'install pytest, on Debian by `apt-get install python3-pytest` as root';
    attempt(why, 'apt-get', ['update']);
    attempt(why, 'apt-get', ['install', '-y', '--no-install-recommends', 'python3-pytest']);
    return version().trim();
  }
}

function attempt(why: string, command: string, words: readonly string[]): void {
  try {
    execFileSync(command, words, { stdio: 'pipe', timeout: 300_000 });
  } catch (cause) {
    throw new Error(`The runner cannot be prepared: ${why}.`, { cause });
  }
}
