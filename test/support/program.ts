import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling, findBuilt } from '../../bin/program.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = new Map<string, Promise<string>>();

/** What node is given to run a program of this repository: `proctor` as it starts for people, or one around it. */
export function buildProgram(entry = 'bin/proctor.ts'): Promise<string> {
  const program = built.get(entry) ?? (entry === 'bin/proctor.ts' ? findBuilt(root) : bundle(entry));
  built.set(entry, program);
  return program;
}

async function bundle(entry: string): Promise<string> {
  // Packages that are not bundled are looked for from here upwards.
  const cache = join(root, 'node_modules/.cache/proctor-test');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'program-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  await build({ ...bundling, entryPoints: [join(root, entry)], outdir, logLevel: 'warning' });
  return join(outdir, basename(entry).replace(/\.ts$/, '.mjs'));
}
