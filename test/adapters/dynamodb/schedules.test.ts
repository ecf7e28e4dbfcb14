import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../../lib/adapters/dynamodb/client.ts';
import type { Occurrence, Schedule } from '../../../lib/core/schedule/schedule.ts';
import { openWireTable } from '../../support/table.ts';

let stores: Stores;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ stores, close } = await openWireTable());
});
afterAll(() => close());

const day = 86_400_000;
const aSchedule = (id: number, change: Partial<Schedule> = {}): Schedule => ({
  ...{ id, version: 1, revision: 1, planId: 1, project: 'shop', name: `schedule ${id}`, comments: null },
  ...{ status: 'active', timing: { recurrence: { type: 'rate', every: 1, unit: 'hours', from: 0 }, timezone: 'UTC' } },
  ...{ variables: {}, jitterSeconds: 0, missed: 'runOnce', maxLatenessSeconds: 60, nextAt: 1000, unrecorded: [] },
  ...{ keyId: 'key', createdAt: 0, updatedAt: 0, createdBy: 1, updatedBy: 1 },
  ...change,
});
const anOccurrence = (scheduledAt: number, change: Partial<Occurrence> = {}): Occurrence => ({
  ...{ scheduleId: 50, scheduledAt, state: 'fired', recordedAt: scheduledAt, explanation: 'It started run 1.' },
  ...{ planId: 1, project: 'shop', scheduleName: 'schedule 50' },
  ...change,
});
const made = async (schedule: Schedule): Promise<Schedule> => {
  expect(await stores.schedules.createSchedule(schedule)).toBe(true);
  return schedule;
};

test('one of two writers of the same revision wins, and a member that is undefined is gone', async () => {
  const { schedules } = stores;
  const before = await made(aSchedule(10, { buildNo: '7', claimedAt: 5, nextActionAt: 2000 }));
  const answers = await Promise.all([
    schedules.replaceSchedule(before, { claimedAt: undefined, nextActionAt: undefined, name: 'first' }),
    schedules.replaceSchedule(before, { claimedAt: undefined, nextActionAt: undefined, name: 'second' }),
  ]);
  const [winner, ...others] = answers.filter((answer) => answer !== undefined);
  expect(others).toEqual([]);
  const { claimedAt: _, nextActionAt: __, ...kept } = before;
  expect(await schedules.getSchedule(10)).toEqual({ ...kept, name: winner?.name, revision: 2 });
  expect(await schedules.deleteSchedule(before)).toBe(false);
  expect(await schedules.createSchedule(before)).toBe(false);
  expect(winner && (await schedules.deleteSchedule(winner))).toBe(true);
  expect(winner && (await schedules.replaceSchedule(winner, {}))).toBeUndefined();
  expect(await schedules.getSchedule(10)).toBeUndefined();
});

test('lists are in the order of ids, by plan and by project, and follow a schedule that moves', async () => {
  const { schedules } = stores;
  for (const id of [24, 21, 23, 22]) await made(aSchedule(id, { planId: 2, project: id === 22 ? 'bank' : 'mail' }));
  const idsOf = (found: readonly Schedule[]) => found.map(({ id }) => id);
  expect(idsOf(await schedules.listSchedulesByPlan(2, 0, 10))).toEqual([21, 22, 23, 24]);
  expect(idsOf(await schedules.listSchedulesByPlan(2, 21, 2))).toEqual([22, 23]);
  expect(idsOf(await schedules.listSchedulesByProject('mail', 0, 10))).toEqual([21, 23, 24]);
  await schedules.replaceSchedule(aSchedule(23, { planId: 2, project: 'mail' }), { project: 'bank', planId: 3 });
  expect(idsOf(await schedules.listSchedulesByProject('bank', 0, 10))).toEqual([22, 23]);
  expect(idsOf(await schedules.listSchedulesByPlan(2, 0, 10))).toEqual([21, 22, 24]);
});

test('a record is written once, kept for 90 days, and listed newest first', async () => {
  const { schedules } = stores;
  for (const at of [1000, 3000, 2000]) await schedules.recordOccurrence(anOccurrence(at));
  await schedules.recordOccurrence(anOccurrence(2000, { state: 'missed' }));
  const list = async (before: number, limit: number, now: number) =>
    (await schedules.listOccurrences(50, before, limit, now)).map(
      ({ scheduledAt, state }) => `${scheduledAt} ${state}`,
    );
  expect(await list(1e15, 10, 4000)).toEqual(['3000 fired', '2000 fired', '1000 fired']);
  expect(await list(3000, 1, 4000)).toEqual(['2000 fired']);
  expect(await list(1e15, 10, 89 * day)).toHaveLength(3);
  // The table may keep them longer; nobody sees them.
  expect(await list(1e15, 10, 91 * day)).toEqual([]);
});

test('what is due is schedules, untold records and plans that are behind, soonest first, each until it is done', async () => {
  const { schedules, plans } = stores;
  const due = async () => (await schedules.listDueSchedules(70_000, 10)).map((one) => JSON.stringify(one));
  const schedule = await made(aSchedule(60, { nextActionAt: 30_000 }));
  const untold = anOccurrence(9000, { scheduleId: 60, state: 'missed' });
  await schedules.recordOccurrence(untold, 20_000);
  await plans.schedulesSynced({ id: 4711 }, 1);
  expect(await due()).toEqual([
    '{"kind":"event","scheduleId":60,"scheduledAt":9000}',
    '{"kind":"schedule","scheduleId":60}',
  ]);
  await schedules.occurrenceTold(untold);
  expect(await schedules.getOccurrence(60, 9000)).toEqual(untold);
  await schedules.replaceSchedule(schedule, { nextActionAt: undefined });
  expect(await due()).toEqual([]);
});
