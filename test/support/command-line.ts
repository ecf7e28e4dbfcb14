import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddedProcess, freePort, startEmbedded } from './embedded-process.ts';
import { buildProgram } from './program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  stderr(): string;
}

/** `proctor` in a process of its own, against an embedded system of its own. */
export interface CommandLine {
  readonly server: EmbeddedProcess;
  /** For files of the test. */
  readonly directory: string;
  /** What node is given to be `proctor`. */
  readonly program: string;
  proctor(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Started;
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

export async function startCommandLine(): Promise<CommandLine> {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-cli-'));
  const data = join(directory, 'data');
  const server = await startEmbedded(data, await freePort());
  const ours = { PROCTOR_URL: server.url, PROCTOR_DATA: data };
  const program = await buildProgram();

  const start: CommandLine['start'] = (args, env = {}) => spawnNode([program, ...args], { ...ours, ...env });
  return {
    server,
    directory,
    program,
    start,
    proctor: (args, env) => start(args, env).finished,
    call: async <T>(method: string, path: string, body?: unknown) => {
      const headers = { authorization: `Bearer ${await server.key()}` };
      const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
      const response = await fetch(`${server.url}${path}`, init);
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    close: async () => {
      const code = await server.stop();
      await rm(directory, { recursive: true, force: true });
      // Else a system that died shows only as clients that cannot reach it.
      if (code !== 0) throw new Error(`the embedded system ended with ${code}: ${server.output()}`);
    },
  };
}

/** The executable itself, called from another directory. */
export function startProctor(args: readonly string[], env: NodeJS.ProcessEnv): Started {
  return spawnNode([join(root, 'bin/proctor.mjs'), ...args], env, tmpdir());
}

/** Neither on a terminal nor in the environment of whoever runs the tests. */
function spawnNode(args: readonly string[], env: NodeJS.ProcessEnv, cwd = root): Started {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const finished = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }));
  return { child, finished, stderr: () => stderr };
}
