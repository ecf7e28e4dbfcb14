/**
 * The table, once: the embedded system creates it from this and the stack builds its construct from it.
 *
 * `due` holds what the sweeper must look at, in four shards. `list` and `feed` hold ids by plan and by project (and the few
 * other lists). Both are sparse: an item is in them while it has the attribute.
 */
export const indexes = [
  { name: 'due', partition: 'due', sort: 'nextActionAt' },
  { name: 'list', partition: 'list', sort: 'id' },
  { name: 'feed', partition: 'feed', sort: 'id' },
] as const;

/** Epoch seconds after which an item may be deleted; never relied on for correctness. */
export const expiryAttribute = 'expiresAt';

/** The `due` index is split so that no single partition takes every write. */
export const dueShards = 4;

/** What is due, by the names of its shards: runs, deliveries, schedules. */
export const dueKinds = ['DUE', 'HOOK', 'SCHEDULE'] as const;

/** Where schedules are in it, and plans whose schedules are behind: apart from the runs. */
export const scheduleShard = (id: number): string => `SCHEDULE#${id % dueShards}`;
