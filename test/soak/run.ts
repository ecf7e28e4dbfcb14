import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Suite, suitesOf } from './suites.ts';

/**
 * `npm run test:soak`: the suites of `npm test` with large figures, one after another. Progress goes to stderr, the table to
 * stdout, and what it holds to `.soak/results.json`; `--resume` leaves out what passed for the same commit and figures, and names
 * given as arguments are the only suites run. `SEED=n` is every suite's.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const file = `${root}.soak/results.json`;
const doneFile = `${root}.soak/done`;
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const resumes = process.argv.includes('--resume');

interface Result {
  readonly commit: string;
  readonly suite: string;
  readonly figures: string;
  readonly seed: string;
  readonly seconds: number;
  readonly passed: boolean;
  readonly at: string;
  /** What its tests say they have done (support/tell-soak.ts). */
  readonly done: string;
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const seed = process.env.SEED ?? '20261123';
const before = resumes ? readResults() : [];
const results: Result[] = [];
for (const suite of suitesOf(process.env)) {
  if (names.length > 0 && !names.includes(suite.name)) continue;
  const known = before.find(
    (one) =>
      one.suite === suite.name &&
      one.commit === commit &&
      one.figures === suite.figures &&
      one.seed === seed &&
      one.passed,
  );
  process.stderr.write(`${suite.name}: ${known ? `passed at ${known.at}` : suite.figures}\n`);
  results.push(known ?? (await runSuite(suite)));
  mkdirSync(`${root}.soak`, { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
process.stdout.write(toTable(results));
process.exitCode = results.length > 0 && results.every(({ passed }) => passed) ? 0 : 1;

async function runSuite({ name, files, env, figures, config }: Suite): Promise<Result> {
  const startedAt = performance.now();
  mkdirSync(`${root}.soak`, { recursive: true });
  rmSync(doneFile, { force: true });
  const options = ['--testTimeout=3600000', ...(config === undefined ? [] : ['--config', config])];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...options, ...files], {
    cwd: root,
    env: { ...process.env, ...env, SEED: seed, SOAK_DONE: doneFile },
    // The table alone is for stdout.
    stdio: ['ignore', 2, 2],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const done = readDone();
  return { commit, suite: name, figures, seed, seconds, passed: code === 0, at: new Date().toISOString(), done };
}

function readDone(): string {
  if (!existsSync(doneFile)) return '';
  return readFileSync(doneFile, 'utf8').trim().split('\n').join('; ');
}

function readResults(): readonly Result[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Result[];
  } catch {
    return [];
  }
}

function toTable(rows: readonly Result[]): string {
  const lines = [
    ['suite', 'figures', 'seed', 'seconds', 'result', 'done'],
    ...rows.map((row) => [
      row.suite,
      row.figures,
      row.seed,
      String(row.seconds),
      row.passed ? 'passed' : 'FAILED',
      row.done,
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
