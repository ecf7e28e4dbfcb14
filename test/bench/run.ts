import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitCode } from './judge.ts';
import type { Measured, Outcome } from './row.ts';
import { toTable } from './table.ts';

/**
 * `npm run bench`: the rows of `rows/` one after another, each in a process of its own, so that one row's memory and compiled
 * code are not the other's. Progress goes to stderr, the table to stdout and all figures to `.bench/results.json` (or to
 * `--json FILE`). Rows given as arguments (`npm run bench -- P1 P8`) are the only ones measured.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string', default: `${root}.bench/results.json` } },
});
const files = readdirSync(`${root}test/bench/rows`)
  .filter((file) => /^p\d+-.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
  .sort((a, b) => numberOf(a) - numberOf(b));
const unknown = positionals.filter((id) => !files.some((file) => idOf(file) === id.toUpperCase()));
if (unknown.length > 0)
  throw new Error(`there is no row ${unknown.join(', ')}; there are ${files.map(idOf).join(', ')}`);

const rows: Measured[] = [];
for (const file of files) {
  if (positionals.length > 0 && !positionals.some((id) => id.toUpperCase() === idOf(file))) continue;
  process.stderr.write(`${file}\n`);
  rows.push(await measure(file));
}
mkdirSync(dirname(values.json), { recursive: true });
writeFileSync(values.json, `${JSON.stringify({ ...whereAndWhen(), rows }, null, 2)}\n`);
process.stdout.write(toTable(rows));
process.exitCode = exitCode(rows);

async function measure(file: string): Promise<Measured> {
  const startedAt = performance.now();
  const child = fork(`${root}test/bench/run-row.ts`, [`${root}test/bench/rows/${file}`], {
    cwd: root,
    execArgv: ['--import', 'tsx'],
    // The table alone is for stdout.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  let told: Partial<Measured & { outcome: Outcome }> = {};
  child.on('message', (part: object) => {
    told = { ...told, ...part };
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  const { id = idOf(file), what = file, target = '', outcome } = told;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const row = { id, what, target, seconds };
  return outcome ? { ...row, outcome } : { ...row, broke: `ended with ${code ?? signal}, without figures` };
}

function whereAndWhen(): object {
  return {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    at: new Date().toISOString(),
    machine: `${process.platform} ${process.arch}, ${cpus().length} cores, Node ${process.versions.node}`,
  };
}

function numberOf(file: string): number {
  return Number(/^p(\d+)/.exec(file)?.[1]);
}

function idOf(file: string): string {
  return `P${numberOf(file)}`;
}
