import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStoresOn, type Stores } from '../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../lib/adapters/dynamodb/table.ts';
import type { Services } from '../../lib/core/ports.ts';
import type { Run } from '../../lib/core/run.ts';
import { readOldestDue, sweep } from '../../lib/workflow/sweep.ts';
import { aBatch, aCompletion, aDocument, aRun } from '../support/runs.ts';
import { openTestTable } from '../support/table.ts';

type World = Awaited<ReturnType<typeof openTestTable>>;
let world: World;
beforeAll(async () => {
  world = await openTestTable();
});
afterAll(() => world.close());

/** Run 1: its job has begun, and its execution waits to be woken. */
async function startSleepingRun(stores: Stores): Promise<void> {
  const plan = await stores.plans.createPlan(aDocument(), 1, 0);
  const run = aRun(1, { planId: plan.id });
  await stores.runs.createRun(run, null);
  await stores.runs.admit(run, { deadlineAt: 10_000, nextActionAt: 10_000 });
  const claimed = (await stores.runs.claimDispatch(run, 1000, 0)) as Run;
  const attempt = { attempt: 1, startedAt: 1000, ref: 'job', executing: 'It runs.' };
  const times = { at: 1000, deadlineAt: 5_000_000, nextActionAt: 901_000 };
  const accepted = (await stores.runs.acceptDispatch(claimed, attempt, times)) as Run;
  await stores.runs.markSent(1, ['queued', 'started']);
  await stores.runs.registerToken(1, accepted.wakeSeq, 'token', 901_000);
}

/** A sweep looks at a hundred runs in one page. */
const broken = 105;

test('effects that go on failing keep no deadline behind them from being kept', async () => {
  const { stores } = world;
  const plan = await stores.plans.createPlan(aDocument({ overlap: 'allow' }), 1, 0);
  const change = { planId: plan.id, planVersion: plan.version };
  const ids = Array.from({ length: broken }, (_, i) => i + 1);
  await Promise.all(
    ids.map(async (id) => {
      const run = aRun(id, change);
      await stores.runs.createRun(run, null);
      const admitted = await stores.runs.admit(run, { deadlineAt: 100_000, nextActionAt: 1000 });
      if (admitted) await stores.runs.complete(admitted, aCompletion({ eventId: `evt_${id}_2`, nextActionAt: 2000 }));
    }),
  );
  const late = aRun(broken + 1, change);
  await stores.runs.createRun(late, null);
  await stores.runs.admit(late, { deadlineAt: 5000, nextActionAt: 6000 });
  const services = {
    ...stores,
    workflow: { start: async () => 'open', wake: async () => {} },
    bus: { publish: () => Promise.reject(new Error('the bus is down')) },
    executors: () => ({ capabilities: () => ({ selects: 'cases', callsBack: true, polls: false, stops: true }) }),
    now: () => 1_000_000,
    publicUrl: 'https://proctor.example',
    renderDelivery: () => Promise.reject(new Error('not asked for')),
    log: () => {},
  } as unknown as Services;
  // The one that is late, and those whose end nobody heard of for a quarter of an hour.
  expect(await sweep(services)).toEqual({ seen: broken + 1, stuck: broken + 1 });
  expect(await stores.runs.getRun(late.id)).toMatchObject({ status: 'completed', reason: 'startDeadline' });
  // Nothing is given up: they are looked at again.
  expect(await stores.runs.listDue(Number.MAX_SAFE_INTEGER, 200)).toHaveLength(broken + 1);
});

test('a run whose executor gives signs of life sleeps on, moved once in the index, until something else happened', async () => {
  const { table, close } = await openTestTable();
  const moves: unknown[] = [];
  const update: Table['update'] = (key, change, values, condition) => {
    if (change.includes('#nextActionAt')) moves.push(values.nextActionAt);
    return table.update(key, change, values, condition);
  };
  const stores = createStoresOn({ ...table, update });
  await startSleepingRun(stores);
  const woken: string[] = [];
  let now = 901_000;
  const services = {
    ...stores,
    workflow: { start: async () => 'open', wake: async (_run: Run, why: string) => void woken.push(why) },
    now: () => now,
    log: () => {},
  } as unknown as Services;
  await stores.runs.acknowledge(1, { at: 600_000, final: false, bytes: 0 });
  moves.length = 0;
  await sweep(services);
  expect([moves, woken]).toEqual([[1_500_000], []]);
  // An end whose sender died before it was acknowledged.
  await stores.runs.putBatch(1, aBatch('last', [], { end: {} }));
  await stores.runs.acknowledge(1, { at: 1_200_000, final: false, bytes: 0 });
  now = 1_500_000;
  await sweep(services);
  expect(woken).toEqual(['look']);
  expect(await stores.runs.getRun(1)).toMatchObject({ nextActionAt: now + 60_000 });
  await close();
});

test('a run that is being stopped is looked at by the end of its stop, though a sweeper dies while it looks', async () => {
  const { stores, close } = await openTestTable();
  await startSleepingRun(stores);
  await stores.runs.stop((await stores.runs.getRun(1)) as Run, 100_000);
  // By a sweep that had read the run before it was stopped.
  await stores.runs.scheduleNext(1, 2000);
  await new Promise<void>((died) => {
    const start = () => {
      died();
      return new Promise<never>(() => {});
    };
    const workflow = { start, wake: async () => {} };
    void sweep({ ...stores, workflow, now: () => 2000, log: () => {} } as unknown as Services);
  });
  expect((await stores.runs.getRun(1))?.nextActionAt).toBeLessThanOrEqual(100_000);
  await close();
});

test('what is overdue is the oldest of runs, deliveries and schedules', async () => {
  const { stores, table, close } = await openTestTable();
  const oldest = (now: number) => readOldestDue({ runs: stores.runs, now: () => now });
  expect(await oldest(5_000_000)).toBe(0);
  const due = (pk: string, shard: string, nextActionAt: number) => table.put({ pk, sk: 'X', due: shard, nextActionAt });
  await due('RUN#1', 'DUE#1', 4_000_000);
  expect([await oldest(3_999_000), await oldest(5_000_000)]).toEqual([0, 1000]);
  await due('RUN#2', 'HOOK#3', 3_000_000);
  expect(await oldest(5_000_000)).toBe(2000);
  await due('SCHEDULE#2', 'SCHEDULE#2', 1_000_000);
  expect(await oldest(5_000_000)).toBe(4000);
  await close();
});
