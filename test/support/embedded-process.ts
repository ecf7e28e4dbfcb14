import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildProgram } from './program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The embedded system as people run it: a process of its own that a test may kill. */
export interface EmbeddedProcess {
  readonly url: string;
  /** Everything it printed so far. */
  output(): string;
  key(): Promise<string>;
  /** It has ended, whoever ended it. */
  isOver(): boolean;
  /** SIGKILL: nothing gets a chance to clean up. */
  kill(): Promise<void>;
  /** SIGTERM, as Ctrl-C; answers the exit code. */
  stop(): Promise<number | null>;
}

export async function startEmbedded(
  dataDirectory: string,
  port: number,
  { program = 'bin/proctor.ts', env = {} }: { readonly program?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<EmbeddedProcess> {
  const args = [await buildProgram(program), 'dev', '--port', String(port), '--data', dataDirectory];
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, args, { cwd: root, stdio: [...stdio], env: { ...process.env, ...env } });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child, () => output);
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  };
  return {
    url,
    output: () => output,
    isOver: () => child.exitCode !== null || child.signalCode !== null,
    key: async () => (await readFile(join(dataDirectory, 'admin.key'), 'utf8')).trim(),
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`the embedded system exited with ${child.exitCode}: ${output()}`);
    try {
      if ((await fetch(`${url}/healthz`)).status === 200) return;
    } catch {
      // Not listening yet.
    }
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the embedded system was not ready in time: ${output()}`);
}
