import { eventIdOf } from '../core/delivery.ts';
import type { BusEvent, Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';

/** Version of the events' `detail`; `docs/events` holds a JSON Schema for each. */
export const schemaVersion = 1;

/** The event of a run that started. */
export function startedEvent(services: Services, run: Run): BusEvent {
  const time = run.startedAt ?? run.createdAt;
  return {
    id: eventIdOf(run.id, 'run.started'),
    detailType: 'Run Started',
    time,
    detail: detail(services, run, 'started', time),
  };
}

/** The event of a run that completed. */
export function completedEvent(services: Services, run: Run): BusEvent {
  const time = run.endedAt ?? run.createdAt;
  return {
    id: eventIdOf(run.id, 'run.completed'),
    detailType: 'Run Completed',
    time,
    detail: {
      ...detail(services, run, 'completed', time),
      result: run.result,
      reason: run.reason,
      explanation: run.explanation,
      attempts: run.attempt,
      flaky: (run.counts?.flaky ?? 0) > 0,
      counts: run.counts,
      durationMs: time - run.createdAt,
      endedAt: new Date(time).toISOString(),
    },
  };
}

/** Filterable fields on top, no case data: consumers follow the link (reliability.md 5.6 keeps payloads thin). */
function detail(services: Services, run: Run, event: 'started' | 'completed', time: number): Record<string, unknown> {
  return {
    schemaVersion,
    id: eventIdOf(run.id, `run.${event}`),
    seq: event === 'started' ? 1 : 2,
    time: new Date(time).toISOString(),
    runId: run.id,
    planId: run.planId,
    planName: run.planName,
    planVersion: run.planVersion,
    project: run.project,
    status: event === 'started' ? 'running' : 'completed',
    trigger: run.trigger.type,
    environmentId: run.environmentId ?? null,
    buildNo: run.buildNo ?? null,
    createdAt: new Date(run.createdAt).toISOString(),
    runUrl: `${services.publicUrl}/v1/runs/${run.id}`,
    ...(run.rerunOf === undefined ? {} : { rerunOf: run.rerunOf }),
  };
}
