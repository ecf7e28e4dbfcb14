import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStoresOn, type Stores } from '../../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../../lib/adapters/dynamodb/table.ts';
import { createApiKey } from '../../../lib/core/api-key.ts';
import type { Hook } from '../../../lib/core/hook.ts';
import { parsePlan } from '../../../lib/core/plan.ts';
import type { Schedule } from '../../../lib/core/schedule/schedule.ts';
import { seededBytes } from '../../support/http.ts';
import { openWireTable } from '../../support/table.ts';

let opened: Awaited<ReturnType<typeof openWireTable>>;
/** On a table whose client gets no answer to the first try of any write, and sends it again. */
let stores: Stores;
beforeAll(async () => {
  opened = await openWireTable();
  stores = createStoresOn(sentTwice(opened.table));
});
afterAll(() => opened.close());

function sentTwice(table: Table): Table {
  return {
    ...table,
    async put(...given) {
      await table.put(...given);
      return table.put(...given);
    },
    async delete(...given) {
      await table.delete(...given);
      return table.delete(...given);
    },
  };
}

const refused = { code: 'VERSION_CONFLICT' };

test('a schedule is made, changed and deleted once, and whoever saw an older one is refused', async () => {
  const { schedules } = stores;
  const schedule: Schedule = {
    ...{ id: 1, version: 1, revision: 1, planId: 1, project: 'shop', name: 'nightly', comments: null },
    ...{
      status: 'active',
      timing: { recurrence: { type: 'rate', every: 1, unit: 'hours', from: 0 }, timezone: 'UTC' },
    },
    ...{
      variables: { A: '1' },
      jitterSeconds: 0,
      missed: 'runOnce',
      maxLatenessSeconds: 60,
      nextAt: 1,
      unrecorded: [],
    },
    ...{ keyId: 'key', createdAt: 0, updatedAt: 0, createdBy: 1, updatedBy: 1 },
  };
  expect(await schedules.createSchedule(schedule)).toBe(true);
  expect(await schedules.createSchedule({ ...schedule, name: 'another' })).toBe(false);
  const changed = await schedules.replaceSchedule(schedule, { name: 'hourly', nextActionAt: undefined });
  expect(changed).toMatchObject({ name: 'hourly', revision: 2 });
  expect(await schedules.replaceSchedule(schedule, { name: 'daily' })).toBeUndefined();
  expect(await schedules.deleteSchedule(schedule)).toBe(false);
  expect(await schedules.deleteSchedule(changed as Schedule)).toBe(true);
  expect(await schedules.getSchedule(1)).toBeUndefined();
});

test('a key is made once, and its id is nobody else’s', async () => {
  const rights = { name: 'CI', ownerId: 1, scopes: [], projects: null, planIds: null, now: 0 };
  const { key } = createApiKey({ ...rights, random: seededBytes('once') });
  expect(await stores.keys.putKey(key)).toBe(true);
  expect(await stores.keys.putKey({ ...key, secretHash: 'another' })).toBe(false);
});

test('a hook is made, changed and deleted once, and whoever saw an older one is refused', async () => {
  const { hooks } = stores;
  const hook: Hook = {
    ...{ id: 'hook', name: 'GitHub', scheme: 'github', project: 'shop', planIds: [1], enabled: true },
    ...{ secrets: [], version: 1, createdAt: 0, updatedAt: 0, ownerId: 1 },
  };
  await hooks.createHook(hook);
  await hooks.putHook({ ...hook, name: 'GitLab', version: 2 });
  expect(await hooks.getHook('hook')).toMatchObject({ name: 'GitLab', version: 2 });
  await expect(hooks.putHook({ ...hook, name: 'Bitbucket', version: 2 })).rejects.toMatchObject(refused);
  await expect(hooks.deleteHook(hook)).rejects.toMatchObject(refused);
  await hooks.deleteHook({ id: 'hook', version: 2 });
  expect(await hooks.getHook('hook')).toBeUndefined();
});

test('an environment is changed and deleted once, and its name is free', async () => {
  const { environments } = stores;
  const draft = { name: 'staging', description: null, project: 'shop', variables: [] };
  const made = await environments.createEnvironment(draft, 1, 0);
  const changed = { ...made, capacity: 2, version: 2 };
  await environments.putEnvironment(changed);
  await expect(environments.putEnvironment({ ...changed, capacity: 3 })).rejects.toMatchObject(refused);
  await expect(environments.deleteEnvironment(made)).rejects.toMatchObject(refused);
  await environments.deleteEnvironment(changed);
  expect(await environments.createEnvironment(draft, 1, 0)).toMatchObject({ name: 'staging' });
});

test('a plan is made, changed and deleted once, and its name is free', async () => {
  const { plans } = stores;
  const document = parsePlan({ name: 'smoke', executor: { type: 'command', command: 'true' } });
  const made = await plans.createPlan(document, 1, 0);
  const changed = await plans.updatePlan(made, { ...document, description: 'newer' }, 1, 1);
  expect(changed).toMatchObject({ id: made.id, version: 2 });
  await expect(plans.updatePlan(made, { ...document, description: 'other' }, 1, 1)).rejects.toMatchObject(refused);
  await expect(plans.deletePlan(made, 2)).rejects.toMatchObject(refused);
  await plans.deletePlan(changed, 2);
  expect((await plans.listPlans(0, 10)).map(({ name }) => name)).toEqual([]);
  expect(await plans.createPlan(document, 1, 3)).toMatchObject({ name: 'smoke', version: 1 });
});
