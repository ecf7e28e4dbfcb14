import { eventIdOf, eventSeqOf, type RunHappening } from '../core/delivery.ts';
import type { BusEvent, RunEventType, Services } from '../core/ports.ts';
import type { OutboxEvent, Run } from '../core/run.ts';

/** Version of the events' `detail`; `docs/events` holds a JSON Schema for each. */
export const schemaVersion = 1;

const detailTypes: Readonly<Record<RunHappening, RunEventType>> = {
  'run.queued': 'Run Queued',
  'run.started': 'Run Started',
  'run.completed': 'Run Completed',
  'plan.became_failed': 'Plan Became Failed',
  'plan.recovered': 'Plan Recovered',
};

/** What the events left in a run's outbox are about, in their order: its end may also have turned its plan. */
export function happeningsOf(run: Run, events: readonly OutboxEvent[]): RunHappening[] {
  return events.flatMap((event): RunHappening[] =>
    event === 'completed' && run.turn !== undefined ? ['run.completed', run.turn] : [`run.${event}`],
  );
}

/** The event on the bus. Made of what was committed only, so that it is the same over every repeat. */
export function runEvent(services: Services, run: Run, type: RunHappening): BusEvent {
  const time = timeOf(run, type);
  const isEnd = type !== 'run.queued' && type !== 'run.started';
  return {
    id: eventIdOf(run.id, type),
    detailType: detailTypes[type],
    time,
    detail: { ...detail(services, run, type, time), ...(isEnd ? ending(run, time) : {}) },
  };
}

function timeOf(run: Run, type: RunHappening): number {
  if (type === 'run.queued') return run.createdAt;
  return (type === 'run.started' ? run.startedAt : run.endedAt) ?? run.createdAt;
}

/** Filterable fields on top, no case data: consumers follow the link (reliability.md 5.6 keeps payloads thin). */
function detail(services: Services, run: Run, type: RunHappening, time: number): Record<string, unknown> {
  const { trigger } = run;
  return {
    schemaVersion,
    id: eventIdOf(run.id, type),
    seq: eventSeqOf(type),
    time: new Date(time).toISOString(),
    runId: run.id,
    planId: run.planId,
    planName: run.planName,
    planVersion: run.planVersion,
    project: run.project,
    status: type === 'run.queued' ? 'queued' : type === 'run.started' ? 'running' : 'completed',
    trigger: trigger.type,
    environmentId: run.environmentId ?? null,
    buildNo: run.buildNo ?? null,
    createdAt: new Date(run.createdAt).toISOString(),
    runUrl: `${services.publicUrl}/v1/runs/${run.id}`,
    ...(run.schedule === undefined ? {} : { scheduleId: run.schedule.id }),
    ...(run.rerunOf === undefined ? {} : { rerunOf: run.rerunOf }),
    ...(trigger.event === undefined ? {} : { triggerEvent: trigger.event }),
  };
}

function ending(run: Run, time: number): Record<string, unknown> {
  return {
    result: run.result,
    reason: run.reason,
    explanation: run.explanation,
    attempts: run.attempt,
    flaky: (run.counts?.flaky ?? 0) > 0,
    counts: run.counts,
    durationMs: time - run.createdAt,
    endedAt: new Date(time).toISOString(),
  };
}
