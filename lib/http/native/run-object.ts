import { shownRun } from '../../core/override.ts';
import type { AttemptRecord } from '../../core/ports.ts';
import type { Counts } from '../../core/results.ts';
import { isLive, type Run } from '../../core/run.ts';
import { partsOf } from '../../core/slots.ts';
import { plural } from '../../core/words.ts';
import type { QueuePlace } from '../../workflow/read-queue.ts';
import type { HttpRequest } from '../message.ts';

/**
 * A run, as it is stored, as the native API shows it. `counts` are null where counting would cost reading the results: in
 * lists and trigger answers, while it lives. `attempts` as far as they are known. `place` is where it stands in its plan's
 * queue now, if it waits there.
 */
export function toRunObject(
  run: Run,
  counts: Counts | null,
  attempts: readonly AttemptRecord[] | null,
  { baseUrl }: Pick<HttpRequest, 'baseUrl'>,
  place?: QueuePlace,
) {
  const self = `${baseUrl}/v1/runs/${run.id}`;
  const shown = shownRun(run);
  const current = attempts?.find(({ attempt }) => attempt === run.attempt);
  return {
    id: run.id,
    version: run.version,
    planId: run.planId,
    planName: run.planName,
    planVersion: run.planVersion,
    project: run.project,
    status: run.status,
    result: shown.result ?? null,
    reason: shown.reason ?? null,
    explanation: shown.explanation ?? null,
    counts: run.overridden?.counts ?? counts,
    overridden: overriddenOf(run),
    attempt: run.attempt,
    overlap: run.overlap,
    waitsFor: place?.waitsFor ?? run.waitsFor ?? [],
    position: place?.position ?? null,
    waitsForSlots: run.status === 'queued' ? (run.waitsForSlots ?? []).map(partsOf) : [],
    rerunOf: run.rerunOf ?? null,
    rerunType: run.rerunType ?? null,
    /** Earlier runs of its chain of reruns, oldest first. */
    chain: run.chain ?? [],
    config: run.config ?? null,
    environmentId: run.environmentId ?? null,
    buildNo: run.buildNo ?? null,
    commit: run.commit ?? null,
    trigger: {
      type: run.trigger.type,
      keyId: run.trigger.keyId,
      ownerId: run.trigger.ownerId,
      event: run.trigger.event ?? null,
    },
    schedule: run.schedule ? { id: run.schedule.id, scheduledAt: toTime(run.schedule.scheduledAt) } : null,
    /** What was asked for, and what the executor says it makes of it. */
    requested: requestedBy(run),
    executing: current?.executing ?? null,
    createdAt: toTime(run.createdAt),
    startedAt: run.startedAt === undefined ? null : toTime(run.startedAt),
    endedAt: run.endedAt === undefined ? null : toTime(run.endedAt),
    deadlineAt: isLive(run) ? toTime(run.deadlineAt) : null,
    links: {
      self,
      plan: `${baseUrl}/v1/plans/${run.planId}`,
      cases: `${self}/cases`,
      attempts: `${self}/attempts`,
      explain: `${self}/explain`,
      junit: `${self}/junit`,
      overrides: `${self}/overrides`,
      stop: `${self}/stop`,
      job: current?.link ?? null,
    },
  };
}

/** What the run itself ended with, and who said otherwise last. */
function overriddenOf({ overridden, result, reason, explanation, counts }: Run) {
  if (overridden === undefined) return null;
  const { cases, at, keyId, ownerId } = overridden;
  return {
    original: {
      result: result ?? null,
      reason: reason ?? null,
      explanation: explanation ?? null,
      counts: counts ?? null,
    },
    cases,
    at: toTime(at),
    by: { keyId, ownerId },
  };
}

/** What was asked for when the run was triggered: `everything`, `3 cases`, `1 case (2 iterations)`. */
export function requestedBy({ requestedCases, requestedIterations }: Run): string {
  if (requestedCases === undefined) return 'everything';
  const iterations = requestedIterations === undefined ? '' : ` (${plural(requestedIterations, 'iteration')})`;
  return `${plural(requestedCases, 'case')}${iterations}`;
}

export function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
