import type { PlanLock, RunStore } from '../../core/ports.ts';
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

    // E3
    async leave(planId, runId, learnt) {
      const learn = learnt === undefined ? '' : 'SET #usualSeconds = :usualSeconds, #catalogSize = :catalogSize ';
      const values = { me: set(runId), ...learnt };
      return toLock(await table.update(lockKey(planId), `${learn}DELETE #active :me, #waiting :me`, values));
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
  return { active: numbers(item?.active), waiting: numbers(item?.waiting) };
}

function numbers(set: unknown): ReadonlySet<number> {
  return new Set([...((set as Set<string> | undefined) ?? [])].map(Number));
}
