import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedProcess, freePort, startEmbedded } from '../support/embedded-process.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.close());

interface Run {
  readonly id: number;
  readonly status: string;
}

test('a schedule two seconds ahead starts one run, which says who started it', async () => {
  const plan = { name: 'scheduled', executor: { type: 'command', command: 'true' } };
  const planId = (await system.post<Run>('/v1/plans', plan)).body.id;
  const nextInterval = Date.now() + 2000;
  const made = await system.post<{ id: number; nextInterval: number }>('/api/v1/schedule_executions', {
    name: 'soon',
    executionId: planId,
    scheduleType: 'ONCE',
    nextInterval,
    timezone: 'IST',
  });
  expect(made.status).toBe(201);
  expect(made.body.nextInterval).toBe(Math.floor(nextInterval / 1000) * 1000);
  const path = `/v1/runs?plan=${planId}`;
  expect((await system.call<{ runs: Run[] }>(path)).body.runs).toEqual([]);
  const runsOf = async () => (await system.call<{ runs: Run[] }>(path)).body.runs;
  for (let tries = 0; tries < 200 && (await runsOf()).length === 0; tries++) await sleep(50);
  // Long enough for a second delivery.
  await sleep(500);
  const runs = await runsOf();
  expect(runs).toHaveLength(1);
  const scheduledId = made.body.id;
  const run = await system.call(`/api/v1/execution_results/${runs[0]?.id}`);
  expect(run.body).toMatchObject({ triggeredType: 'SCHEDULED', scheduledId });
  const fired = await system.call(`/api/v1/schedule_executions/${scheduledId}`);
  expect(fired.body).toMatchObject({ status: 'IN_ACTIVE', nextInterval: made.body.nextInterval });
  const { body } = await system.call(`/v1/schedules/${scheduledId}/occurrences`);
  expect(body).toMatchObject({ occurrences: [{ state: 'fired', runId: runs[0]?.id, count: 1 }], nextCursor: null });
});

test('killed before the moment and started after it: each schedule has its one run, and none from another minute', {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-schedules-'));
  const data = join(directory, 'data');
  const port = await freePort();
  let running: EmbeddedProcess = await startEmbedded(data, port);
  const key = await running.key();
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).json() as Promise<T>;
  };
  try {
    const plan = { name: 'killed', overlap: 'allow', executor: { type: 'command', command: 'true' } };
    const planId = (await call<Run>('/v1/plans', plan)).id;
    const soon = new Date(Date.now() + 5000).toISOString();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const make = (change: object) => call<Run>('/v1/schedules', { planId, ...change });
    const once = await make({ name: 'once', once: soon });
    const skips = await make({ name: 'once, or not at all', once: soon, missed: 'skip' });
    const hourly = await make({ name: 'hourly', every: 'hour', at: soon });
    const far = await make({ name: 'in an hour', once: later });
    await running.kill();
    await sleep(Math.max(0, Date.parse(soon) - Date.now()));
    running = await startEmbedded(data, port);
    const runsOf = async () => (await call<{ runs: { schedule: { id: number } }[] }>(`/v1/runs?plan=${planId}`)).runs;
    for (let tries = 0; tries < 150 && (await runsOf()).length < 3; tries++) await sleep(100);
    // Long enough for another passage of the sweeper.
    await sleep(6000);
    const fired = (await runsOf()).map(({ schedule }) => schedule.id).sort((a, b) => a - b);
    // Half a minute late is on time, also for the one that skips.
    expect(fired).toEqual([once.id, skips.id, hourly.id]);
    for (const { id } of [once, skips, hourly]) {
      const { occurrences } = await call<{ occurrences: object[] }>(`/v1/schedules/${id}/occurrences`);
      expect(occurrences).toMatchObject([{ state: 'fired' }]);
    }
    expect(await call(`/v1/schedules/${once.id}`)).toMatchObject({ status: 'paused' });
    const next = new Date(Math.floor(Date.parse(soon) / 1000) * 1000 + 3_600_000).toISOString();
    expect(await call(`/v1/schedules/${hourly.id}`)).toMatchObject({ status: 'active', nextAt: next });
    expect(await call(`/v1/schedules/${far.id}`)).toMatchObject({ status: 'active' });
  } finally {
    await running.kill();
    await rm(directory, { recursive: true, force: true });
  }
});
