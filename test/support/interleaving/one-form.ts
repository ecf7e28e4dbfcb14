import type { Item } from '../../../lib/adapters/dynamodb/table.ts';
import type { MemoryTable } from '../memory-table.ts';

/**
 * The table with everything in one form and order that a table may choose: members of sets, items that have the same place in an
 * index, items of a batch. Two tables that differ in nothing else then answer alike.
 */
export function inOneForm(table: MemoryTable): MemoryTable {
  return {
    ...table,
    async get(key) {
      const item = await table.get(key);
      return item && formOf(item);
    },
    getMany: async (keys) => byPlace((await table.getMany(keys)).map(formOf), () => 0),
    async update(key, change, values, condition) {
      const after = await table.update(key, change, values, condition);
      return after && formOf(after);
    },
    async query(input) {
      if (input.index === undefined) return (await table.query(input)).map(formOf);
      const { limit, ...all } = input;
      const sort = input.index === 'due' ? 'nextActionAt' : 'id';
      const sign = input.descending === true ? -1 : 1;
      return byPlace(await table.query(all), (item) => sign * Number(item[sort])).slice(0, limit);
    },
  };
}

/** A value as text: members of objects and sets in order, bytes as such. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (member instanceof Set) return { set: [...member].sort() };
    if (member instanceof Uint8Array) return { bytes: Buffer.from(member).toString('base64') };
    const isBuffer = (member as { type?: unknown } | null)?.type === 'Buffer' && 'data' in (member as object);
    if (isBuffer) return { bytes: Buffer.from((member as { data: number[] }).data).toString('base64') };
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function formOf(item: Item): Item {
  const members = Object.entries(item).map(([name, value]) => [
    name,
    value instanceof Set ? new Set([...value].sort()) : value,
  ]);
  return Object.fromEntries(members);
}

function byPlace(items: readonly Item[], placeOf: (item: Item) => number): Item[] {
  const keyOf = ({ pk, sk }: Item): string => `${pk}\u0000${sk}`;
  return [...items].sort((a, b) => placeOf(a) - placeOf(b) || (keyOf(a) < keyOf(b) ? -1 : 1));
}
