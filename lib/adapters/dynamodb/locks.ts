import type { PlanLock, RunStore } from '../../core/ports.ts';
import type { RunResult } from '../../core/run.ts';
import { lockKey } from './run-item.ts';
import type { Item, Table } from './table.ts';

/**
 * LOCK: two sets of run ids of one plan. Who is in `active` runs, who is in `waiting` comes after them; one item, so every
 * move is one conditional write and nobody overtakes (reliability.md F60).
 *
 *            E1 (nobody there)          E12 (nobody active)
 *   trigger ───────────────► active ◄─────────────── waiting ◄─── E11 (someone there)
 */
export function createLocks(table: Table): Pick<RunStore, 'lock' | 'join' | 'leave' | 'wait' | 'promote' | 'readLock'> {
  const set = (runId: number) => new Set([String(runId)]);

  return {
    // E1
    async lock(planId, runId) {
      const condition = '(attribute_not_exists(#active) AND attribute_not_exists(#waiting)) OR contains(#active, :id)';
      const values = { me: set(runId), id: String(runId) };
      return (await table.update(lockKey(planId), 'ADD #active :me', values, condition)) !== undefined;
    },

    // E2
    async join(planId, runId) {
      await table.update(lockKey(planId), 'ADD #active :me', { me: set(runId) });
    },

    // E3. A run that ends after a newer one, or leaves again, teaches nothing: what is remembered is the newest run's.
    async leave(planId, runId, { result, ...usual } = {}) {
      const facts = { ...usual, ...(result === undefined ? {} : { lastResult: result, lastRun: runId }) };
      const learn = Object.keys(facts).map((name) => `#${name} = :${name}`);
      const go = 'DELETE #active :me, #waiting :me';
      const values = { me: set(runId), runId, ...facts };
      if (learn.length > 0) {
        const newest = 'attribute_not_exists(#lastRun) OR #lastRun <= :runId';
        const item = await table.update(lockKey(planId), `SET ${learn.join(', ')} ${go}`, values, newest);
        if (item !== undefined) return toLock(item);
      }
      return toLock(await table.update(lockKey(planId), go, values));
    },

    // E11
    async wait(planId, runId, most) {
      const condition =
        '(attribute_exists(#active) OR attribute_exists(#waiting)) AND NOT contains(#active, :id) AND ' +
        '(attribute_not_exists(#waiting) OR contains(#waiting, :id) OR size(#waiting) < :most)';
      const values = { me: set(runId), id: String(runId), most };
      return (await table.update(lockKey(planId), 'ADD #waiting :me', values, condition)) !== undefined;
    },

    // E12
    async promote(planId, runId) {
      const condition = 'attribute_not_exists(#active) AND contains(#waiting, :id)';
      const values = { me: set(runId), id: String(runId) };
      return (
        (await table.update(lockKey(planId), 'ADD #active :me DELETE #waiting :me', values, condition)) !== undefined
      );
    },

    async readLock(planId) {
      return toLock(await table.get(lockKey(planId)));
    },
  };
}

function toLock(item: Item | undefined): PlanLock {
  const sets = { active: numbers(item?.active), waiting: numbers(item?.waiting) };
  if (item?.lastRun === undefined) return sets;
  return { ...sets, last: { runId: Number(item.lastRun), result: item.lastResult as RunResult } };
}

function numbers(set: unknown): ReadonlySet<number> {
  return new Set([...((set as Set<string> | undefined) ?? [])].map(Number));
}
