import { createHash } from 'node:crypto';
import { createPacker, digest, type EntryResult, minBatchBytes, type PackedBatch, unpack } from '../core/batch.ts';
import { type Catalog, type CatalogIndex, indexCatalog } from '../core/catalog.ts';
import { decide } from '../core/decide.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { type AttemptEnd, isUntaken } from '../core/executor.ts';
import { placeReported } from '../core/machines.ts';
import type { Services } from '../core/ports.ts';
import { hasFolded } from '../core/result-chunks.ts';
import type { ReportedCase } from '../core/results.ts';
import { isLive, isVisible, type Run } from '../core/run.ts';
import { recordEnd } from './executor-circuit.ts';
import { publishOutbox } from './publish-outbox.ts';
import { pinnedPlan, readLiveRun } from './read-run.ts';

/** Packed bytes of all batches of a run at most (reliability.md F57). */
const maxRunBytes = 16 * 1024 * 1024;
/** Result ids reserved beyond the names a plan knows, so that learning a few costs no further call. */
export const spareResultIds = 200;

export interface ResultsInput {
  readonly runId: number;
  readonly attempt: number;
  /** The sender's id of this batch; its content's SHA-256 without one. */
  readonly batchId?: string;
  /** The sender's order among its batches. */
  readonly seq?: number;
  readonly cases: Iterable<ReportedCase> | AsyncIterable<readonly ReportedCase[]>;
  /** Present when the attempt ends with this batch. */
  readonly end?: AttemptEnd;
  /** Wake the workflow when the attempt ended; not needed by who is about to decide anyway. */
  readonly wake: boolean;
}

/**
 * The callback procedure (reliability.md 3.4): stores a batch of results, then acknowledges it in the run's item. `folded`:
 * this very batch was already part of the final result. Refusals: NOT_FOUND, RUN_COMPLETED (too late, kept but not
 * counted), ATTEMPT_REPLACED (not kept), BATCH_ID_REUSED, RUN_TOO_LARGE.
 */
export async function recordResults(services: Services, input: ResultsInput): Promise<{ run: Run; folded: boolean }> {
  const run = await services.runs.getRun(input.runId);
  if (run === undefined || !isVisible(run) || input.attempt < 1 || input.attempt > run.attempt) {
    throw new ServiceError('NOT_FOUND', `there is no attempt ${input.attempt} of run ${input.runId}`);
  }
  if (isSignOfLife(input)) return recordSignOfLife(services, run, input.attempt);
  const placed = await placeCases(services, run, input.cases);
  // A job that was given up may still be alive. Its attempt is over: two jobs must not both count.
  if (run.redispatches?.includes(input.attempt))
    return again(services, run, toBatch(services, run, input, { ...placed, catalogSize: 0 }));
  const batch = toBatch(services, run, input, await learnNames(services, run, placed));
  const bytes = Math.max(
    minBatchBytes,
    batch.parts.reduce((sum, part) => sum + part.byteLength, 0),
  );
  if (run.packedBytes + bytes > maxRunBytes) {
    throw new ServiceError(
      'RUN_TOO_LARGE',
      `a run keeps ${maxRunBytes} packed bytes of results at most; send shorter messages`,
    );
  }
  const stored = await services.runs.putBatch(run.id, batch);
  if (stored === 'reused') {
    throw new ServiceError(
      'BATCH_ID_REUSED',
      `batch ${batch.batchId} was already sent with other content; use a new id`,
    );
  }
  const acknowledged =
    isLive(run) &&
    (await services.runs.acknowledge(run.id, { at: services.now(), final: input.end !== undefined, bytes }));
  if (!acknowledged) return late(services, run.id, batch);
  const { end } = input;
  const current = end !== undefined && isUntaken(end) ? acknowledged : await started(services, acknowledged);
  // How a job ends that is being stopped says nothing about its executor.
  const counts = current.status !== 'stopping' && input.attempt === current.attempt;
  if (end !== undefined && stored === 'stored' && counts) {
    await recordEnd(services, current, await pinnedPlan(services, current), end);
  }
  if (end !== undefined && input.wake) await wakeFor(services, current);
  return { run: current, folded: false };
}

/** It says nothing but that its sender is there. */
function isSignOfLife({ batchId, cases, end }: ResultsInput): boolean {
  return batchId === undefined && end === undefined && Array.isArray(cases) && cases.length === 0;
}

/** Acknowledged like a batch, and kept as none. */
async function recordSignOfLife(services: Services, run: Run, attempt: number): Promise<{ run: Run; folded: boolean }> {
  if (run.redispatches?.includes(attempt)) throw attemptReplaced(run, attempt);
  const acknowledged =
    isLive(run) && (await services.runs.acknowledge(run.id, { at: services.now(), final: false, bytes: 0 }));
  if (!acknowledged) throw runCompleted(run.id);
  return { run: await started(services, acknowledged), folded: false };
}

/** Ends an attempt on Proctor's own account, under a batch id that makes a repeat harmless. A run that is over stays as it is. */
export async function endAttempt(
  services: Services,
  run: Run,
  why: 'dispatch' | 'garbage' | 'inactivity' | 'stop',
  end: AttemptEnd,
): Promise<void> {
  try {
    await recordResults(services, { runId: run.id, attempt: run.attempt, batchId: why, cases: [], end, wake: false });
  } catch (error) {
    if (!isTooLate(error)) throw error;
  }
}

/** The run, or its attempt, ended meanwhile: nothing is lost that would count. */
export function isTooLate(error: unknown): boolean {
  return isServiceError(error, 'RUN_COMPLETED') || isServiceError(error, 'ATTEMPT_REPLACED');
}

/** Wakes the workflow with what it will find, so that the state machine needs no extra transition to look. */
async function wakeFor(services: Services, run: Run): Promise<void> {
  try {
    if (services.workflow.looksItself) return void (await services.workflow.wake(run, 'look'));
    const { report, catalog } = await readLiveRun(services, run);
    const { next } = decide(run, report, catalog, services.now());
    const again = next === 'rerun' || next === 'stage' || next === 'redispatch';
    await services.workflow.wake(run, next === 'complete' ? 'complete' : again ? 'rerun' : 'look');
  } catch (error) {
    // The batch is acknowledged; the sweeper looks at the run in its turn.
    services.log({ level: 'warn', event: 'wake failed', runId: run.id, error });
  }
}

/** The first batch may come before the dispatch's own answer: then the run is running from now on. */
async function started(services: Services, run: Run): Promise<Run> {
  if (run.status !== 'queued' || run.waitsFor !== undefined || run.dispatch === 'due') return run;
  const at = services.now();
  const deadlineAt = at + run.deadlines.runSeconds * 1000;
  const nextActionAt = Math.min(deadlineAt, at + run.deadlines.inactivitySeconds * 1000);
  const running = await services.runs.markRunning(run.id, { at, deadlineAt, nextActionAt });
  if (running === undefined) return (await services.runs.getRun(run.id)) ?? run;
  await publishOutbox(services, running);
  return running;
}

/** A replaced attempt takes nothing new, but knows what was stored before, so that a sender may repeat it (F9). */
async function again(services: Services, run: Run, batch: PackedBatch): Promise<{ run: Run; folded: boolean }> {
  const { batches } = await services.runs.readItems(run);
  const isKnown = batches.some(
    ({ attempt, batchId, sha256 }) => attempt === batch.attempt && batchId === batch.batchId && sha256 === batch.sha256,
  );
  if (isKnown) return isLive(run) ? { run, folded: false } : late(services, run.id, batch);
  throw attemptReplaced(run, batch.attempt);
}

async function late(services: Services, runId: number, batch: PackedBatch): Promise<{ run: Run; folded: boolean }> {
  const run = await services.runs.getRun(runId);
  if (run === undefined) throw new ServiceError('NOT_FOUND', `there is no run ${runId}`);
  const [first] = run.resultAt ? await services.runs.readResultChunks(runId, run.resultAt, 1) : [];
  if (first && hasFolded(first, batch)) return { run, folded: true };
  throw runCompleted(runId);
}

function attemptReplaced({ id: runId }: Run, attempt: number): ServiceError {
  const message = `attempt ${attempt} of run ${runId} was given up and dispatched again; its results do not count any more`;
  return new ServiceError('ATTEMPT_REPLACED', message, { runId });
}

function runCompleted(runId: number): ServiceError {
  const message = `run ${runId} is completed; results that come later are kept but do not count`;
  return new ServiceError('RUN_COMPLETED', message, { runId });
}

/** Packed results, with the catalog they were placed by. */
interface Placed {
  readonly parts: Uint8Array[];
  readonly catalog: Catalog;
  readonly index: CatalogIndex;
}

type Learnt = Pick<PackedBatch, 'parts'> & { readonly catalogSize: number };

/** Gives every reported case its position in the plan's catalog, a new name the next one, and packs the results. */
async function placeCases(services: Services, run: Run, cases: ResultsInput['cases']): Promise<Placed> {
  const [catalog, { machines }] = await Promise.all([
    services.plans.readCatalog(run.planId),
    pinnedPlan(services, run),
  ]);
  const index = indexCatalog(catalog);
  const packer = createPacker();
  const add = (reported: ReportedCase): void => packer.add(toEntry(reported, placeReported(index, machines, reported)));
  if (Symbol.asyncIterator in cases) for await (const some of cases) some.forEach(add);
  else for (const reported of cases) add(reported);
  return { parts: packer.finish(), catalog, index };
}

/** Adds the names that are new to the plan's catalog; answers the parts with the positions they got, and its size then. */
async function learnNames(services: Services, run: Run, { parts, catalog, index }: Placed): Promise<Learnt> {
  let learnt = parts;
  let size = catalog.entries.length + index.added.length;
  if (
    index.added.length > 0 &&
    !(await services.plans.appendCatalog(run.planId, catalog.entries.length, index.added))
  ) {
    const moved = await learnAgain(services, run.planId, catalog, index);
    learnt = parts.map((part) => repack(part, moved.positions));
    size = moved.size;
  }
  await coverResultIds(services, run, size);
  return { parts: learnt, catalogSize: size };
}

/** Someone else learnt names at the same positions: finds where ours are now, appending what is still new. */
async function learnAgain(
  services: Services,
  planId: number,
  before: Catalog,
  index: CatalogIndex,
): Promise<{ positions: Map<number, number>; size: number }> {
  for (let round = 0; round < 20; round++) {
    const catalog = await services.plans.readCatalog(planId);
    const fresh = indexCatalog(catalog);
    const positions = new Map<number, number>();
    const ours = [...before.entries, ...index.added];
    for (let position = before.entries.length; position < ours.length; position++)
      positions.set(position, fresh.adopt(ours, position));
    const done =
      fresh.added.length === 0 || (await services.plans.appendCatalog(planId, catalog.entries.length, fresh.added));
    if (done) return { positions, size: catalog.entries.length + fresh.added.length };
  }
  throw new ServiceError('UNAVAILABLE', 'the names of the plan are changing too fast; send the results again', {
    retryAfterSeconds: 2,
  });
}

function repack(part: Uint8Array, positions: ReadonlyMap<number, number>): Uint8Array {
  const packer = createPacker();
  for (const entry of unpack(part)) packer.add({ ...entry, position: positions.get(entry.position) ?? entry.position });
  const [repacked] = packer.finish();
  return repacked ?? part;
}

/** Extends the run's result ids until every catalog position has one; what comes after its end is late and needs none. */
async function coverResultIds(services: Services, run: Run, size: number): Promise<void> {
  let current: Run | undefined = run;
  for (let round = 0; current !== undefined && isLive(current) && round < 5; round++) {
    const last = current.resultIds.at(-1);
    const covered = last === undefined ? 0 : last[0] + last[2];
    if (covered >= size || (await services.runs.extendResultIds(current, covered, size - covered + spareResultIds)))
      return;
    current = await services.runs.getRun(run.id);
  }
}

function toEntry({ result, durationMs, message, details }: ReportedCase, position: number): EntryResult {
  return {
    position,
    result,
    durationMs,
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details }),
  };
}

function toBatch(services: Services, run: Run, input: ResultsInput, { parts, catalogSize }: Learnt): PackedBatch {
  const sha256 = contentDigest(parts, input);
  return {
    attempt: input.attempt,
    batchId: input.batchId ?? sha256,
    seq: [input.seq ?? 0, run.version],
    sha256,
    receivedAt: services.now(),
    parts,
    catalogSize,
    ...(input.end === undefined ? {} : { end: input.end }),
  };
}

function contentDigest(parts: readonly Uint8Array[], input: ResultsInput): string {
  return createHash('sha256')
    .update(digest(parts))
    .update(JSON.stringify(input.end ?? null))
    .digest('hex');
}
