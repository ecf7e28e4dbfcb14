import { gunzipSync, gzipSync } from 'node:zlib';
import { createPacker, type EntryResult, unpack } from './batch.ts';
import { type Catalog, caseOf } from './catalog.ts';
import type { CaseState, EntryState, Report } from './report.ts';

/**
 * The stored result of a completed run. Chunk 0 is the head: which batches were folded, which entries are flaky and which
 * come from a later attempt than the first. The others hold the entries as batches do.
 */
interface Head {
  readonly batchIds: readonly string[];
  readonly flaky: readonly number[];
  readonly attempts: readonly (readonly [position: number, attempt: number])[];
}

/** Chunks of at most 350 kB that `unpackResults` turns back into the same cases. */
export function packResults(report: Pick<Report, 'cases' | 'batchIds'>): Uint8Array[] {
  const packer = createPacker();
  const flaky: number[] = [];
  const attempts: [number, number][] = [];
  const add = (state: EntryState): void => {
    packer.add(toEntry(state));
    if (state.flaky) flaky.push(state.position);
    if (state.attempt !== 1) attempts.push([state.position, state.attempt]);
  };
  for (const testCase of report.cases) {
    add(testCase);
    testCase.iterations.forEach(add);
  }
  const head: Head = { batchIds: report.batchIds, flaky, attempts };
  return [gzipSync(JSON.stringify(head)), ...packer.finish()];
}

export function unpackResults(chunks: readonly Uint8Array[], catalog: Catalog): Pick<Report, 'cases' | 'batchIds'> {
  const [first, ...parts] = chunks;
  if (first === undefined) return { cases: [], batchIds: [] };
  const head = readHead(first);
  const flaky = new Set(head.flaky);
  const attempts = new Map(head.attempts);
  const cases: (CaseState & { iterations: EntryState[] })[] = [];
  for (const part of parts) {
    for (const entry of unpack(part)) {
      const { position } = entry;
      const state: EntryState = { ...entry, attempt: attempts.get(position) ?? 1, flaky: flaky.has(position) };
      if (caseOf(catalog, position) === position) cases.push({ ...state, iterations: [] });
      else cases.at(-1)?.iterations.push(state);
    }
  }
  return { cases, batchIds: head.batchIds };
}

/** The batches a stored result has folded, from its first chunk alone. */
export function foldedBatches(first: Uint8Array): readonly string[] {
  return readHead(first).batchIds;
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
