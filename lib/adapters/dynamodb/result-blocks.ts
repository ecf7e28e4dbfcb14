import { type ResultIdBlock, resultIdPeriod } from '../../core/run.ts';
import type { Key, Table } from './table.ts';

/** Numbers of results in one partition: a block reaches into few of them, and many runs share one. */
const partitionSize = 100_000;

/**
 * Who owns which results: one item a block, or one for each partition it reaches into, keyed by its first number there. So
 * the block that holds a number is the nearest one at or before it: one query, however many runs there are.
 *
 *   RESULTS#0  │ 1 run 7 ▒▒▒▒▒ │ 241 run 8 ▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 *   RESULTS#1  │ 100000 run 8 ▒▒▒▒▒ │ 100312 run 9 ▒▒▒▒
 */
export async function putBlocks(table: Table, runId: number, blocks: readonly ResultIdBlock[]): Promise<boolean> {
  const puts = blocks.flatMap(([, first, count]) => {
    const items = [];
    for (let from = first; from < first + count; from = (partitionOf(from) + 1) * partitionSize) {
      items.push(table.put({ ...blockKey(from), runId }, 'attribute_not_exists(#pk)'));
    }
    return items;
  });
  await Promise.all(puts);
  return true;
}

/** The run whose block holds the newest number that goes by this id. A block whose run was never created may be found too. */
export async function findBlock(table: Table, resultId: number): Promise<number | undefined> {
  const allocated = Number((await table.get({ pk: 'SEQ', sk: 'runs' }))?.results ?? 0);
  const rounds = Math.floor((allocated - resultId) / resultIdPeriod);
  if (rounds < 0) return undefined;
  const { pk, sk } = blockKey(resultId + rounds * resultIdPeriod);
  const where = '#pk = :pk AND #sk <= :sk';
  const [block] = await table.query({ where, values: { pk, sk }, limit: 1, descending: true });
  return block === undefined ? undefined : Number(block.runId);
}

function partitionOf(number: number): number {
  return Math.floor(number / partitionSize);
}

function blockKey(number: number): Key {
  return { pk: `RESULTS#${partitionOf(number)}`, sk: String(number).padStart(16, '0') };
}
