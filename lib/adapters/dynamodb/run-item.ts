import type { Run } from '../../core/run.ts';
import { dueShards } from './definition.ts';
import type { Item, Key } from './table.ts';

export const metaKey = (runId: number): Key => ({ pk: `RUN#${runId}`, sk: 'META' });
export const lockKey = (planId: number): Key => ({ pk: `PLAN#${planId}`, sk: 'LOCK' });
/** The first part tells how many follow: the picks of a large run do not fit one item. */
export const inputKey = (runId: number, part = 0): Key => ({
  pk: `RUN#${runId}`,
  sk: part === 0 ? 'INPUT' : `INPUT#${part}`,
});
export const rerunKey = (runId: number): Key => ({ pk: `RUN#${runId}`, sk: 'RERUN' });
/** Run ids, result ids, and the limits of projects: the item every trigger passes. */
export const runSequence: Key = { pk: 'SEQ', sk: 'runs' };
/** Name of an attempt in META's map of requests. */
export const requestName = (attempt: number): string => `a${attempt}`;
export const dueShard = (runId: number): string => `DUE#${runId % dueShards}`;

/** The META item of a new run. It joins the lists only when it is admitted (E4). */
export function toRunItem(run: Run): Item & Key {
  const { outbox: _, ...stored } = run;
  return { ...stored, ...metaKey(run.id), due: dueShard(run.id) };
}

export function toRun(item: Item): Run {
  const { pk: _pk, sk: _sk, due: _due, list: _list, feed: _feed, expiresAt: _expiresAt, ...run } = item;
  return run as unknown as Run;
}
