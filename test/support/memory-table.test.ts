import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createTable, type Item, type Key, type Table } from '../../lib/adapters/dynamodb/table.ts';
import { openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';
import { answerOf, type Call, recordCalls } from './memory-table/calls.ts';
import { createMemoryTable } from './memory-table.ts';

/** Sequences of calls compared, and their length; the soak has its own figure. */
const sequences = Number(process.env.SEQUENCES ?? 12);
const length = 40;

/** Every call the adapters made of a table in memory, in the suites below. */
const calls = vi.hoisted((): Call[] => []);
vi.mock('./table.ts', async () => {
  const { createStoresOn } = await import('../../lib/adapters/dynamodb/client.ts');
  const { createMemoryTable } = await import('./memory-table.ts');
  const { recordCalls } = await import('./memory-table/calls.ts');
  const open = async () => {
    const table = recordCalls(createMemoryTable(), (call) => calls.push(call));
    const otherStores = () => createStoresOn(table);
    return { stores: otherStores(), otherStores, table, close: async () => {} };
  };
  return { openTestTable: open, openWireTable: open };
});

/** The suites of the adapters hold on it as they do on dynalite. */
await import('../adapters/dynamodb/contract.test.ts');
await import('../adapters/dynamodb/catalog.test.ts');
await import('../adapters/dynamodb/names.test.ts');
await import('../adapters/dynamodb/schedules.test.ts');
await import('../workflow/deliveries.test.ts');
await import('../http/native/keys.test.ts');
await import('../http/native/environments.test.ts');
await import('../http/testinium/token.test.ts');

describe('the table in memory and dynalite', () => {
  let embedded: Awaited<ReturnType<typeof openEmbeddedTable>>;
  let dynalite: Table;
  beforeAll(async () => {
    embedded = await openEmbeddedTable();
    dynalite = createTable(embedded.client, embedded.tableName);
  });
  afterAll(() => embedded.close());

  test('the adapters’ suites used every kind of call and more than 80 expressions', () => {
    expect(new Set(calls.map(({ name }) => name))).toEqual(
      new Set(['get', 'getMany', 'put', 'update', 'delete', 'query', 'count']),
    );
    expect(vocabularyOf(calls).length).toBeGreaterThan(80);
  });

  test(`answer ${sequences} sequences of ${length} of these calls alike, whatever the items are like`, {
    timeout: 60_000 + sequences * 2000,
  }, async () => {
    const vocabulary = vocabularyOf(calls);
    let tables = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall(vocabulary), { minLength: length, maxLength: length }), async (sequence) => {
        tables += 1;
        const memory = createMemoryTable();
        for (const call of sequence.map((call) => inPartitionsOf(tables, call))) {
          const [here, there] = [await answerOf(memory, call), await answerOf(dynalite, call)];
          expect(here, JSON.stringify(call)).toEqual(there);
        }
      }),
      // A failing call is small enough as it is.
      { numRuns: sequences, endOnFailure: true },
    );
  });

  test('tell of every call before it is made', async () => {
    const told: Call[] = [];
    const table = recordCalls(createMemoryTable(), (call) => told.push(call));
    await table.put({ pk: 'a', sk: 'b', n: 1 });
    expect(await table.update({ pk: 'a', sk: 'b' }, 'ADD #n :one', { one: 1 }, '#n = :one')).toMatchObject({ n: 2 });
    expect(told.map(({ name }) => name)).toEqual(['put', 'update']);
  });
});

/** The calls that differ in more than their keys and values. */
function vocabularyOf(made: readonly Call[]): Call[] {
  return [...new Map(made.map((call) => [shapeOf(call), call])).values()];
}

function shapeOf(call: Call): string {
  const digits = (text: string | undefined) => text?.replace(/\d+/g, '0');
  switch (call.name) {
    case 'put':
      return `put ${digits(call.condition)} ${Object.keys(call.item).filter((name) => typeof call.item[name] === 'number')}`;
    case 'update':
      return `update ${digits(call.change)} ${digits(call.condition)}`;
    case 'delete':
      return `delete ${digits(call.condition)}`;
    case 'query':
    case 'count':
      return `${call.name} ${call.input.where} ${call.input.index} ${call.input.descending}`;
    default:
      return call.name;
  }
}

/**
 * Any of the calls on one of a few items, with values from all that were given under the same name, so that conditions hold and
 * do not, and updates meet items they were not made for.
 */
function anyCall(vocabulary: readonly Call[]): fc.Arbitrary<Call> {
  const given = new Map<string, unknown[]>();
  const note = (values: Item = {}): void => {
    for (const [name, value] of Object.entries(values)) {
      if (name === 'pk' || name === 'sk' || value === undefined || isLarge(value)) continue;
      given.set(name, [...(given.get(name) ?? []), value].slice(-6));
    }
  };
  for (const call of vocabulary) {
    if (call.name === 'put') note(call.item);
    if (call.name === 'query' || call.name === 'count') note(call.input.values);
    if ('values' in call) note(call.values);
  }
  const key: fc.Arbitrary<Key> = fc.record({
    pk: fc.constantFrom('A', 'B'),
    sk: fc.constantFrom('A', 'B', 'BATCH#1', 'RESULT#1'),
  });
  const fill = (values: Item): fc.Arbitrary<Item> => {
    const any = Object.entries(values)
      .filter(([, value]) => value !== undefined && !isLarge(value))
      .map(([name, value]): [string, fc.Arbitrary<unknown>] => {
        const others = (given.get(name) ?? []).filter((other) => kindOf(other) === kindOf(value));
        return [name, fc.oneof(fc.constant(value), fc.constantFrom(value, ...others))];
      });
    return fc.record(Object.fromEntries(any));
  };
  const among = fc.constantFrom(...vocabulary);
  return among.chain((call): fc.Arbitrary<Call> => {
    switch (call.name) {
      case 'get':
        return key.map((key) => ({ ...call, key }));
      case 'getMany':
        return fc
          .uniqueArray(key, { selector: ({ pk, sk }) => pk + sk, minLength: 1, maxLength: 4 })
          .map((keys) => ({ ...call, keys }));
      case 'put':
        return fc
          .tuple(key, fill(call.item), fill(call.values ?? {}))
          .map(([key, item, values]) => ({ ...call, item: { ...item, ...key }, values }));
      case 'update':
        return fc.tuple(key, fill(call.values)).map(([key, values]) => ({ ...call, key, values }));
      case 'delete':
        return fc.tuple(key, fill(call.values ?? {})).map(([key, values]) => ({ ...call, key, values }));
      default:
        return fc
          .tuple(fc.constantFrom('A', 'B'), fill(call.input.values), fc.option(fc.integer({ min: 1, max: 3 })))
          .map(([pk, values, limit]) => {
            const { limit: _, ...input } = call.input;
            const place = input.index === undefined ? { pk } : {};
            return {
              ...call,
              input: { ...input, values: { ...values, ...place }, ...(limit === null ? {} : { limit }) },
            };
          });
    }
  });
}

/** An index takes its attributes in one type only; elsewhere other types are what conditions meet in practice: none. */
function kindOf(value: unknown): string {
  return value instanceof Object ? value.constructor.name : typeof value;
}

/** Chunks of results and catalogs: how they are stored does not depend on what is in them. */
function isLarge(value: unknown): boolean {
  return value instanceof Uint8Array && value.length > 1000;
}

/** Each sequence has partitions, of the table and of its indexes, of its own. */
function inPartitionsOf(table: number, call: Call): Call {
  const own = (value: unknown): unknown => (typeof value === 'string' ? `${table} ${value}` : value);
  const ownKey = <T extends Partial<Key>>(key: T): T => ({ ...key, pk: own(key.pk) });
  const names = ['due', 'list', 'feed'];
  const ownIndexes = (item: Item): Item =>
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, names.includes(name) ? own(value) : value]));
  switch (call.name) {
    case 'get':
      return { ...call, key: ownKey(call.key) };
    case 'getMany':
      return { ...call, keys: call.keys.map(ownKey) };
    case 'put':
      return { ...call, item: ownKey(ownIndexes(call.item) as Item & Key) };
    case 'update':
      return { ...call, key: ownKey(call.key), values: ownIndexes(call.values) };
    case 'delete':
      return { ...call, key: ownKey(call.key) };
    default: {
      const partition = /^#(\w+) = :(\w+)/.exec(call.input.where)?.[2] ?? '';
      const { values } = call.input;
      return { ...call, input: { ...call.input, values: { ...values, [partition]: own(values[partition]) } } };
    }
  }
}
