import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttemptEnd } from './executor.ts';
import { type CaseResult, caseResults } from './results.ts';

/** One result, by catalog position. */
export interface EntryResult {
  readonly position: number;
  readonly result: CaseResult;
  readonly durationMs: number;
  readonly message?: string;
  readonly details?: string;
}

/** Results of one attempt as they are stored: the whole or a part of what an executor sent in one go. */
export interface PackedBatch {
  readonly attempt: number;
  /** The sender's, or the SHA-256 of what was sent. */
  readonly batchId: string;
  /** Order among the batches of an attempt: the sender's sequence, else 0; then the run's version when it arrived. */
  readonly seq: readonly [sent: number, version: number];
  readonly sha256: string;
  readonly receivedAt: number;
  /** Present on the batch that ends its attempt. */
  readonly end?: AttemptEnd;
  readonly parts: readonly Uint8Array[];
  /** Entries of the catalog its results were placed by; whoever reads them needs as many. Absent from before it was kept. */
  readonly catalogSize?: number;
}

/** What a batch is charged at least, in bytes of its run's limit: so a run has some 16,000 batches at most. */
export const minBatchBytes = 1024;
/** Packed bytes of a part or chunk at most; an item of the table holds 400 kB. */
export const maxPartBytes = 350_000;
/** Results in a part at most: without messages this stays far below `maxPartBytes`. */
const maxPartEntries = 20_000;
/** Bytes of messages and details in a part at most, before compression. */
const maxPartText = 300_000;

/**
 * Collects results and packs them into parts as they grow: columns of small numbers as JSON, gzip level 1, two to ten
 * bytes a result. Text beyond what fits a part starts the next one, so memory and items stay bounded.
 */
export function createPacker(): { add(entry: EntryResult): void; finish(): Uint8Array[]; readonly size: number } {
  const parts: Uint8Array[] = [];
  let pending: EntryResult[] = [];
  let text = 0;
  let size = 0;
  const flush = (): void => {
    if (pending.length === 0) return;
    parts.push(pack(pending));
    pending = [];
    text = 0;
  };
  return {
    get size() {
      return size;
    },
    add(entry) {
      const length = Buffer.byteLength(entry.message ?? '') + Buffer.byteLength(entry.details ?? '');
      if (pending.length >= maxPartEntries || text + length > maxPartText) flush();
      pending.push(entry);
      text += length;
      size += 1;
    },
    finish() {
      flush();
      return parts;
    },
  };
}

/** The results in a packed part, in the order they were added. */
export function unpack(part: Uint8Array): EntryResult[] {
  const columns = JSON.parse(gunzipSync(part, { maxOutputLength: 64 * 1024 * 1024 }).toString('utf8')) as Columns;
  const messages = new Map(columns.m);
  const details = new Map(columns.t);
  let position = 0;
  return columns.p.map((step, i) => {
    position += step;
    const message = messages.get(i);
    const detail = details.get(i);
    return {
      position,
      result: caseResults[columns.r[i] as number] as CaseResult,
      durationMs: columns.d[i] as number,
      ...(message === undefined ? {} : { message }),
      ...(detail === undefined ? {} : { details: detail }),
    };
  });
}

/** Identifies a batch within its run. */
export function nameOfBatch({ attempt, batchId }: Pick<PackedBatch, 'attempt' | 'batchId'>): string {
  return `${attempt}#${batchId}`;
}

/** Hex SHA-256 over the parts, each preceded by its length. */
export function digest(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.byteLength};`).update(part);
  return hash.digest('hex');
}

interface Columns {
  /** Steps from one position to the next: mostly 1, so they all but vanish in compression. */
  readonly p: number[];
  readonly r: number[];
  readonly d: number[];
  readonly m: [number, string][];
  readonly t: [number, string][];
}

function pack(entries: readonly EntryResult[]): Uint8Array {
  const columns: Columns = { p: [], r: [], d: [], m: [], t: [] };
  let last = 0;
  entries.forEach((entry, i) => {
    columns.p.push(entry.position - last);
    last = entry.position;
    columns.r.push(caseResults.indexOf(entry.result));
    columns.d.push(Math.max(0, Math.round(entry.durationMs)));
    if (entry.message !== undefined) columns.m.push([i, entry.message]);
    if (entry.details !== undefined) columns.t.push([i, entry.details]);
  });
  return gzipSync(JSON.stringify(columns), { level: 1 });
}
