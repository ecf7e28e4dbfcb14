import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCatalogs } from '../../../lib/adapters/dynamodb/catalog.ts';
import { type CatalogEntry, emptyCatalog, indexCatalog } from '../../../lib/core/catalog.ts';
import { openWireTable } from '../../support/table.ts';

type TestTable = Awaited<ReturnType<typeof openWireTable>>;
let table: TestTable['table'];
let close: TestTable['close'];
let planId = 0;
beforeAll(async () => {
  ({ table, close } = await openWireTable());
});
afterAll(() => close());

/** Stored, and read by somebody who has seen nothing of it before. */
async function storeAndRead(...parts: readonly (readonly CatalogEntry[])[]) {
  planId += 1;
  let start = 0;
  for (const part of parts) {
    await createCatalogs(table).appendCatalog(planId, start, part);
    start += part.length;
  }
  return createCatalogs(table).readCatalog(planId);
}

const storedBytes = async (): Promise<Uint8Array[]> => {
  const chunks = await table.query({ where: '#pk = :pk', values: { pk: `PLAN#${planId}` } });
  return chunks.map(({ bytes }) => bytes as Uint8Array);
};
const lengthOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** The entries of `count` cases in suites of fifty, each on the machines. */
function entriesOf(count: number, machines: readonly string[]): readonly CatalogEntry[] {
  const index = indexCatalog(emptyCatalog);
  for (let i = 0; i < count; i++) {
    const suite = `suite ${Math.floor(i / 50)}`;
    const name = { suite, className: `shop.${suite}`, name: `case ${i} of the checkout` };
    if (machines.length === 0) index.place(name);
    for (const machine of machines) index.place(name, machine);
  }
  return index.added;
}

test('every catalog comes back as it was learnt', async () => {
  const word = fc.constantFrom('', 'a', 'b', 'Käse');
  const name = fc.record({ suite: word, className: word, name: word }, { noNullPrototype: true });
  const file = fc.option(word, { nil: undefined });
  const machine = fc.constantFrom(undefined, 'linux', 'windows');
  const names = fc.array(fc.tuple(name, file, machine, fc.option(word, { nil: undefined })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(names, names, async (...parts) => {
      const index = indexCatalog(emptyCatalog);
      const cuts = parts.map((part) => {
        for (const [own, path, lane, iteration] of part) {
          const where = path ? { file: path } : {};
          index.place({ ...own, ...where, ...(iteration === undefined ? {} : { iteration }) }, lane);
        }
        return index.added.length;
      });
      const [first = 0] = cuts;
      const { entries, ids } = await storeAndRead(index.added.slice(0, first), index.added.slice(first));
      expect(entries).toEqual(index.added);
      expect(new Set(ids).size).toBe(entries.length);
    }),
    { numRuns: 30 },
  );
});

test('a chunk from before there were machines reads, and lanes follow it', async () => {
  planId += 1;
  const columns = {
    k: [0, 1, 2, 1],
    p: [0, 0, 1, 0],
    n: ['Cart', 'adds', 'one', 'removes'],
    c: ['shop.Cart', null],
    f: ['cart.ts', null],
  };
  const chunk = { pk: `PLAN#${planId}`, sk: 'CAT#000000000', firstId: 40, bytes: gzipSync(JSON.stringify(columns)) };
  await table.put(chunk, 'attribute_not_exists(#pk)');
  const before = await createCatalogs(table).readCatalog(planId);
  const index = indexCatalog(before);
  const lane = index.place({ suite: 'Cart', className: 'shop.Cart', name: 'adds' }, 'linux');
  await createCatalogs(table).appendCatalog(planId, before.entries.length, index.added);
  const after = await createCatalogs(table).readCatalog(planId);
  expect(after.ids.slice(0, 4)).toEqual([40, 41, 42, 43]);
  expect(after.entries).toEqual([
    { kind: 'suite', name: 'Cart' },
    { kind: 'case', parent: 0, name: 'adds', className: 'shop.Cart', file: 'cart.ts' },
    { kind: 'iteration', parent: 1, name: 'one' },
    { kind: 'case', parent: 0, name: 'removes', className: 'shop.Cart', file: 'cart.ts' },
    { kind: 'machine', name: 'linux' },
    { kind: 'lane', parent: 1, machine: 4 },
  ]);
  expect(lane).toBe(5);
});

test('a plan without machines stores not a byte more, and a lane costs a fraction of a name', async () => {
  const plain = entriesOf(5000, []);
  await storeAndRead(plain);
  const chunks = await storedBytes();
  for (const chunk of chunks) expect(Object.keys(JSON.parse(gunzipSync(chunk).toString()))).toEqual([...'kpncf']);
  expect(lengthOf(chunks) / 5000).toBeLessThan(45);
  await storeAndRead(entriesOf(5000, ['linux', 'windows']));
  expect((lengthOf(await storedBytes()) - lengthOf(chunks)) / 10_000).toBeLessThan(4);
});
