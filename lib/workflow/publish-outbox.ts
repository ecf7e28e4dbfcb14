import type { BusEvent, Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';

/** Version of the events' `detail`; `docs/events` holds a JSON Schema for each. */
export const schemaVersion = 1;

/** The id of an event, the same over every repeat (invariant I4). */
export function eventId(run: Pick<Run, 'id'>, event: 'started' | 'completed'): string {
  return `evt_${run.id}_${event === 'started' ? 1 : 2}`;
}

/**
 * Sends the events a commit left in the run's outbox, then takes them out. A failure is no error of the commit: they stay,
 * and the sweeper sends them again under the same id.
 */
export async function publishOutbox(services: Services, run: Run): Promise<void> {
  const pending = (['started', 'completed'] as const).filter((event) => run.outbox?.has(event));
  if (pending.length === 0) return;
  try {
    await services.bus.publish(
      pending.map((event) => (event === 'started' ? startedEvent(services, run) : completedEvent(services, run))),
    );
    await services.runs.markSent(run.id, pending);
  } catch (error) {
    services.log({ level: 'warn', event: 'publishing failed', runId: run.id, error });
  }
}

function startedEvent(services: Services, run: Run): BusEvent {
  const time = run.startedAt ?? run.createdAt;
  return {
    id: eventId(run, 'started'),
    detailType: 'Run Started',
    time,
    detail: detail(services, run, 'started', time),
  };
}

function completedEvent(services: Services, run: Run): BusEvent {
  const time = run.endedAt ?? run.createdAt;
  return {
    id: eventId(run, 'completed'),
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
    id: eventId(run, event),
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
