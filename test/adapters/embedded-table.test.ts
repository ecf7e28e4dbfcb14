import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTable } from '../../lib/adapters/dynamodb/table.ts';
import { openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proctor-table-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test.each(['on disk', 'in memory'])('%s, queries leave no iterator of the store open', async (where) => {
  const { AbstractLevel } = createRequire(import.meta.url)('abstract-level');
  const { attachResource, detachResource } = AbstractLevel.prototype;
  const open = new Set<object>();
  let opened = 0;
  AbstractLevel.prototype.attachResource = function (resource: object) {
    open.add(resource);
    opened += 1;
    return attachResource.call(this, resource);
  };
  AbstractLevel.prototype.detachResource = function (resource: object) {
    open.delete(resource);
    return detachResource.call(this, resource);
  };
  const { client, tableName, close } = await openEmbeddedTable(where === 'on disk' ? join(directory, 'db') : undefined);
  const table = createTable(client, tableName);
  for (let n = 0; n < 10; n++) await table.put({ pk: 'A', sk: `${n}` });
  const query = { where: '#pk = :pk', values: { pk: 'A' } };
  expect(await table.query(query)).toHaveLength(10);
  expect(await table.query({ ...query, limit: 3, descending: true })).toHaveLength(3);
  expect(await table.query({ where: '#pk = :pk', values: { pk: 'none' } })).toEqual([]);
  expect(await table.query({ where: '#due = :due', values: { due: 'none' }, index: 'due', limit: 2 })).toEqual([]);
  await sleep(50);
  expect(opened).toBeGreaterThanOrEqual(4);
  expect(open.size).toBe(0);
  await close();
  Object.assign(AbstractLevel.prototype, { attachResource, detachResource });
});

test('a call that comes after it was closed fails, and takes nobody along', async () => {
  const { client, tableName, close } = await openEmbeddedTable();
  await close();
  await expect(createTable(client, tableName).get({ pk: 'A', sk: '1' })).rejects.toThrow('closed');
});
