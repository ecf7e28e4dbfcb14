import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedProcess, freePort, startEmbedded } from '../support/embedded-process.ts';
import { createRandom } from '../support/interleaving/random.ts';
import type { NativeRun } from '../support/local.ts';
import { makeRerunPlan } from '../support/rerun-plan.ts';

/** How many of the points are tried, by chance; all of them `CRASH_ROUNDS` times when that is set. */
const some = Number(process.env.CRASH_SOME ?? 3);
const rounds = Number(process.env.CRASH_ROUNDS ?? 0);
const seed = Number(process.env.SEED ?? 20261123);
const program = 'test/support/crashing-proctor.ts';

let directory: string;
let planId: number;
let points: string[];
let running: EmbeddedProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proctor-crash-'));
  const system = await start('template', {});
  const plan = await ask<{ id: number }>(system, '/v1/plans', await makeRerunPlan(directory));
  planId = plan.id;
  await system.stop();
  const file = join(directory, 'points');
  await copy('undisturbed');
  const recorded = await start('undisturbed', { CRASH_POINTS: file });
  await untilCompleted(recorded, (await trigger(recorded)).id);
  await sleep(500);
  await recorded.stop();
  points = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .flatMap((name) => [`before ${name}`, `after ${name}`]);
}, 600_000);
afterAll(async () => {
  await running?.kill();
  await rm(directory, { recursive: true, force: true });
});

test(`killed before and after ${rounds > 0 ? 'every effect' : `${some} effects`} of a run: nothing acknowledged is lost, and one event id (SEED=${seed})`, {
  timeout: 120_000 + (rounds * 250 + some) * 60_000,
}, async () => {
  expect(points.length).toBeGreaterThan(40);
  const random = createRandom(seed);
  const chosen = Array.from({ length: some }, () => points[random.below(points.length)] as string);
  const all = rounds > 0 ? Array.from({ length: rounds }, () => points).flat() : chosen;
  let died = 0;
  for (const [i, point] of all.entries()) {
    if (await survives(`${i}`, point)) died += 1;
    if (rounds > 0) process.stderr.write(`  ${i + 1} of ${all.length}: ${point}\n`);
  }
  // Effects that go on side by side do not come in the same numbers each time.
  expect(died).toBeGreaterThanOrEqual(Math.floor(all.length * 0.8));
});

/** Whether it died there; that everything came out right is asserted. */
async function survives(name: string, point: string): Promise<boolean> {
  await copy(name);
  const first = await start(name, { CRASH_AT: point });
  const acknowledged = await trigger(first).catch(() => undefined);
  if (acknowledged !== undefined) await untilCompleted(first, acknowledged.id).catch(() => undefined);
  // Its last effects come after the run is completed.
  for (let tries = 0; tries < 10 && !first.isOver(); tries++) await sleep(50);
  const died = first.isOver();
  await first.kill();
  const restartedAt = Date.now();
  const system = await start(name, {});
  const { id } = await trigger(system);
  if (acknowledged !== undefined) expect([point, id]).toEqual([point, acknowledged.id]);
  const run = await untilCompleted(system, id);
  expect([point, run.result, run.attempt, run.counts.passed, run.counts.total]).toEqual([point, 'passed', 2, 5, 5]);
  expect(Date.now() - restartedAt).toBeLessThan(60_000);
  await sleep(300);
  await system.stop();
  running = undefined;
  const lines = (await readFile(join(directory, name, 'events.jsonl'), 'utf8')).trim().split('\n');
  const ends = lines.map((line) => JSON.parse(line)).filter((event) => event['detail-type'] === 'Run Completed');
  expect([point, new Set(ends.map(({ id }) => id)).size]).toEqual([point, 1]);
  for (const { detail } of ends) expect(detail).toMatchObject({ runId: id, result: 'passed' });
  await rm(join(directory, name), { recursive: true, force: true });
  return died;
}

async function start(name: string, env: NodeJS.ProcessEnv): Promise<EmbeddedProcess> {
  const options = Object.keys(env).length === 0 ? {} : { program, env };
  running = await startEmbedded(join(directory, name), await freePort(), options);
  return running;
}

function copy(name: string): Promise<void> {
  return cp(join(directory, 'template'), join(directory, name), { recursive: true });
}

async function ask<T>(system: EmbeddedProcess, path: string, body?: unknown): Promise<T> {
  const headers = {
    authorization: `Bearer ${await system.key()}`,
    'content-type': 'application/json',
    'idempotency-key': 'the-one',
  };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${system.url}${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const trigger = (system: EmbeddedProcess) => ask<NativeRun>(system, `/v1/plans/${planId}/runs`, {});

async function untilCompleted(system: EmbeddedProcess, id: number): Promise<NativeRun> {
  for (let tries = 0; tries < 1200; tries++) {
    const run = await ask<NativeRun>(system, `/v1/runs/${id}`);
    if (run.status === 'completed') return run;
    await sleep(50);
  }
  throw new Error(`run ${id} was not completed in time`);
}
