import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type EmbeddedProcess, freePort, startEmbedded } from '../support/embedded-process.ts';
import { createRandom } from '../support/interleaving/random.ts';
import type { NativeRun } from '../support/local.ts';
import { makeRerunPlan } from '../support/rerun-plan.ts';
import { tellSoak } from '../support/tell-soak.ts';

/** How often the system is killed; the soak has its own figure. */
const kills = Number(process.env.KILLS ?? 4);
/** Runs of a queue, each killed once it is released. */
const queued = Number(process.env.QUEUE ?? 2);
const seed = Number(process.env.SEED ?? 20261123);

let directory: string;
let system: EmbeddedProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proctor-kill-'));
});
afterEach(async () => {
  await system?.kill();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

test(`killed ${kills} times during runs: every acknowledged run reaches the right result, one event id each (SEED=${seed})`, {
  timeout: 120_000 + kills * 10_000,
}, async () => {
  const { next: random } = createRandom(seed);
  const port = await freePort();
  const data = join(directory, 'data');
  system = await startEmbedded(data, port);
  const key = await system.key();
  const call = async (path: string, init: RequestInit = {}): Promise<NativeRun> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return (await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers })).json() as Promise<NativeRun>;
  };
  const planId = (await call('/v1/plans', { method: 'POST', body: JSON.stringify(await makeRerunPlan(directory)) })).id;
  const acknowledged: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const dieAt = Date.now() + 100 + random() * 1500;
    while (Date.now() < dieAt - 100) {
      const { id } = await call('/api/v1/execution_results', { method: 'POST', body: `{"executionId":${planId}}` });
      acknowledged.push(id);
      await sleep(Math.min(random() * 500, Math.max(0, dieAt - Date.now())));
    }
    await sleep(Math.max(0, dieAt - Date.now()));
    await system.kill();
    system = await startEmbedded(data, port);
  }
  const runs = await Promise.all(acknowledged.map((id) => untilCompleted(() => call(`/v1/runs/${id}`))));
  for (const run of runs) {
    expect(run).toMatchObject({ status: 'completed', result: 'passed', attempt: 2 });
    expect(run.counts).toMatchObject({ total: 5, passed: 5, flaky: 1 });
  }
  expect(runs.length).toBeGreaterThanOrEqual(kills);
  await sleep(300);
  const events = (await readFile(join(data, 'events.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const completions = new Map<number, Set<string>>();
  for (const event of events) {
    if (event['detail-type'] !== 'Run Completed') continue;
    const ids = completions.get(event.detail.runId) ?? new Set();
    completions.set(event.detail.runId, ids.add(event.id));
    expect(event.detail).toMatchObject({ result: 'passed' });
  }
  expect([...completions.keys()].sort((a, b) => a - b)).toEqual(acknowledged);
  for (const ids of completions.values()) expect(ids.size).toBe(1);
  tellSoak(`${kills} kills, ${runs.length} runs`);
});

test(`a queue of ${queued} drains in order, with a kill after every release`, {
  timeout: 120_000 + queued * 20_000,
}, async () => {
  const port = await freePort();
  const data = join(directory, 'queue');
  system = await startEmbedded(data, port);
  const key = await system.key();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const call = async (path: string, body?: unknown): Promise<NativeRun> => {
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).json() as Promise<NativeRun>;
  };
  const plan = await call('/v1/plans', { ...(await makeRerunPlan(directory)), name: 'queue' });
  const ids: number[] = [];
  for (let i = 0; i < queued; i++) ids.push((await call(`/v1/plans/${plan.id}/runs`, {})).id);
  for (const id of ids) {
    // It was released: nobody is before it, and it goes on or is over.
    await until(
      () => call(`/v1/runs/${id}`),
      ({ status }) => status !== 'queued',
    );
    await system.kill();
    system = await startEmbedded(data, port);
  }
  const runs = await Promise.all(ids.map((id) => untilCompleted(() => call(`/v1/runs/${id}`))));
  for (const [i, run] of runs.entries()) {
    expect(run).toMatchObject({ result: 'passed', attempt: 2 });
    const next = runs[i + 1];
    if (next) expect(Date.parse(next.startedAt)).toBeGreaterThanOrEqual(Date.parse(run.endedAt));
  }
  tellSoak(`${queued} releases`);
});

function untilCompleted<T extends { status: string }>(read: () => Promise<T>): Promise<T> {
  return until(read, ({ status }) => status === 'completed');
}

async function until<T>(read: () => Promise<T>, holds: (run: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const run = await read();
    if (holds(run)) return run;
    await sleep(100);
  }
  return read();
}
