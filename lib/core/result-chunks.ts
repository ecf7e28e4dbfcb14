import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createPacker, type EntryResult, nameOfBatch, type PackedBatch, unpack } from './batch.ts';
import { type Catalog, caseOf } from './catalog.ts';
import type { CaseState, EntryState, Report } from './report.ts';

/**
 * The stored result of a completed run. Chunk 0 is the head: which batches were folded, which entries are flaky and which
 * come from a later attempt than the first, positions as steps. The others hold the entries as batches do. The head fits
 * one item because a run is charged at least `minBatchBytes` for each batch.
 */
interface Head {
  /** The first 16 hex digits of the SHA-256 of each `<attempt>#<batch id>`. */
  readonly batches: readonly string[];
  readonly flaky: readonly number[];
  readonly attempts: readonly (readonly [step: number, attempt: number])[];
}

/** Chunks of at most 350 kB that `unpackResults` turns back into the same cases. */
export function packResults(report: Pick<Report, 'cases' | 'batchIds'>): Uint8Array[] {
  const packer = createPacker();
  const flaky: number[] = [];
  const attempts: [number, number][] = [];
  let lastFlaky = 0;
  let lastLater = 0;
  const add = (state: EntryState): void => {
    packer.add(toEntry(state));
    if (state.flaky) {
      flaky.push(state.position - lastFlaky);
      lastFlaky = state.position;
    }
    if (state.attempt !== 1) {
      attempts.push([state.position - lastLater, state.attempt]);
      lastLater = state.position;
    }
  };
  for (const testCase of report.cases) {
    add(testCase);
    testCase.iterations.forEach(add);
  }
  const head: Head = { batches: report.batchIds.map(shortDigest), flaky, attempts };
  return [gzipSync(JSON.stringify(head)), ...packer.finish()];
}

export function unpackResults(chunks: readonly Uint8Array[], catalog: Catalog): CaseState[] {
  const [first, ...parts] = chunks;
  if (first === undefined) return [];
  const head = readHead(first);
  let at = 0;
  const flaky = new Set(
    head.flaky.map((step) => {
      at += step;
      return at;
    }),
  );
  let later = 0;
  const attempts = new Map(
    head.attempts.map(([step, attempt]) => {
      later += step;
      return [later, attempt];
    }),
  );
  const cases: (CaseState & { iterations: EntryState[] })[] = [];
  for (const part of parts) {
    for (const entry of unpack(part)) {
      const { position } = entry;
      const state: EntryState = { ...entry, attempt: attempts.get(position) ?? 1, flaky: flaky.has(position) };
      if (caseOf(catalog, position) === position) cases.push({ ...state, iterations: [] });
      else cases.at(-1)?.iterations.push(state);
    }
  }
  return cases;
}

/** True if the stored result whose first chunk this is has folded the batch. */
export function hasFolded(first: Uint8Array, batch: Pick<PackedBatch, 'attempt' | 'batchId'>): boolean {
  return readHead(first).batches.includes(shortDigest(nameOfBatch(batch)));
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function readHead(chunk: Uint8Array): Head {
  return JSON.parse(gunzipSync(chunk, { maxOutputLength: 64 * 1024 * 1024 }).toString('utf8')) as Head;
}

function toEntry({ position, result, durationMs, message, details }: EntryState): EntryResult {
  return {
    position,
    result,
    durationMs,
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details }),
  };
}
