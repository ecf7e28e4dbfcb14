import type { Item, Key, QueryInput, Table } from '../../../lib/adapters/dynamodb/table.ts';

/** One call of a table, as it was made. */
export type Call =
  | { readonly name: 'get'; readonly key: Key }
  | { readonly name: 'getMany'; readonly keys: readonly Key[] }
  | { readonly name: 'put'; readonly item: Item & Key; readonly condition?: string; readonly values?: Item }
  | {
      readonly name: 'update';
      readonly key: Key;
      readonly change: string;
      readonly values: Item;
      readonly condition?: string;
    }
  | { readonly name: 'delete'; readonly key: Key; readonly condition?: string; readonly values?: Item }
  | { readonly name: 'query' | 'count'; readonly input: QueryInput };

/** The same table, which tells of every call before it is made. */
export function recordCalls(table: Table, tell: (call: Call) => void): Table {
  const made = <T>(call: Call, answer: (call: Call) => Promise<unknown>): Promise<T> => {
    tell(call);
    return answer(call) as Promise<T>;
  };
  const play = (call: Call): Promise<unknown> => playCall(table, call);
  return {
    get: (key) => made({ name: 'get', key }, play),
    getMany: (keys) => made({ name: 'getMany', keys }, play),
    put: (item, condition, values) => made({ name: 'put', item, ...optional({ condition, values }) }, play),
    update: (key, change, values, condition) =>
      made({ name: 'update', key, change, values, ...optional({ condition }) }, play),
    delete: (key, condition, values) => made({ name: 'delete', key, ...optional({ condition, values }) }, play),
    query: (input) => made({ name: 'query', input }, play),
    count: (input) => made({ name: 'count', input }, play),
  };
}

export function playCall(table: Table, call: Call): Promise<unknown> {
  switch (call.name) {
    case 'get':
      return table.get(call.key);
    case 'getMany':
      return table.getMany(call.keys);
    case 'put':
      return table.put(call.item, call.condition, call.values);
    case 'update':
      return table.update(call.key, call.change, call.values, call.condition);
    case 'delete':
      return table.delete(call.key, call.condition, call.values);
    case 'query':
      return table.query(call.input);
    case 'count':
      return table.count(call.input);
  }
}

/**
 * What a table answered, in a form that may be compared: an error by its name, items of a batch in the order of their keys,
 * items of an index that have the same place in it in no order, and no more of them than the place decides.
 */
export async function answerOf(table: Table, call: Call): Promise<unknown> {
  try {
    const answer = await playCall(table, call);
    if (call.name === 'getMany') return byKey(answer as Item[]);
    if (call.name !== 'query' || call.input.index === undefined) return answer;
    const items = answer as Item[];
    const sort = call.input.index === 'due' ? 'nextActionAt' : 'id';
    const last = items.length === call.input.limit ? items.at(-1)?.[sort] : undefined;
    return { places: items.map((item) => item[sort]), items: byKey(items.filter((item) => item[sort] !== last)) };
  } catch (error) {
    return { error: error instanceof Error ? error.name : String(error) };
  }
}

function byKey(items: readonly Item[]): Item[] {
  const keyOf = ({ pk, sk }: Item): string => `${pk}\u0000${sk}`;
  return [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function optional<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
