import type { DueSchedule, ScheduleStore } from '../../core/ports.ts';
import type { Occurrence, Schedule } from '../../core/schedule/schedule.ts';
import { dueShards, scheduleShard } from './definition.ts';
import { deleteOnce, putOnce } from './once.ts';
import { next } from './plans.ts';
import type { Item, Key, Table } from './table.ts';

/** How long the records of occurrences are kept, in seconds. */
const recordKeepSeconds = 90 * 86_400;

/**
 * SCHEDULE: one item a schedule, each write a compare-and-set on its revision, and a record a fired or missed occurrence
 * beside it. Both are in the `due` index while there is something to do about them.
 *
 *   armed ──E25 claim──► claimed ──E26 advance──► armed for the next, outcome not on record ──E27 settle──► armed
 */
export function createScheduleStore(table: Table): ScheduleStore {
  /** The index may still know what is gone from the table: only its end is an end. */
  const listPage = async (index: 'list' | 'feed', partition: string, after: number, limit: number) => {
    const schedules: Schedule[] = [];
    for (let last = after; ; ) {
      const missing = limit - schedules.length;
      const where = `#${index} = :partition AND #id > :last`;
      const found = await table.query({ index, where, values: { partition, last }, limit: missing });
      const items = await table.getMany(found.map(({ id }) => itemKey(Number(id))));
      schedules.push(...items.map(toSchedule).sort((a, b) => a.id - b.id));
      if (found.length < missing || schedules.length === limit) return schedules;
      last = Number(found.at(-1)?.id);
    }
  };

  return {
    nextScheduleId: () => next(table, 'schedules'),

    createSchedule: (schedule) => putOnce(table, toItem(schedule), 'attribute_not_exists(#pk)'),

    async getSchedule(id) {
      const item = await table.get(itemKey(id));
      return item && toSchedule(item);
    },

    async replaceSchedule(schedule, change) {
      const { revision } = schedule;
      const changed = { ...schedule, ...change, revision: revision + 1 } as Schedule;
      const put = await putOnce(table, toItem(changed), '#revision = :revision', { revision });
      return put ? changed : undefined;
    },

    deleteSchedule: ({ id, revision }) => deleteOnce(table, itemKey(id), '#revision = :revision', { revision }),

    listSchedulesByPlan: (planId, after, limit) => listPage('list', `SCHEDULES#PLAN#${planId}`, after, limit),
    listSchedulesByProject: (project, after, limit) => listPage('feed', `SCHEDULES#PROJECT#${project}`, after, limit),

    async recordOccurrence(occurrence, tellBy) {
      const { scheduleId, scheduledAt, recordedAt } = occurrence;
      const expiresAt = Math.floor(recordedAt / 1000) + recordKeepSeconds;
      const due = tellBy === undefined ? {} : { due: scheduleShard(scheduleId), nextActionAt: tellBy };
      const item = { ...recordKey(scheduleId, scheduledAt), ...occurrence, ...due, expiresAt };
      await table.put(item, 'attribute_not_exists(#pk)');
    },

    async getOccurrence(scheduleId, scheduledAt) {
      const item = await table.get(recordKey(scheduleId, scheduledAt));
      return item && toOccurrence(item);
    },

    async occurrenceTold({ scheduleId, scheduledAt }) {
      const condition = 'attribute_exists(#pk)';
      await table.update(recordKey(scheduleId, scheduledAt), 'REMOVE #due, #nextActionAt', {}, condition);
    },

    async listOccurrences(scheduleId, before, limit, now) {
      const items = await table.query({
        where: '#pk = :pk AND #sk BETWEEN :from AND :to',
        values: { pk: itemKey(scheduleId).pk, from: 'AT#', to: recordKey(scheduleId, before - 1).sk },
        limit,
        descending: true,
      });
      return items.filter(({ expiresAt }) => Number(expiresAt) * 1000 > now).map(toOccurrence);
    },

    async listDueSchedules(until, limit) {
      const shards = Array.from({ length: dueShards }, (_, shard) =>
        table.query({
          index: 'due',
          where: '#due = :due AND #nextActionAt <= :until',
          values: { due: `SCHEDULE#${shard}`, until },
          limit,
        }),
      );
      return (await Promise.all(shards))
        .flat()
        .sort((a, b) => Number(a.nextActionAt) - Number(b.nextActionAt))
        .slice(0, limit)
        .map(toDue);
    },
  };
}

const itemKey = (id: number): Key => ({ pk: `SCHEDULE#${id}`, sk: 'SCHEDULE' });
/** Digits of one length, so that records are in the order of their times. */
const recordKey = (id: number, scheduledAt: number): Key => ({
  pk: `SCHEDULE#${id}`,
  sk: `AT#${String(scheduledAt).padStart(15, '0')}`,
});

function toItem(schedule: Schedule): Item & Key {
  const { id, planId, project, nextActionAt } = schedule;
  const lists = { list: `SCHEDULES#PLAN#${planId}`, feed: `SCHEDULES#PROJECT#${project}` };
  return { ...schedule, ...itemKey(id), ...lists, ...(nextActionAt === undefined ? {} : { due: scheduleShard(id) }) };
}

function toSchedule(item: Item): Schedule {
  const { pk: _pk, sk: _sk, list: _list, feed: _feed, due: _due, ...schedule } = item;
  return schedule as unknown as Schedule;
}

function toOccurrence(item: Item): Occurrence {
  const { pk: _pk, sk: _sk, due: _due, nextActionAt: _at, expiresAt: _expiresAt, ...occurrence } = item;
  return occurrence as unknown as Occurrence;
}

function toDue({ pk, sk }: Item): DueSchedule {
  const [kind, id] = String(pk).split('#');
  if (kind === 'PLAN') return { kind: 'plan', planId: Number(id) };
  const record = /^AT#(\d+)$/.exec(String(sk));
  if (record === null) return { kind: 'schedule', scheduleId: Number(id) };
  return { kind: 'event', scheduleId: Number(id), scheduledAt: Number(record[1]) };
}
