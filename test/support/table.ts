import { createStores, type Stores } from '../../lib/adapters/dynamodb/client.ts';
import { createTable, type Table } from '../../lib/adapters/dynamodb/table.ts';
import { openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';

/** An empty table in memory, with its stores. */
export async function openTestTable(): Promise<{
  readonly stores: Stores;
  /** Stores with caches of their own, like those of another process. */
  readonly otherStores: () => Stores;
  readonly table: Table;
  close(): Promise<void>;
}> {
  const { client, tableName, close } = await openEmbeddedTable();
  const otherStores = (): Stores => createStores(client, tableName);
  return { stores: otherStores(), otherStores, table: createTable(client, tableName), close };
}
