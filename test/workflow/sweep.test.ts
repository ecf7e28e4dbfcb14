import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Services } from '../../lib/core/ports.ts';
import { sweep } from '../../lib/workflow/sweep.ts';
import { aCompletion, aDocument, aRun } from '../support/runs.ts';
import { openTestTable } from '../support/table.ts';

type World = Awaited<ReturnType<typeof openTestTable>>;
let world: World;
beforeAll(async () => {
  world = await openTestTable();
});
afterAll(() => world.close());

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
  await sweep(services);
  expect(await stores.runs.getRun(late.id)).toMatchObject({ status: 'completed', reason: 'startDeadline' });
  // Nothing is given up: they are looked at again.
  expect(await stores.runs.listDue(Number.MAX_SAFE_INTEGER, 200)).toHaveLength(broken + 1);
});
