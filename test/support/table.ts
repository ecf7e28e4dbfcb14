import { createServer } from 'node:http';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStores, createStoresOn, type Stores } from '../../lib/adapters/dynamodb/client.ts';
import { createTable, type Table } from '../../lib/adapters/dynamodb/table.ts';
import { type EmbeddedTable, openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';
import { listen } from './listen.ts';
import { createMemoryTable } from './memory-table.ts';

/** An empty table with its stores. */
export interface TestTable {
  readonly stores: Stores;
  /** Stores with caches of their own, like those of another process. */
  readonly otherStores: () => Stores;
  readonly table: Table;
  close(): Promise<void>;
}

/**
 * For tests that are about something else: the table in memory, of which `memory-table.test.ts` shows that it answers as the wire
 * does. `TABLE=wire` gives them that.
 */
export async function openTestTable(): Promise<TestTable> {
  if (process.env.TABLE === 'wire') return openWireTable();
  const table = createMemoryTable();
  const otherStores = (): Stores => createStoresOn(table);
  return { stores: otherStores(), otherStores, table, close: async () => {} };
}

/** A table that is reached through DynamoDB's protocol, for the adapters and for races. */
export async function openWireTable(): Promise<TestTable & { readonly client: DynamoDBClient }> {
  const { client, tableName, close } = await openEmbeddedTable();
  const otherStores = (): Stores => createStores(client, tableName);
  return { stores: otherStores(), otherStores, table: createTable(client, tableName), client, close };
}

export type ServedTable = EmbeddedTable & { readonly url: string };

/** A table for other processes, and for clients of their own: DynamoDB's protocol at `url`. */
export async function serveTable(): Promise<ServedTable> {
  const table = await openEmbeddedTable();
  const server = createServer(table.listener);
  return {
    ...table,
    url: await listen(server),
    async close() {
      server.closeAllConnections();
      server.close();
      await table.close();
    },
  };
}
