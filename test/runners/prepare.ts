import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
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
  return prepare(['python3', '-m', 'pytest', '--version'], ['python3-pytest']);
}

/** The version of Go, which is installed with gotestsum from Debian's packages if either is not there. */
export function prepareGo(): string {
  prepare(['gotestsum', '--version'], ['golang-go', 'gotestsum']);
  return prepare(['go', 'version'], ['golang-go']);
}

/** The options with which Maven can test the project: none if Maven Central serves it, else those that do with what is here. */
export function prepareMaven(project: string): readonly string[] {
  prepare(['mvn', '--version'], ['maven', 'default-jdk-headless']);
  const copy = join(mkdtempSync(join(tmpdir(), 'proctor-maven-')), 'project');
  cpSync(project, copy, { recursive: true });
  const test = (options: readonly string[]) =>
    attempt('Maven Central must serve its plugins and JUnit', 'mvn', ['-B', '-q', ...options, 'test', '-f', copy]);
  try {
    test([]);
    return [];
  } catch {
    test(['-o']);
    return ['-o'];
  }
}

function prepare([command = '', ...words]: readonly string[], debian: readonly string[]): string {
  const version = () => execFileSync(command, words, { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return version();
  } catch {
    const why = `install ${command}, on Debian by \`apt-get install ${debian.join(' ')}\` as root`;
    attempt(why, 'apt-get', ['update']);
    attempt(why, 'apt-get', ['install', '-y', '--no-install-recommends', ...debian]);
    return version();
  }
}

function attempt(why: string, command: string, words: readonly string[]): void {
  try {
    execFileSync(command, words, { stdio: 'pipe', timeout: 300_000 });
  } catch (cause) {
    throw new Error(`The runner cannot be prepared: ${why}.`, { cause });
  }
}
