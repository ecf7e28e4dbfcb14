import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startEmbedded } from '../../support/embedded-process.ts';
import type { NativeRun } from '../../support/local.ts';
import { type Caller, createCaller } from './caller.ts';

/** An attempt the runner was handed. */
export interface Job {
  readonly runId: number;
  readonly attempt: number;
  readonly callback: { readonly url: string; readonly token: string };
}

/** What the server's process tells of itself: calls of the table so far, bytes of memory. */
export interface Seen {
  readonly calls: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/**
 * The embedded system in a process of its own, its clients and a runner of `http` plans in this one. Both share the machine, so
 * what is measured is less than what the server alone would give.
 */
export interface LoadWorld {
  readonly caller: Caller;
  /** As many as were asked for, alike, of runs that may go on beside one another. */
  readonly planIds: readonly number[];
  /** Acknowledged: its id. */
  trigger(planId: number): Promise<number | undefined>;
  /** What the runner does with each job it takes from now on. */
  onJob(take: (job: Job) => void): void;
  report(job: Job, batch: object, onRefused?: () => void): Promise<number>;
  read(runId: number): Promise<NativeRun>;
  /** The runs once they are completed, or as they are after the wait. */
  readBack(runIds: readonly number[], waitSeconds: number): Promise<NativeRun[]>;
  see(what?: 'now' | 'live'): Promise<Seen>;
  record(): Promise<void>;
  /** Calls the store takes in a second by itself, of those that were recorded. */
  replay(callers: number, ms: number): Promise<number>;
  close(): Promise<void>;
}

export async function startLoadWorld(plans: number): Promise<LoadWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-load-'));
  const watchPort = await freePort();
  const proctor = await startEmbedded(join(directory, 'data'), await freePort(), {
    program: 'test/bench/measure/watched-proctor.ts',
    env: { WATCH_PORT: String(watchPort) },
  });
  const key = await proctor.key();
  const caller = createCaller(proctor.url);
  let take: (job: Job) => void = () => {};
  const runner = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end(() => take(JSON.parse(Buffer.concat(chunks).toString())));
  }).listen(0, '127.0.0.1');
  await once(runner, 'listening');
  const url = `http://127.0.0.1:${(runner.address() as AddressInfo).port}/`;
  const planIds: number[] = [];
  for (let n = 0; n < plans; n++) {
    const plan = { name: `load ${n}`, project: 'load', overlap: 'allow', executor: { type: 'http', url } };
    const { status, body } = await caller.send('POST', '/v1/plans', key, JSON.stringify(plan));
    if (status !== 201) throw new Error(`plan not applied: ${status} ${body}`);
    planIds.push(JSON.parse(body).id);
  }
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${watchPort}${path}`);
    if (!response.ok) throw new Error(await response.text());
    return response.json() as Promise<T>;
  };

  const read = async (runId: number): Promise<NativeRun> =>
    JSON.parse((await caller.send('GET', `/v1/runs/${runId}`, key)).body);
  const readOne = async (runId: number, until: number): Promise<NativeRun> => {
    for (;;) {
      const run = await read(runId);
      if (run.status === 'completed' || Date.now() > until) return run;
      await sleep(200);
    }
  };

  return {
    caller,
    planIds,
    async trigger(planId) {
      const { status, body } = await caller.send('POST', `/v1/plans/${planId}/runs`, key, '{}');
      return status === 202 ? JSON.parse(body).id : undefined;
    },
    onJob(next) {
      take = next;
    },
    async report({ callback }, batch, onRefused = () => {}) {
      const { pathname } = new URL(`${callback.url}/results`);
      return (await caller.sendPatiently('POST', pathname, callback.token, JSON.stringify(batch), onRefused)).status;
    },
    read,
    async readBack(runIds, waitSeconds) {
      const until = Date.now() + waitSeconds * 1000;
      const left = runIds.map((id, at) => ({ id, at }));
      const runs: NativeRun[] = [];
      const work = async (): Promise<void> => {
        for (let next = left.pop(); next !== undefined; next = left.pop())
          runs[next.at] = await readOne(next.id, until);
      };
      await Promise.all(Array.from({ length: 8 }, work));
      return runs;
    },
    see: (what = 'now') => ask(`/${what}`),
    record: async () => {
      await ask('/record');
    },
    async replay(callers, ms) {
      const done = await ask<{ calls: number; ms: number }>(`/replay?callers=${callers}&ms=${ms}`);
      return (done.calls / done.ms) * 1000;
    },
    async close() {
      caller.close();
      await proctor.kill();
      runner.closeAllConnections();
      runner.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
