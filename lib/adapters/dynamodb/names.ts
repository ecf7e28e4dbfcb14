import { ServiceError } from '../../core/errors.ts';
import type { Key, Table } from './table.ts';

/** How long a name belongs to a creator that has not put its item yet, in milliseconds. */
const pendingMs = 60_000;

/**
 * Makes the name point at its new holder. It is taken while its holder bears it, or is just being made; one whose holder is
 * gone or was renamed may be taken over. Throws NAME_TAKEN, or VERSION_CONFLICT when someone else is about to take it.
 */
export async function claimName(
  table: Table,
  key: Key,
  id: number,
  now: number,
  bearsName: (holder: number) => Promise<boolean>,
): Promise<void> {
  const item = { ...key, holder: id, claimedAt: now };
  if (await table.put(item, 'attribute_not_exists(#pk) OR #holder = :id', { id })) return;
  const held = await table.get(key);
  const holder = Number(held?.holder);
  if (held !== undefined && (await bearsName(holder))) {
    throw new ServiceError('NAME_TAKEN', `the name is taken in this project, by ${holder}`);
  }
  const pending = held !== undefined && now < Number(held.claimedAt) + pendingMs;
  const released = !pending && (await table.put(item, '#holder = :holder', { holder }));
  if (!released)
    throw new ServiceError('VERSION_CONFLICT', 'something of this name is being made right now; try again in a minute');
}
