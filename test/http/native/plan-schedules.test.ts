import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPlanStore } from '../../../lib/adapters/dynamodb/plans.ts';
import { fireSchedule } from '../../../lib/workflow/fire-schedule.ts';
import { sweepSchedules } from '../../../lib/workflow/sweep-schedules.ts';
import { syncSchedules } from '../../../lib/workflow/sync-schedules.ts';
import { type Answer, type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
beforeEach(() => {
  api.clock.now = Date.UTC(2027, 0, 4, 9);
});
afterAll(() => api.close());

const nightly = { name: 'nightly', cron: '0 2 ? * MON-FRI *', timezone: 'Europe/Istanbul', missed: 'runOnce' };
const weekly = { name: 'weekly', every: 'week', at: '2027-01-08T18:00', config: 'smoke' };
const configs = [{ name: 'smoke', query: [{ key: 'tags', value: ['smoke'], operation: 'NOT_IN' }] }];

const apply = (plan: object): Promise<Answer> => api.call('POST', '/v1/plans', { body: plan });
const list = async (planId: number) => (await api.call('GET', `/v1/schedules?plan=${planId}`)).body.schedules;
const readPlan = async (id: number) => {
  const plan = await api.stores.plans.getPlan(id);
  if (plan === undefined) throw new Error('no plan');
  return plan;
};

describe('schedules of a plan’s document', () => {
  test('come, change and go with it, and keep their numbers by their names', async () => {
    const plan = aPlan({ configs });
    const { body } = await apply({ ...plan, schedules: [nightly, weekly] });
    const [first, second] = await list(body.id);
    expect(body.schedules.map(({ id }: { id: number }) => id)).toEqual([first.id, second.id]);
    expect(first).toMatchObject({
      name: 'nightly',
      source: 'plan',
      status: 'active',
      nextAt: '2027-01-04T23:00:00.000Z',
    });
    expect(second).toMatchObject({ name: 'weekly', config: { name: 'smoke' }, nextAt: '2027-01-08T18:00:00.000Z' });

    const reordered = await apply({ ...plan, schedules: [{ ...weekly, at: '2027-01-09T18:00' }, nightly] });
    expect(reordered.body.version).toBe(2);
    const [same, moved] = await list(body.id);
    expect(same).toMatchObject({ id: first.id, version: 1 });
    expect(moved).toMatchObject({ id: second.id, version: 2, nextAt: '2027-01-09T18:00:00.000Z' });

    await apply({ ...plan, schedules: [nightly] });
    expect((await list(body.id)).map(({ name }: { name: string }) => name)).toEqual(['nightly']);
    // Left out, the plan keeps what it has.
    expect((await apply(plan)).body.version).toBe(3);
    expect(await list(body.id)).toHaveLength(1);
    await apply({ ...plan, schedules: [] });
    expect(await list(body.id)).toEqual([]);
  });

  test('applied again change nothing, and leave one that was paused as it is', async () => {
    const plan = { ...aPlan(), schedules: [nightly] };
    const { body } = await apply(plan);
    const [{ id }] = await list(body.id);
    expect((await api.call('POST', `/v1/schedules/${id}/pause`)).status).toBe(200);
    expect((await apply(plan)).body.version).toBe(1);
    await apply({ ...plan, description: 'something else' });
    api.clock.now += 60_000;
    await sweepSchedules(api.services);
    expect((await list(body.id))[0]).toMatchObject({ id, status: 'paused' });
    await apply({ ...plan, schedules: [{ ...nightly, jitterSeconds: 60 }] });
    expect((await list(body.id))[0]).toMatchObject({ id, status: 'active', jitterSeconds: 60 });
  });

  test('are changed there only; those of requests are not touched by an apply', async () => {
    const plan = { ...aPlan(), schedules: [nightly] };
    const { body } = await apply(plan);
    const [{ id }] = await list(body.id);
    const change = { name: 'mine', cron: '0 3 * * ? *' };
    for (const refused of [
      await api.call('PUT', `/v1/schedules/${id}`, { body: change }),
      await api.call('DELETE', `/v1/schedules/${id}`),
    ]) {
      expect(refused).toMatchObject({ status: 409, body: { code: 'VERSION_CONFLICT' } });
      expect(refused.body.detail).toMatch(/document of plan/);
    }
    const own = await api.call('POST', '/v1/schedules', { body: { planId: body.id, ...change } });
    await apply({ ...plan, schedules: [] });
    expect((await list(body.id)).map((one: { id: number }) => one.id)).toEqual([own.body.id]);
  });

  test('a time that is over makes a paused one, so that a document can be applied for ever', async () => {
    const plan = { ...aPlan(), schedules: [{ name: 'launch', once: '2026-06-01T09:00:00Z' }] };
    const { status, body } = await apply(plan);
    expect(status).toBe(201);
    expect((await list(body.id))[0]).toMatchObject({ status: 'paused', nextAt: null });
  });

  test.each([
    [[{ name: 'x', cron: '0 2 * * MON *' }], 'schedules[0].cron'],
    [[nightly, { name: 'x', rate: 'often' }], 'schedules[1].rate'],
    [[{ ...nightly, timezone: 'CEST' }], 'schedules[0].timezone'],
    [[{ name: 'x', every: 'day', at: 'noon' }], 'schedules[0].at'],
    [[{ ...nightly, config: 'nobody' }], 'schedules[0].config'],
    [[{ ...nightly, environment: 4711 }], 'schedules[0].environment'],
    [[nightly, nightly], 'schedules[1].name'],
    [[{ name: 'x' }], 'schedules[0].cron'],
    [[{ ...nightly, when: 'soon' }], 'schedules[0].when'],
  ])('%j is refused, naming %s', async (schedules, field) => {
    const { status, body } = await apply(aPlan({ configs, schedules }));
    expect([status, body.errors?.[0].field]).toEqual([400, field]);
  });

  test('a number of another plan’s schedule takes nothing from it', async () => {
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const [{ id }] = await list(body.id);
    const thief = await apply({ ...aPlan(), schedules: [{ ...weekly, config: undefined, id }] });
    expect(thief.body.schedules[0].id).not.toBe(id);
    expect((await list(body.id))[0]).toMatchObject({ id, name: 'nightly' });
  });

  test('follow their plan to another project, those of requests too', async () => {
    const plan = { ...aPlan(), schedules: [nightly] };
    const { body } = await apply(plan);
    await api.call('POST', '/v1/schedules', { body: { planId: body.id, name: 'mine', cron: '0 3 * * ? *' } });
    await api.call('PUT', `/v1/plans/${body.id}`, { body: { ...plan, project: 'moved' } });
    const moved = await api.call('GET', '/v1/schedules?project=moved');
    expect(moved.body.schedules.map(({ name }: { name: string }) => name)).toEqual(['nightly', 'mine']);
  });

  test('are gone with their plan, those of requests too', async () => {
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const own = await api.call('POST', '/v1/schedules', {
      body: { planId: body.id, name: 'mine', cron: '0 3 * * ? *' },
    });
    const [declared] = await list(body.id);
    expect((await api.call('DELETE', `/v1/plans/${body.id}`)).status).toBe(204);
    for (const id of [declared.id, own.body.id]) expect(await api.stores.schedules.getSchedule(id)).toBeUndefined();
  });
});

describe('an occurrence that is due while its plan is applied', () => {
  const hourly = { name: 'hourly', cron: '0 * * * ? *' };
  const launch = { name: 'launch', once: '2027-01-04T10:00:00Z' };
  const due = async (schedule: object) => {
    const plan = aPlan();
    const { body } = await apply({ ...plan, schedules: [schedule] });
    const [{ id, nextAt }] = await list(body.id);
    api.clock.now = Date.parse(nextAt) + 1000;
    return { id, planId: body.id, nextAt, reapply: (changed: object) => apply({ ...plan, schedules: [changed] }) };
  };
  const occurrences = async (id: number) => (await api.call('GET', `/v1/schedules/${id}/occurrences`)).body.occurrences;
  const runs = async (planId: number) => (await api.call('GET', `/v1/runs?plan=${planId}`)).body.runs;

  test.each([hourly, launch])('of %j is started, if the times stay', async (schedule) => {
    const { id, planId, nextAt, reapply } = await due(schedule);
    await reapply({ ...schedule, variables: { BASE: 'new' } });
    await fireSchedule(api.services, id, Date.parse(nextAt));
    expect(await occurrences(id)).toMatchObject([{ state: 'fired', scheduledAt: nextAt }]);
    expect(await runs(planId)).toHaveLength(1);
  });

  test('is concluded by whoever has begun to start it', async () => {
    const { id, planId, nextAt, reapply } = await due(hourly);
    const schedule = await api.stores.schedules.getSchedule(id);
    if (schedule === undefined) throw new Error('no schedule');
    await api.stores.schedules.replaceSchedule(schedule, { claimedAt: api.clock.now });
    await reapply({ ...hourly, variables: { BASE: 'new' } });
    expect(await api.stores.schedules.getSchedule(id)).toMatchObject({
      claimedAt: api.clock.now,
      nextAt: Date.parse(nextAt),
    });
    await fireSchedule(api.services, id, Date.parse(nextAt));
    expect(await runs(planId)).toEqual([]);
  });

  test.each([
    ['new times', { ...hourly, cron: '30 * * * ? *' }],
    ['a pause', { ...hourly, enabled: false }],
  ])('is on record as skipped after %s', async (_, changed) => {
    const { id, planId, nextAt, reapply } = await due(hourly);
    await reapply(changed);
    await fireSchedule(api.services, id, Date.parse(nextAt));
    expect(await occurrences(id)).toMatchObject([{ state: 'skipped', code: 'SCHEDULE_CHANGED', scheduledAt: nextAt }]);
    expect(await runs(planId)).toEqual([]);
  });
});

describe('whoever applies a plan and dies', () => {
  test('before the schedules followed: the sweeper brings them up', async () => {
    const { stores, clock } = api;
    const { body } = await apply(aPlan());
    const plan = await stores.plans.getPlan(body.id);
    if (plan === undefined) throw new Error('no plan');
    const schedules = [
      { ...nightly, missed: 'runOnce', variables: {}, maxLatenessSeconds: 60, jitterSeconds: 0, enabled: true },
    ];
    await stores.plans.updatePlan(plan, { ...plan, schedules } as never, 1, clock.now);
    expect(await list(body.id)).toEqual([]);
    clock.now += 15_000;
    await sweepSchedules(api.services);
    expect(await list(body.id)).toMatchObject([{ name: 'nightly', status: 'active' }]);
    expect(await stores.schedules.listDueSchedules(clock.now, 10)).toEqual([]);

    const second = await stores.plans.getPlan(body.id);
    if (second === undefined) throw new Error('no plan');
    await stores.plans.updatePlan(second, { ...second, schedules: [] }, 1, clock.now);
    clock.now += 15_000;
    await sweepSchedules(api.services);
    expect(await list(body.id)).toEqual([]);
  });

  test('before they were removed: one that fires meanwhile is none of the plan’s, starts nothing and goes', async () => {
    const { stores, clock, services } = api;
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const [{ id }] = await list(body.id);
    const plan = await stores.plans.getPlan(body.id);
    if (plan === undefined) throw new Error('no plan');
    await stores.plans.updatePlan(plan, { ...plan, schedules: [] }, 1, clock.now);
    clock.now = (await stores.schedules.getSchedule(id))?.nextAt ?? 0;
    await fireSchedule(services, id, clock.now);
    expect(await stores.schedules.getSchedule(id)).toBeUndefined();
    expect((await api.call('GET', `/v1/runs?plan=${body.id}`)).body.runs).toEqual([]);
  });

  test('right after a plan was deleted: the sweeper removes what is left', async () => {
    const { stores, clock } = api;
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const [{ id }] = await list(body.id);
    const plan = await stores.plans.getPlan(body.id);
    if (plan === undefined) throw new Error('no plan');
    await stores.plans.deletePlan(plan, clock.now);
    clock.now += 15_000;
    await sweepSchedules(api.services);
    expect(await stores.schedules.getSchedule(id)).toBeUndefined();
    expect(await stores.schedules.listDueSchedules(clock.now, 10)).toEqual([]);
  });
});

describe('bringing up schedules while others write', () => {
  test.each([
    ['newer', [{ ...nightly, variables: { BASE: 'new' } }], [{ name: 'nightly', variables: { BASE: 'new' } }]],
    ['gone', [], []],
  ])('an older version of the plan that comes late leaves what is %s', async (_, schedules, expected) => {
    const plan = aPlan();
    const { body } = await apply({ ...plan, schedules: [{ ...nightly, variables: { BASE: 'old' } }] });
    const old = await readPlan(body.id);
    await apply({ ...plan, schedules });
    let reads = 0;
    const getPlan = (id: number) => (reads++ === 0 ? Promise.resolve(old) : api.stores.plans.getPlan(id));
    await syncSchedules({ ...api.services, plans: { ...api.stores.plans, getPlan } }, body.id);
    expect(await list(body.id)).toMatchObject(expected);
    expect(await list(body.id)).toHaveLength(expected.length);
  });

  test('a plan that changes all the time is left to a later look', async () => {
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const plan = await readPlan(body.id);
    let version = plan.version;
    const getPlan = async () => ({ ...plan, version: version++ });
    const services = { ...api.services, plans: { ...api.stores.plans, getPlan } };
    await expect(syncSchedules(services, body.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('one that is written at the same moment follows its plan to another project all the same', async () => {
    const plan = aPlan();
    const { body } = await apply(plan);
    const own = await api.call('POST', '/v1/schedules', {
      body: { planId: body.id, name: 'mine', cron: '0 3 * * ? *' },
    });
    const old = await readPlan(body.id);
    await api.stores.plans.updatePlan(old, { ...old, project: 'elsewhere' }, 1, api.clock.now);
    let refused = 0;
    const replaceSchedule: typeof api.stores.schedules.replaceSchedule = async (schedule, change) => {
      if (refused === 0 && change.project !== undefined) {
        refused += 1;
        await api.stores.schedules.replaceSchedule(schedule, { comments: 'written in between' });
      }
      return api.stores.schedules.replaceSchedule(schedule, change);
    };
    await syncSchedules({ ...api.services, schedules: { ...api.stores.schedules, replaceSchedule } }, body.id);
    expect(await api.stores.schedules.getSchedule(own.body.id)).toMatchObject({
      project: 'elsewhere',
      comments: 'written in between',
    });
  });
});

describe('a deletion that a change of the plan came before', () => {
  const dueAfter = async (ms: number, id: number) => {
    api.clock.now += ms;
    const due = await api.stores.schedules.listDueSchedules(api.clock.now, 10);
    return due.filter((one) => one.kind === 'plan' && one.planId === id);
  };

  test('leaves nothing for the sweeper', async () => {
    const { stores, clock } = api;
    const { body } = await apply(aPlan());
    const old = await readPlan(body.id);
    await stores.plans.updatePlan(old, { ...old, description: 'newer' }, 1, clock.now);
    await expect(stores.plans.deletePlan(old, clock.now)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await dueAfter(15_000, body.id)).toEqual([]);
  });

  test('keeps what another deletion left for the sweeper', async () => {
    const { stores, clock } = api;
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const [{ id }] = await list(body.id);
    const plan = await readPlan(body.id);
    await stores.plans.deletePlan(plan, clock.now);
    // It is gone: that is what was wanted.
    await stores.plans.deletePlan(plan, clock.now);
    expect(await dueAfter(15_000, body.id)).toMatchObject([{ planId: body.id }]);
    await sweepSchedules(api.services);
    expect(await stores.schedules.getSchedule(id)).toBeUndefined();
    expect(await dueAfter(0, body.id)).toEqual([]);
  });

  test('that took so long that the sweeper took it for given up is refused, and the next one is not', async () => {
    const { services, clock, stores } = api;
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const plan = await readPlan(body.id);
    const slow = createPlanStore({
      ...api.table,
      async delete(...given) {
        await dueAfter(15_000, body.id);
        await sweepSchedules(services);
        return api.table.delete(...given);
      },
    });
    await expect(slow.deletePlan(plan, clock.now)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await list(body.id)).toMatchObject([{ name: 'nightly' }]);
    await stores.plans.deletePlan(await readPlan(body.id), clock.now);
    expect(await stores.plans.getPlan(body.id)).toBeUndefined();
  });

  test('by one who died before he knew: the sweeper looks once', async () => {
    const { services, clock, stores } = api;
    const { body } = await apply({ ...aPlan(), schedules: [nightly] });
    const plan = await readPlan(body.id);
    // Everything up to the deletion of the plan itself.
    const died = createPlanStore({
      ...api.table,
      delete: async () => {
        throw new Error('the process died');
      },
    });
    await expect(died.deletePlan(plan, clock.now)).rejects.toThrow('the process died');
    expect(await dueAfter(15_000, body.id)).toHaveLength(1);
    await sweepSchedules(services);
    expect(await dueAfter(0, body.id)).toEqual([]);
    expect(await list(body.id)).toMatchObject([{ name: 'nightly' }]);
    expect(await stores.plans.getPlan(body.id)).toMatchObject({ version: 1 });
  });
});
