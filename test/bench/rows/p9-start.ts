import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/embedded-process.ts';
import { quantile } from '../measure/statistics.ts';
import type { Row } from '../row.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rounds = 7;
/** What Node and the table alone took where the target was set; a machine that takes twice as long is busy with something else. */
const floorSeconds = 0.2;
/** After it is ready the process settles. */
const restMs = 2000;

interface Start {
  readonly readyMs: number;
  readonly restMb: number;
}

export const row: Row = {
  id: 'P9',
  what: 'npm start on a warm checkout',
  target: 'ready in 1.0 s, 150 MB at rest',
  async measure(say) {
    const directory = await mkdtemp(join(tmpdir(), 'proctor-start-'));
    try {
      const started: Record<'npm' | 'node' | 'floor', Start[]> = { npm: [], node: [], floor: [] };
      const data = join(directory, 'data');
      const port = await freePort();
      const dev = ['bin/proctor.mjs', 'dev', '--port', String(port), '--data', data];
      const env = { PROCTOR_PORT: String(port), PROCTOR_DATA: data };
      // The first start makes keys and table, and builds the program.
      await start(process.execPath, dev);
      for (let round = 0; round < rounds; round++) {
        started.npm.push(await start('npm', ['start', '--silent'], env));
        started.node.push(await start(process.execPath, dev));
        started.floor.push(
          await start(process.execPath, ['test/bench/measure/bare-dynalite.mjs', join(directory, `bare-${round}`)]),
        );
        say(`${Object.entries(started).map(([name, starts]) => `${name} ${starts.at(-1)?.readyMs.toFixed(0)} ms`)}`);
      }
      const ready = (of: keyof typeof started): number =>
        quantile(
          started[of].map(({ readyMs }) => readyMs),
          0.5,
        ) / 1000;
      const rest = (of: keyof typeof started): number =>
        quantile(
          started[of].map(({ restMb }) => restMb),
          0.5,
        );
      return {
        figures: [
          { name: 'npm start, until it says so', value: ready('npm'), unit: 's', target: 1 },
          { name: 'of which the program, without npm', value: ready('node'), unit: 's' },
          { name: 'memory at rest', value: rest('node'), unit: 'MB', target: 150 },
        ],
        anchors: [
          { name: 'floor: Node and the table alone, ready', value: ready('floor'), unit: 's', source: 'measured' },
          { name: 'floor: memory at rest', value: rest('floor'), unit: 'MB', source: 'measured' },
        ],
        ...(ready('floor') > 2 * floorSeconds
          ? {
              floor: `Node and the table alone took ${ready('floor').toFixed(2)} s, and ${floorSeconds} s where the target was set.`,
            }
          : {}),
      };
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    }
  },
};

/** Starts a process, waits for its first words and then until it has settled, and ends it with all it started. */
async function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Start> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    // A group of its own, so that all of it can be ended.
    detached: true,
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('it ended'))),
  ]);
  const readyMs = performance.now() - startedAt;
  await sleep(restMs);
  const restMb = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1000;
  const over = once(child, 'exit');
  process.kill(-(child.pid as number), 'SIGTERM');
  await over;
  return { readyMs, restMb };
}
