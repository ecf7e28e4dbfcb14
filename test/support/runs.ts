import type { PackedBatch } from '../../lib/core/batch.ts';
import { createPacker } from '../../lib/core/batch.ts';
import { type PlanDocument, parsePlan } from '../../lib/core/plan.ts';
import type { Completion } from '../../lib/core/ports.ts';
import type { CaseResult } from '../../lib/core/results.ts';
import { noCounts } from '../../lib/core/results.ts';
import type { Run } from '../../lib/core/run.ts';

/** A run as its trigger first stores it. */
export function aRun(id: number, change: Partial<Run> = {}): Run {
  const { rerun, redispatch, deadlines } = parsePlan({
    name: 'Checkout',
    executor: { type: 'command', command: 'true' },
  });
  return {
    id,
    version: 1,
    status: 'new',
    planId: 1,
    planVersion: 1,
    planName: 'Checkout',
    project: 'default',
    projectId: 1,
    trigger: { type: 'api', keyId: 'key', ownerId: 1 },
    createdAt: 1000,
    hasInput: false,
    overlap: 'queue',
    rerun,
    redispatch,
    deadlines,
    callsBack: true,
    polls: false,
    selects: 'cases',
    resultIds: [],
    requests: {},
    attempt: 1,
    dispatch: 'due',
    dispatchTries: 0,
    deadlineAt: 100_000,
    lastProgressAt: 1000,
    packedBytes: 0,
    garbage: 0,
    nextActionAt: 5000,
    wakeSeq: 0,
    executionN: 1,
    ...change,
  };
}

export function aDocument(change: Record<string, unknown> = {}): PlanDocument {
  return parsePlan({ name: 'Checkout', executor: { type: 'command', command: 'true' }, ...change });
}

export function aBatch(
  batchId: string,
  results: readonly [number, CaseResult][],
  change: Partial<PackedBatch> = {},
): PackedBatch {
  const packer = createPacker();
  for (const [position, result] of results) packer.add({ position, result, durationMs: 1 });
  return {
    attempt: 1,
    batchId,
    seq: [0, 1],
    sha256: batchId,
    receivedAt: 0,
    parts: packer.finish().map((part) => new Uint8Array(part)),
    ...change,
  };
}

export function aCompletion(change: Partial<Completion> = {}): Completion {
  return {
    ending: { result: 'passed', reason: 'allPassed', explanation: 'All passed.' },
    counts: noCounts,
    resultAt: '1#abc',
    resultChunks: 1,
    endedAt: 9000,
    eventId: 'evt_1_2',
    cancelPending: false,
    nextActionAt: 10_000,
    ...change,
  };
}
