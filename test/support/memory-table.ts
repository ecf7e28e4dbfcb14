import { indexes } from '../../lib/adapters/dynamodb/definition.ts';
import type { Item, Key, QueryInput, Table } from '../../lib/adapters/dynamodb/table.ts';
import {
  type Condition,
  compare,
  invalid,
  parseCondition,
  parseUpdate,
  type Update,
} from './memory-table/expressions.ts';

/** A write that was done: the item as it was and as it is. */
export interface Written {
  readonly key: Key;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

export interface MemoryTable extends Table {
  /** Every item, as it is stored. */
  items(): Item[];
}

type Place = Map<string, Item>;

/**
 * The port `Table` in memory: the adapters' own expressions, evaluated as DynamoDB does, each call at one moment. It is as
 * fast as thousands of schedules a minute need, and knows only the grammar the adapters use; everything else is an error.
 * `onWrite` hears of every write, in order.
 */
export function createMemoryTable(onWrite: (written: Written) => void = () => {}): MemoryTable {
  const partitions = new Map<string, Place>();
  const indexed = new Map<string, Place>();

  const find = ({ pk, sk }: Key): Item | undefined => partitions.get(pk)?.get(sk);
  const store = (key: Key, before: Item | undefined, after: Item | undefined): void => {
    place(partitions, key.pk, key.sk, after);
    for (const { name, partition, sort } of indexes) {
      const [from, to] = [placeIn(name, before, partition, sort), placeIn(name, after, partition, sort)];
      const id = `${key.pk}\u0000${key.sk}`;
      if (from !== undefined && from !== to) place(indexed, from, id, undefined);
      if (to !== undefined) place(indexed, to, id, after);
    }
    onWrite({ key, before, after });
  };
  const select = (input: QueryInput): Item[] => {
    const [, partition = '', value = ''] = /^#(\w+) = :(\w+)/.exec(input.where) ?? [];
    const values = toStored(input.values) as Item;
    const index = indexes.find(({ name }) => name === input.index);
    const of = String(values[value]);
    checkGiven(input.where, values);
    const [, low = '', high = ''] = /BETWEEN :(\w+) AND :(\w+)/.exec(input.where) ?? [];
    if ((compare(values[low], values[high]) ?? 0) > 0) throw invalid('the bounds are the wrong way round');
    const candidates = index === undefined ? partitions.get(of) : indexed.get(`${index.name} ${of}`);
    const holds = conditionOf(input.where);
    const sort = index?.sort ?? 'sk';
    const found = [...(candidates?.values() ?? [])]
      .filter((item) => item[partition] === values[value] && holds(item, values))
      .sort((a, b) => (compare(a[sort], b[sort]) ?? 0) || (compare(a.sk, b.sk) ?? 0));
    if (input.descending === true) found.reverse();
    return found
      .slice(0, input.limit ?? found.length)
      .map((item) => (index === undefined ? item : keysOf(item, index.partition, index.sort)));
  };

  return {
    items: () => [...partitions.values()].flatMap((partition) => [...partition.values()]),

    async get(key) {
      return copyOf(find(key));
    },

    async getMany(keys) {
      if (new Set(keys.map(({ pk, sk }) => `${pk}\u0000${sk}`)).size < keys.length)
        throw new Error('a key comes twice');
      return keys.flatMap((key): Item[] => (find(key) === undefined ? [] : [{ ...find(key) }]));
    },

    async put(item, condition, values = {}) {
      const before = find(item);
      if (!holdsFor(before, condition, values)) return false;
      store({ pk: item.pk, sk: item.sk }, before, toStored(item) as Item);
      return true;
    },

    async update(key, change, values, condition) {
      checkGiven(change, values);
      const before = find(key);
      if (!holdsFor(before, condition, values)) return undefined;
      const after = updateOf(change)(before ?? { pk: key.pk, sk: key.sk }, toStored(values) as Item);
      store(key, before, after);
      return copyOf(after);
    },

    async delete(key, condition, values = {}) {
      const before = find(key);
      if (!holdsFor(before, condition, values)) return false;
      if (before !== undefined) store(key, before, undefined);
      return true;
    },

    query: async (input) => select(input).map((item) => ({ ...item })),
    count: async (input) => select(input).length,
  };
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

function conditionOf(text: string): Condition {
  const known = conditions.get(text) ?? parseCondition(text);
  conditions.set(text, known);
  return known;
}

function updateOf(text: string): Update {
  const known = updates.get(text) ?? parseUpdate(text);
  updates.set(text, known);
  return known;
}

function holdsFor(item: Item | undefined, condition: string | undefined, values: Item): boolean {
  if (condition === undefined) return true;
  checkGiven(condition, values);
  return conditionOf(condition)(item ?? {}, toStored(values) as Item);
}

/** What an expression names must be given, whether it is needed or not. */
function checkGiven(expression: string, values: Item): void {
  const missing = expression.match(/:\w+/g)?.find((name) => values[name.slice(1)] === undefined);
  if (missing !== undefined) throw invalid(`${missing} has no value`);
}

function place(places: Map<string, Place>, name: string, id: string, item: Item | undefined): void {
  const known = places.get(name) ?? new Map<string, Item>();
  places.set(name, known);
  if (item === undefined) known.delete(id);
  else known.set(id, item);
}

/** An item is in an index while it has both of its attributes. */
function placeIn(index: string, item: Item | undefined, partition: string, sort: string): string | undefined {
  if (typeof item?.[partition] !== 'string' || typeof item[sort] !== 'number') return undefined;
  return `${index} ${item[partition]}`;
}

function keysOf(item: Item, partition: string, sort: string): Item {
  return { pk: item.pk, sk: item.sk, [partition]: item[partition], [sort]: item[sort] };
}

function copyOf(item: Item | undefined): Item | undefined {
  return item && { ...item };
}

/** A value as it comes back from the table: without members that are undefined, bytes as bytes, nothing shared with its giver. */
function toStored(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof Set) {
    if (value.size === 0) throw invalid('a set must not be empty');
    return new Set(value);
  }
  if (Array.isArray(value)) return value.filter((member) => member !== undefined).map(toStored);
  const stored: Item = {};
  for (const [name, member] of Object.entries(value)) if (member !== undefined) stored[name] = toStored(member);
  return stored;
}
