import type { Catalog } from '../core/catalog.ts';
import type { CaseOutcome, RunOutcomes } from '../core/history.ts';
import { overrideCases } from '../core/override.ts';
import type { Services } from '../core/ports.ts';
import { unpackResults } from '../core/result-chunks.ts';
import type { Run } from '../core/run.ts';

/** What a completed run costs to read and unpack, in bytes, known before it is read: its results as they came, and its cases. */
export function costOf({ packedBytes, counts }: Pick<Run, 'packedBytes' | 'counts'>): number {
  return packedBytes + (counts?.total ?? 0) * bytesOfCase;
}

/** What history is read from. */
export type HistoryStores = Pick<Services, 'runs' | 'plans'>;

/** How many of the runs, in their order, fit the budget of bytes; the first one always does. */
export function countWithin(runs: readonly Pick<Run, 'packedBytes' | 'counts'>[], budget: number): number {
  let left = budget;
  const over = runs.findIndex((run, i) => {
    left -= costOf(run);
    return left < 0 && i > 0;
  });
  return over === -1 ? runs.length : over;
}

/** The cases of completed runs, in the order of the runs, as their overrides show them. */
export async function readOutcomes(
  services: HistoryStores,
  runs: readonly Run[],
  catalog: Catalog,
): Promise<RunOutcomes[]> {
  const found: RunOutcomes[] = [];
  for (let from = 0; from < runs.length; from += atOnce) {
    const some = runs.slice(from, from + atOnce);
    found.push(...(await Promise.all(some.map((run) => readRunOutcomes(services, run, catalog)))));
  }
  return found;
}

/** Unpacking a case takes its time, however few bytes it was packed into. */
const bytesOfCase = 8;
/** Characters of a message in histories; a run's cases have all of it. */
const maxMessage = 300;
/** Runs read at one time. */
const atOnce = 10;
/** What is kept in memory of completed runs, which change by overrides only; a function has 1 GB. */
const maxCachedBytes = 64 * 1024 * 1024;
const caches = new WeakMap<HistoryStores, Map<string, { readonly outcomes: RunOutcomes; readonly bytes: number }>>();

async function readRunOutcomes(services: HistoryStores, run: Run, catalog: Catalog): Promise<RunOutcomes> {
  const cache = caches.get(services) ?? new Map();
  caches.set(services, cache);
  const key = `${run.id}.${run.version}`;
  const known = cache.get(key);
  // The last one asked for is the last one to go.
  cache.delete(key);
  const entry = known ?? toEntry(await readCompleted(services, run, catalog));
  cache.set(key, entry);
  let kept = 0;
  for (const { bytes } of cache.values()) kept += bytes;
  for (const [oldest, { bytes }] of cache) {
    if (kept <= maxCachedBytes) break;
    cache.delete(oldest);
    kept -= bytes;
  }
  return entry.outcomes;
}

async function readCompleted(services: HistoryStores, run: Run, catalog: Catalog): Promise<RunOutcomes> {
  const [chunks, overrides] = await Promise.all([
    services.runs.readResultChunks(run.id, run.resultAt ?? '', run.resultChunks ?? 0),
    services.runs.readOverrides(run),
  ]);
  const keep = keepTexts();
  const outcomes = overrideCases(unpackResults(chunks, catalog), overrides).map(
    ({ position, result, flaky, durationMs, attempt, message }): CaseOutcome => ({
      position,
      runId: run.id,
      result,
      flaky,
      durationMs,
      attempt,
      ...(message === undefined ? {} : { message: keep(message) }),
    }),
  );
  // A run that failed may have ended at its first failure: what it does not tell need not be gone.
  const isWhole = run.requestedCases === undefined && run.result === 'passed';
  return { runId: run.id, isWhole, outcomes };
}

/**
 * Enough of each message to know it by, and each once: in an outage a hundred thousand cases say the same, at length, in few
 * packed bytes.
 */
function keepTexts(): (text: string) => string {
  const kept = new Map<string, string>();
  return (text) => {
    const start = text.slice(0, maxMessage);
    const known = kept.get(start);
    if (known !== undefined) return known;
    // A slice would keep the whole text in memory.
    const own = Buffer.from(start).toString();
    kept.set(own, own);
    return own;
  };
}

/** About what it takes in memory: an object of six numbers, and its text. */
function toEntry(outcomes: RunOutcomes) {
  const text = outcomes.outcomes.reduce((sum, { message = '' }) => sum + message.length, 0);
  return { outcomes, bytes: outcomes.outcomes.length * 80 + text * 2 };
}
