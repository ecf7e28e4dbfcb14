import type { SlotStore } from '../../core/ports.ts';
import { emptySlotSet, type SlotKey, type SlotSet } from '../../core/slots.ts';
import { runSequence } from './run-item.ts';
import type { Item, Key, Table } from './table.ts';

/**
 * SLOTS: who holds a slot of an environment, a project or a key, and who waits for one; one item for each. `holders` is a map
 * from the run to the version at which it began to take: what an interrupted try took is given back by that try, or by a
 * later one, and never by an earlier one that comes late.
 */
export function createSlotStore(table: Table): SlotStore {
  /** Sets that are known to be there; nobody deletes one. */
  const opened = new Set<SlotKey>();
  const open = async (key: SlotKey): Promise<void> => {
    if (opened.has(key)) return;
    await table.put({ ...itemKey(key), holders: {} }, 'attribute_not_exists(#pk)');
    opened.add(key);
  };
  const change = async (key: SlotKey, update: string, values: Item, condition: string) => {
    const item = await table.update(itemKey(key), update, values, condition);
    return item && toSlotSet(item);
  };

  return {
    async readSlots(keys) {
      const items = await table.getMany(keys.map(itemKey));
      const sets = new Map(items.map((item) => [String(item.pk), toSlotSet(item)]));
      return keys.map((key) => sets.get(itemKey(key).pk) ?? emptySlotSet);
    },

    // E21
    async takeSlot({ key, slots }, runId, since, ahead) {
      await open(key);
      const mine = `#holders.#r${runId}`;
      const condition = `(attribute_not_exists(${mine}) AND size(#holders) < :most) OR ${mine} <= :since`;
      const values = { since, slots, most: slots - ahead, me: new Set([String(runId)]) };
      return (
        (await change(key, `SET ${mine} = :since, #slots = :slots DELETE #waiting :me`, values, condition)) !==
        undefined
      );
    },

    async untakeSlot(key, runId, since) {
      const mine = `#holders.#r${runId}`;
      return change(key, `REMOVE ${mine}`, { since }, `${mine} <= :since`);
    },

    async waitForSlot(key, runId) {
      await open(key);
      await change(key, 'ADD #waiting :me', { me: new Set([String(runId)]) }, 'attribute_exists(#pk)');
    },

    async stopWaiting(key, runId) {
      await change(key, 'DELETE #waiting :me', { me: new Set([String(runId)]) }, 'attribute_exists(#pk)');
    },

    async leaveSlots(key, runId) {
      const update = `REMOVE #holders.#r${runId} DELETE #waiting :me`;
      const left = await change(key, update, { me: new Set([String(runId)]) }, 'attribute_exists(#pk)');
      return left ?? emptySlotSet;
    },

    async getProjectLimits() {
      const item = (await table.get(runSequence)) ?? {};
      const limits = Object.entries(item).filter(([name]) => /^limit\d+$/.test(name));
      return new Map(limits.map(([name, limit]) => [Number(name.slice('limit'.length)), Number(limit)]));
    },

    async putProjectLimit(projectId, parallelRuns) {
      const name = `#limit${projectId}`;
      if (parallelRuns === null) await table.update(runSequence, `REMOVE ${name}`, {});
      else await table.update(runSequence, `SET ${name} = :parallelRuns`, { parallelRuns });
    },
  };
}

const itemKey = (key: SlotKey): Key => ({ pk: `SLOTS#${key}`, sk: 'SLOTS' });

function toSlotSet({ holders, waiting, slots }: Item): SlotSet {
  const held = Object.entries((holders ?? {}) as Record<string, unknown>);
  return {
    holders: new Map(held.map(([name, since]) => [Number(name.slice(1)), Number(since)])),
    waiting: new Set([...((waiting as Set<string> | undefined) ?? [])].map(Number)),
    ...(slots === undefined ? {} : { slots: Number(slots) }),
  };
}
