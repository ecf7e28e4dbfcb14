import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { maxPartBytes, type PackedBatch } from '../../core/batch.ts';
import type { AttemptRecord, AttemptRequest, RunItems, RunStore } from '../../core/ports.ts';
import { requestName } from './run-item.ts';
import type { Item, Table } from './table.ts';

/** What runs collect: batches of results, requests and records of attempts, the chunks of the final result. */
export function createBatches(
  table: Table,
): Pick<RunStore, 'putBatch' | 'readItems' | 'putResultChunks' | 'readResultChunks'> {
  return {
    // E5, once a part, and once for a batch that only ends its attempt. The first part claims the id for its content; only
    // then come the others, so that a refused batch leaves nothing beside the one it is not. A repeat goes on with the parts
    // a crash left out.
    async putBatch(runId, batch) {
      const put = (part: number): Promise<boolean> => {
        const item = {
          pk: `RUN#${runId}`,
          sk: partKey(batch, part),
          attempt: batch.attempt,
          batchId: batch.batchId,
          seq: batch.seq,
          sha256: batch.sha256,
          receivedAt: batch.receivedAt,
          part,
          total: batch.parts.length,
          bytes: batch.parts[part],
          end: batch.end,
          catalogSize: batch.catalogSize,
        };
        return table.put(item, 'attribute_not_exists(#pk)');
      };
      const claimed = await put(0);
      if (!claimed) {
        const first = await table.get({ pk: `RUN#${runId}`, sk: partKey(batch, 0) });
        if (first?.sha256 !== batch.sha256) return 'reused';
      }
      await Promise.all(batch.parts.slice(1).map((_, i) => put(i + 1)));
      return claimed ? 'stored' : 'same';
    },

    async readItems(run) {
      const where = '#pk = :pk AND #sk BETWEEN :from AND :to';
      const pk = `RUN#${run.id}`;
      const items = await table.query({ where, values: { pk, from: 'ATTEMPT#', to: 'BATCH#~' } });
      const requests =
        run.attempt > 1 ? await table.query({ where, values: { pk, from: 'REQUEST#', to: 'REQUEST#~' } }) : [];
      return {
        batches: toBatches(items.filter(({ sk }) => String(sk).startsWith('BATCH#'))),
        attempts: items.filter(({ sk }) => String(sk).startsWith('ATTEMPT#')).map(toAttempt),
        requests: requests.flatMap((item) => toRequest(item, run.requests)),
      } satisfies RunItems;
    },

    // The second chunk is beside the first where both fit one item, as in all but the largest runs: that is one write.
    async putResultChunks(runId, resultAt, [head = new Uint8Array(), second, ...others]) {
      const isTogether = second !== undefined && head.byteLength + second.byteLength <= maxPartBytes;
      const items = [
        { n: 0, bytes: head, ...(isTogether ? { second } : {}) },
        ...(isTogether || second === undefined ? [] : [{ n: 1, bytes: second }]),
        ...others.map((bytes, i) => ({ n: i + 2, bytes })),
      ];
      await Promise.all(
        items.map(({ n, ...item }) => table.put({ pk: `RUN#${runId}`, sk: chunkKey(resultAt, n), ...item })),
      );
    },

    async readResultChunks(runId, resultAt, count) {
      const where = '#pk = :pk AND #sk BETWEEN :from AND :to';
      const values = { pk: `RUN#${runId}`, from: chunkKey(resultAt, 0), to: chunkKey(resultAt, count - 1) };
      const items = await table.query({ where, values });
      const [head, ...others] = items;
      if (head?.second === undefined) return items.map(({ bytes }) => bytes) as Uint8Array[];
      // Whoever wrote the same result before the two were put together left an item of the second.
      const rest = others.filter(({ sk }) => sk !== chunkKey(resultAt, 1)).map(({ bytes }) => bytes);
      return [head.bytes, head.second, ...rest].slice(0, count) as Uint8Array[];
    },
  };
}

/** Puts what an attempt is to run, addressed by its content; answers the digest E16 commits. */
export async function putRequest(table: Table, runId: number, request: AttemptRequest): Promise<string> {
  const { attempt, why, requested } = request;
  const text = JSON.stringify(requested);
  const digest = createHash('sha256').update(`${why} ${text}`).digest('hex').slice(0, 16);
  const sk = `REQUEST#${attempt}#${digest}`;
  await table.put({ pk: `RUN#${runId}`, sk, attempt, why, digest, bytes: gzipSync(text) });
  return digest;
}

function partKey(batch: PackedBatch, part: number): string {
  const suffix = part === 0 ? '' : `#${String(part).padStart(4, '0')}`;
  return `BATCH#${batch.attempt}#${batch.batchId}${suffix}`;
}

function chunkKey(resultAt: string, n: number): string {
  return `RESULT#${resultAt}#${String(n).padStart(4, '0')}`;
}

/** Batches whose parts are all there; the others do not count yet. */
function toBatches(items: readonly Item[]): PackedBatch[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const id = `${item.attempt}#${item.batchId}`;
    groups.set(id, [...(groups.get(id) ?? []), item]);
  }
  return [...groups.values()].flatMap((parts) => {
    const first = parts[0] as Item;
    const total = Number(first.total);
    if (parts.length !== Math.max(1, total)) return [];
    const ordered = [...parts].sort((a, b) => Number(a.part) - Number(b.part)).slice(0, total);
    return {
      attempt: Number(first.attempt),
      batchId: String(first.batchId),
      seq: first.seq as [number, number],
      sha256: String(first.sha256),
      receivedAt: Number(first.receivedAt),
      parts: ordered.map(({ bytes }) => bytes as Uint8Array),
      ...(first.end === undefined ? {} : { end: first.end as NonNullable<PackedBatch['end']> }),
      ...(first.catalogSize === undefined ? {} : { catalogSize: Number(first.catalogSize) }),
    };
  });
}

function toAttempt({ attempt, startedAt, ref, executing, link }: Item): AttemptRecord {
  const record = {
    attempt: Number(attempt),
    startedAt: Number(startedAt),
    ref: String(ref),
    executing: String(executing),
  };
  return link === undefined ? record : { ...record, link: String(link) };
}

function toRequest(item: Item, committed: Readonly<Record<string, string>>): AttemptRequest[] {
  const attempt = Number(item.attempt);
  if (committed[requestName(attempt)] !== item.digest) return [];
  const requested = JSON.parse(gunzipSync(item.bytes as Uint8Array).toString('utf8'));
  return [{ attempt, why: item.why as AttemptRequest['why'], requested }];
}
