import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import { parse } from 'yaml';
import { readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';

interface Buildspec {
  readonly env?: { readonly variables?: Readonly<Record<string, string>> };
  readonly phases: Readonly<Record<string, { readonly commands: readonly string[] } | undefined>>;
  readonly reports: Readonly<Record<string, { readonly files: readonly string[]; readonly 'base-directory': string }>>;
}

export interface PhaseOutcome {
  readonly type: string;
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly message?: string;
}

export interface BuildOutcome {
  readonly phases: readonly PhaseOutcome[];
  /** By report group; only those of which files were found. */
  readonly reports: Readonly<Record<string, readonly ReportedCase[]>>;
}

/**
 * Runs the commands of a build specification on a copy of the source, each by `sh` as CodeBuild does, phase by phase: one that
 * fails ends its phase, and after BUILD the POST_BUILD phase runs in any case. The machine of a build is its own, so its `/tmp`
 * is a directory of this one.
 */
export async function runBuildspec(options: {
  readonly text: string;
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<BuildOutcome> {
  const machine = await mkdtemp(join(tmpdir(), 'proctor-build-'));
  try {
    const source = join(machine, 'src');
    await cp(options.source, source, { recursive: true });
    await mkdir(join(machine, 'tmp'));
    const spec: Buildspec = parse(options.text.replaceAll('/tmp/proctor', join(machine, 'tmp/proctor')));
    const { PATH = '', HOME = '' } = process.env;
    const TMPDIR = join(machine, 'tmp');
    const env = { PATH, HOME, TMPDIR, CODEBUILD_SRC_DIR: source, ...spec.env?.variables, ...options.variables };
    const phases: PhaseOutcome[] = [];
    for (const [name, type] of phaseTypes) {
      const before = phases.at(-1);
      if (before?.status === 'FAILED' && !(before.type === 'BUILD' && type === 'POST_BUILD')) break;
      phases.push(
        await runPhase(type, spec.phases[name]?.commands ?? [], { cwd: source, env, signal: options.signal }),
      );
    }
    return { phases, reports: await readReports(spec) };
  } finally {
    await rm(machine, { recursive: true, force: true, maxRetries: 5 });
  }
}

const phaseTypes = [
  ['install', 'INSTALL'],
  ['pre_build', 'PRE_BUILD'],
  ['build', 'BUILD'],
  ['post_build', 'POST_BUILD'],
] as const;

async function runPhase(
  type: string,
  commands: readonly string[],
  options: { cwd: string; env: Record<string, string>; signal: AbortSignal },
): Promise<PhaseOutcome> {
  for (const command of commands) {
    const child = spawn('sh', ['-c', command], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const code = await once(child, 'close').then(
      ([exitCode]) => Number(exitCode),
      () => 137,
    );
    if (code === 0) continue;
    const message = `COMMAND_EXECUTION_ERROR: Error while executing command: ${command.slice(0, 60)}. Reason: exit status ${code}`;
    return { type, status: 'FAILED', message: said === '' ? message : `${message} ${said.slice(0, 200)}` };
  }
  return { type, status: 'SUCCEEDED' };
}

async function readReports(spec: Buildspec): Promise<Record<string, ReportedCase[]>> {
  const reports: Record<string, ReportedCase[]> = {};
  for (const [group, { files, 'base-directory': cwd }] of Object.entries(spec.reports)) {
    const found = await glob([...files], { cwd, absolute: true });
    if (found.length === 0) continue;
    const cases: ReportedCase[] = [];
    for (const file of found) for await (const some of readJUnit(createReadStream(file))) cases.push(...some);
    reports[group] = cases;
  }
  return reports;
}
