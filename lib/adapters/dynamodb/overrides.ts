import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Override } from '../../core/override.ts';
import type { Run } from '../../core/run.ts';
import type { Key, Table } from './table.ts';

/**
 * Puts an override, and answers the name of its item: its place among the run's overrides and a digest of its content. As
 * with result chunks (F27), two that are made at once never overwrite each other, and the one META does not come to name
 * counts nowhere. Each names the one before it, so the newest leads to all of them.
 */
export async function putOverride(
  table: Table,
  runId: number,
  override: Override,
  previous: string | undefined,
): Promise<string> {
  const text = JSON.stringify({ previous, override } satisfies Stored);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const place = previous === undefined ? 1 : Number.parseInt(previous, 10) + 1;
  const name = `${String(place).padStart(6, '0')}#${digest}`;
  await table.put({ ...keyOf(runId, name), bytes: gzipSync(text) });
  return name;
}

export async function readOverrides(table: Table, { id, overridden }: Run): Promise<Override[]> {
  if (overridden === undefined) return [];
  const items = await table.query({
    where: '#pk = :pk AND #sk BETWEEN :from AND :to',
    values: { pk: `RUN#${id}`, from: keyOf(id, '').sk, to: keyOf(id, overridden.newest).sk },
  });
  const bytesOf = new Map(items.map(({ sk, bytes }) => [String(sk), bytes as Uint8Array]));
  const newestFirst: Override[] = [];
  for (let name: string | undefined = overridden.newest; name !== undefined; ) {
    const bytes = bytesOf.get(keyOf(id, name).sk);
    if (bytes === undefined) throw new Error(`override ${name} of run ${id} is gone`);
    const stored = JSON.parse(gunzipSync(bytes).toString('utf8')) as Stored;
    newestFirst.push(stored.override);
    name = stored.previous;
  }
  return newestFirst.reverse();
}

interface Stored {
  readonly previous: string | undefined;
  readonly override: Override;
}

const keyOf = (runId: number, name: string): Key => ({ pk: `RUN#${runId}`, sk: `OVERRIDE#${name}` });
