import { gunzipSync, gzipSync } from 'node:zlib';
import { type Catalog, type CatalogEntry, emptyCatalog } from '../../core/catalog.ts';
import type { PlanStore } from '../../core/ports.ts';
import type { Table } from './table.ts';

/** A chunk at most: even names that do not compress fit an item then. */
const maxChunkEntries = 10_000;
const maxChunkBytes = 330_000;
/** Plans whose catalog stays in memory. */
const maxCached = 50;

/**
 * The catalog of a plan as a log of chunks, each keyed by the position it starts at. Appending is one put that must not
 * exist: of two writers one gets the position, the other reads on and tries with what is still new.
 */
export function createCatalogs(table: Table): Pick<PlanStore, 'readCatalog' | 'appendCatalog'> {
  const cache = new Map<number, Catalog>();

  return {
    async readCatalog(planId, atLeast = Number.POSITIVE_INFINITY) {
      const kept = cache.get(planId);
      if (kept !== undefined && kept.entries.length >= atLeast) return kept;
      const known = kept ?? emptyCatalog;
      const chunks = await table.query({
        where: '#pk = :pk AND #sk BETWEEN :from AND :to',
        values: { pk: `PLAN#${planId}`, from: chunkKey(known.entries.length), to: 'CAT#~' },
      });
      if (chunks.length === 0) return known;
      const entries = [...known.entries];
      const ids = [...known.ids];
      for (const chunk of chunks) {
        const added = fromColumns(JSON.parse(gunzipSync(chunk.bytes as Uint8Array).toString('utf8')) as Columns);
        for (let i = 0; i < added.length; i++) {
          entries.push(added[i] as CatalogEntry);
          ids.push(Number(chunk.firstId) + i);
        }
      }
      const catalog = { entries, ids };
      cache.delete(planId);
      cache.set(planId, catalog);
      if (cache.size > maxCached) cache.delete(cache.keys().next().value as number);
      return catalog;
    },

    async appendCatalog(planId, start, entries) {
      const ids = await table.update({ pk: 'SEQ', sk: 'cases' }, 'ADD #n :count', { count: entries.length });
      const firstId = Number(ids?.n) - entries.length + 1;
      for (let from = 0; from < entries.length; ) {
        const chunk = entries.slice(from, from + chunkLength(entries, from));
        const item = {
          pk: `PLAN#${planId}`,
          sk: chunkKey(start + from),
          firstId: firstId + from,
          bytes: gzipSync(JSON.stringify(toColumns(chunk)), { level: 6 }),
        };
        if (!(await table.put(item, 'attribute_not_exists(#pk)'))) return false;
        from += chunk.length;
      }
      return true;
    },
  };
}

interface Columns {
  /** Index in `kinds`. */
  readonly k: number[];
  /** Position of the parent; 0 for what has none. */
  readonly p: number[];
  /** `''` for a lane. */
  readonly n: string[];
  /** Class of a case, as steps: `null` is the class of the entry before. */
  readonly c: (string | null)[];
  readonly f: (string | null)[];
  /** Position of the machine of each lane; absent without lanes. */
  readonly m?: number[];
}

/** The position in this list is the stored code: append only. */
const kinds = ['suite', 'case', 'iteration', 'machine', 'lane', 'class'] as const satisfies CatalogEntry['kind'][];

/** How many entries from the position on go into one chunk. */
function chunkLength(entries: readonly CatalogEntry[], from: number): number {
  let bytes = 0;
  let length = 0;
  for (; length < maxChunkEntries && from + length < entries.length; length++) {
    const entry = entries[from + length] as CatalogEntry;
    const texts = entry.kind === 'case' ? `${entry.name}${entry.className}${entry.file ?? ''}` : (entry.name ?? '');
    bytes += Buffer.byteLength(texts) + 8;
    if (bytes > maxChunkBytes && length > 0) break;
  }
  return length;
}

function toColumns(entries: readonly CatalogEntry[]): Columns {
  const columns: Columns = { k: [], p: [], n: [], c: [], f: [] };
  const machines: number[] = [];
  let className = '';
  let file = '';
  for (const entry of entries) {
    columns.k.push(kinds.indexOf(entry.kind));
    columns.p.push('parent' in entry ? entry.parent : 0);
    columns.n.push(entry.name ?? '');
    if (entry.kind === 'lane') machines.push(entry.machine);
    if (entry.kind !== 'case') continue;
    columns.c.push(entry.className === className ? null : entry.className);
    columns.f.push((entry.file ?? '') === file ? null : (entry.file ?? ''));
    className = entry.className;
    file = entry.file ?? '';
  }
  return machines.length === 0 ? columns : { ...columns, m: machines };
}

function fromColumns({ k, p, n, c, f, m = [] }: Columns): CatalogEntry[] {
  let className = '';
  let file = '';
  let nth = 0;
  let lane = 0;
  return k.map((code, i) => {
    const kind = kinds[code];
    const name = n[i] as string;
    const parent = p[i] as number;
    if (kind === 'suite' || kind === 'machine') return { kind, name };
    if (kind === 'iteration' || kind === 'class') return { kind, parent, name };
    if (kind === 'lane') return { kind, parent, machine: m[lane++] as number };
    className = c[nth] ?? className;
    file = f[nth] ?? file;
    nth += 1;
    return { kind: 'case', parent, name, className, ...(file === '' ? {} : { file }) };
  });
}

function chunkKey(start: number): string {
  return `CAT#${String(start).padStart(9, '0')}`;
}
