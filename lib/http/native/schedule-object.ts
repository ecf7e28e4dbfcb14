import type { Occurrence, Schedule } from '../../core/schedule/schedule.ts';
import { toForm } from '../../core/schedule/timing-form.ts';
import type { HttpRequest } from '../message.ts';
import { toTime } from './run-object.ts';

/** A schedule as the native API shows it. `nextAt` is null while it is paused. */
export function toScheduleObject(schedule: Schedule, { baseUrl }: Pick<HttpRequest, 'baseUrl'>) {
  const { id, version, planId, project, name, comments, status, config, environmentId, buildNo, overlap } = schedule;
  const self = `${baseUrl}/v1/schedules/${id}`;
  return {
    id,
    version,
    planId,
    project,
    name,
    comments,
    status,
    ...toForm(schedule.timing),
    config: config ?? null,
    environmentId: environmentId ?? null,
    variables: schedule.variables,
    buildNo: buildNo ?? null,
    overlap: overlap ?? null,
    missed: schedule.missed,
    maxLatenessSeconds: schedule.maxLatenessSeconds,
    jitterSeconds: schedule.jitterSeconds,
    nextAt: status === 'active' ? toTime(schedule.nextAt) : null,
    source: schedule.declared === undefined ? 'api' : 'plan',
    createdAt: toTime(schedule.createdAt),
    updatedAt: toTime(schedule.updatedAt),
    createdBy: schedule.createdBy,
    updatedBy: schedule.updatedBy,
    links: {
      self,
      plan: `${baseUrl}/v1/plans/${planId}`,
      occurrences: `${self}/occurrences`,
      preview: `${self}/preview`,
    },
  };
}

/** What became of an occurrence. `count` and `lastScheduledAt` tell of several that were missed in a row. */
export function toOccurrenceObject(occurrence: Occurrence, { baseUrl }: Pick<HttpRequest, 'baseUrl'>) {
  const { scheduledAt, state, recordedAt, runId, code, explanation, count, lastAt } = occurrence;
  return {
    scheduledAt: toTime(scheduledAt),
    lastScheduledAt: toTime(lastAt ?? scheduledAt),
    count: count ?? 1,
    state,
    code: code ?? null,
    explanation,
    runId: runId ?? null,
    recordedAt: toTime(recordedAt),
    links: { run: runId === undefined ? null : `${baseUrl}/v1/runs/${runId}` },
  };
}
