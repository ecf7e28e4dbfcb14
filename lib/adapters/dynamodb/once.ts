import { isDeepStrictEqual } from 'node:util';
import type { Item, Key, Table } from './table.ts';

/**
 * Puts the item on the condition. Refused it is done all the same if it is there as given: the answer to the first try was lost,
 * and the client sent it again. False if someone else was faster.
 */
export async function putOnce(
  table: Table,
  item: Item & Key,
  condition: string,
  values: Record<string, unknown> = {},
): Promise<boolean> {
  if (await table.put(item, condition, values)) return true;
  const stored = await table.get(keyOf(item));
  return stored !== undefined && isDeepStrictEqual(plain(stored), plain(item));
}

/** Deletes the item on the condition; done, too, if there is none any more. */
export async function deleteOnce(
  table: Table,
  key: Key,
  condition: string,
  values: Record<string, unknown>,
): Promise<boolean> {
  return (await table.delete(key, condition, values)) || (await table.get(key)) === undefined;
}

function keyOf({ pk, sk }: Key): Key {
  return { pk, sk };
}

/** Without what is not stored, and bytes as the same kind of bytes. */
function plain(item: Item): unknown {
  const members = Object.entries(item).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  ]);
  return JSON.parse(JSON.stringify(Object.fromEntries(members)));
}
