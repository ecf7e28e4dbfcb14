import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { createTable, type Item, type Key } from '../../../lib/adapters/dynamodb/table.ts';
import { openEmbeddedTable } from '../../../lib/adapters/embedded-table.ts';
import type { MemoryTable, Written } from '../memory-table.ts';

/**
 * An empty table of dynalite for one schedule, whose writes are told of one by one, as those of the table in memory are. What it
 * was told is all that `items` knows; `scan` reads what is really there.
 */
export async function openDynaliteTable(): Promise<{
  readonly observe: (onWrite: (written: Written) => void) => MemoryTable;
  scan(): Promise<Item[]>;
  close(): Promise<void>;
}> {
  const { client, tableName, close } = await openEmbeddedTable();
  const table = createTable(client, tableName);
  const known = new Map<string, Item>();
  const observe = (onWrite: (written: Written) => void): MemoryTable => {
    const tell = ({ pk, sk }: Key, after: Item | undefined): void => {
      const name = `${pk}\u0000${sk}`;
      const before = known.get(name);
      if (after === undefined) known.delete(name);
      else known.set(name, after);
      if (before !== undefined || after !== undefined) onWrite({ key: { pk, sk }, before, after });
    };
    return {
      ...table,
      items: () => [...known.values()],
      async put(item, condition, values) {
        const done = await table.put(item, condition, values);
        if (done) tell(item, await table.get({ pk: item.pk, sk: item.sk }));
        return done;
      },
      async update(key, change, values, condition) {
        const after = await table.update(key, change, values, condition);
        if (after !== undefined) tell(key, after);
        return after;
      },
      async delete(key, condition, values) {
        const done = await table.delete(key, condition, values);
        if (done) tell(key, undefined);
        return done;
      },
    };
  };
  return {
    observe,
    async scan() {
      const items: Item[] = [];
      let from: Record<string, never> | undefined;
      do {
        const page = await client.send(new ScanCommand({ TableName: tableName, ExclusiveStartKey: from }));
        items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
        from = page.LastEvaluatedKey as typeof from;
      } while (from !== undefined);
      return items;
    },
    close,
  };
}
