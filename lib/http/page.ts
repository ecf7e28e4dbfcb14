import { invalidField } from '../core/errors.ts';
import { parseId } from '../core/schema.ts';

const defaultLimit = 50;
const maxLimit = 100;

/** A page of a native list: at most `limit` items beyond `cursor`, an id; undefined is the start. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: number | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Sent back as `cursor` for the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** `limit` (1 to 100, default 50) and `cursor` of the query; VALIDATION_FAILED otherwise. */
export function readPage(query: URLSearchParams): PageRequest {
  const limit = query.get('limit');
  const cursor = query.get('cursor');
  const most = limit === null ? defaultLimit : parseId(limit);
  if (most === undefined || most > maxLimit) throw invalidField('limit', `must be 1 to ${maxLimit}`, shown(limit));
  const from = cursor === null ? undefined : parseId(cursor);
  if (cursor !== null && from === undefined) throw invalidField('cursor', 'must be a nextCursor', shown(cursor));
  return { limit: most, cursor: from };
}

/** The page of `rows`, which were read with one more than `limit` to see whether there is a next one. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  idOf: (row: R) => number,
  toItem: (row: R) => T,
): Page<T> {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? String(idOf(last)) : null;
  return { items: kept.map(toItem), nextCursor };
}

function shown(text: string | null): string | null {
  return text === null ? null : text.slice(0, 100);
}
