import type * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import type { Schedule } from '../../core/schedule/schedule.ts';
import type { TimingForm } from '../../core/schedule/schedule-form.ts';
import { toTiming } from '../../core/schedule/timing-form.ts';
import { type Author, changeSchedule, createSchedule, type Draft, draftOf } from '../../workflow/save-schedule.ts';
import { removeSchedule } from '../../workflow/settle-schedule.ts';
import { findPlan, findSchedule, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import { checkReferences, type FieldNames, listSchedules, requireChangeable } from '../schedules.ts';
import { checkIfMatch, etagOf } from './etag.ts';
import { readIdParameter, readPaging, readProject, toCursor } from './paging.ts';
import { readObject } from './read-object.ts';
import { toOccurrenceObject, toScheduleObject } from './schedule-object.ts';
import { scheduleBody, scheduleChange } from './schedule-schemas.ts';

const fields: FieldNames = { config: 'config', environment: 'environmentId', variables: 'variables' };

/** `GET /v1/schedules?plan=&project=&cursor=&limit=`: by id. */
export function createListSchedules(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after = 0 } = readPaging(request.query, 'schedule');
    const project = readProject(request.query);
    const planId = readIdParameter(request.query, 'plan');
    if (planId !== undefined) await findPlan(services, principal, planId);
    const { page, next } = await listSchedules(services, principal, { planId, project, after, limit });
    return json(200, {
      schedules: page.map((schedule) => toScheduleObject(schedule, request)),
      nextCursor: next === undefined ? null : toCursor('schedule', next),
    });
  };
}

/** `POST /v1/schedules`: 201. It starts nothing before its first occurrence. */
export function createCreateSchedule(services: Services): Handler {
  return async (request, principal) => {
    const { planId, ...body } = await readObject(request, scheduleBody);
    const plan = await findPlan(services, principal, planId);
    const draft = await toDraft(services, plan, body);
    const schedule = await createSchedule(services, draft, authorOf(principal, body));
    const location = `${request.baseUrl}/v1/schedules/${schedule.id}`;
    return answerSchedule(201, schedule, request, { location });
  };
}

/** `GET /v1/schedules/{scheduleId}`. */
export function createGetSchedule(services: Services): Handler {
  return async (request, principal) => {
    const { schedule } = await findSchedule(services, principal, readParam(request, 'scheduleId'));
    return answerSchedule(200, schedule, request);
  };
}

/** `PUT /v1/schedules/{scheduleId}`: replaces all of it; the plan stays. */
export function createUpdateSchedule(services: Services): Handler {
  return async (request, principal) => {
    const scheduleId = readParam(request, 'scheduleId');
    const { planId, ...body } = await readObject(request, scheduleChange);
    const find = () => findChangeable(services, request, principal, scheduleId);
    const change = async (schedule: Schedule): Promise<Draft> => {
      if (planId !== undefined && planId !== schedule.planId)
        throw invalidField('planId', `cannot change: it is ${schedule.planId}`, planId);
      return toDraft(services, await findPlan(services, principal, schedule.planId), body, schedule);
    };
    return answerSchedule(200, await changeSchedule(services, find, change, authorOf(principal, body)), request);
  };
}

/** `DELETE /v1/schedules/{scheduleId}`: runs it has started go on. */
export function createDeleteSchedule(services: Services): Handler {
  return async (request, principal) => {
    const scheduleId = readParam(request, 'scheduleId');
    while (!(await removeSchedule(services, await findChangeable(services, request, principal, scheduleId))));
    return { status: 204, headers: {}, body: '' };
  };
}

/** `POST /v1/schedules/{scheduleId}/pause`. */
export function createPauseSchedule(services: Services): Handler {
  return (request, principal) => setStatus(services, request, principal, 'paused');
}

/** `POST /v1/schedules/{scheduleId}/resume`: it goes on with the first occurrence after now. */
export function createResumeSchedule(services: Services): Handler {
  return (request, principal) => setStatus(services, request, principal, 'active');
}

/** `GET /v1/schedules/{scheduleId}/occurrences?cursor=&limit=`: what became of them, newest first. */
export function createListOccurrences(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after = Number.MAX_SAFE_INTEGER } = readPaging(request.query, 'occurrence');
    const { schedule } = await findSchedule(services, principal, readParam(request, 'scheduleId'));
    const before = Math.min(after, 1e15);
    const found = await services.schedules.listOccurrences(schedule.id, before, limit + 1, services.now());
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return json(200, {
      occurrences: page.map((occurrence) => toOccurrenceObject(occurrence, request)),
      nextCursor: last === undefined ? null : toCursor('occurrence', last.scheduledAt),
    });
  };
}

async function setStatus(
  services: Services,
  request: HttpRequest,
  principal: Principal,
  status: Schedule['status'],
): Promise<HttpResponse> {
  const scheduleId = readParam(request, 'scheduleId');
  const find = async (): Promise<Schedule> => {
    const { schedule } = await findSchedule(services, principal, scheduleId);
    checkIfMatch(request, schedule.version);
    return schedule;
  };
  const known = await find();
  if (known.status === status) return answerSchedule(200, known, request);
  const author = { ...authorOf(principal, {}), anchorField: known.timing.recurrence.type === 'once' ? 'once' : 'at' };
  const change = async (schedule: Schedule): Promise<Draft> => ({ ...draftOf(schedule), status });
  return answerSchedule(200, await changeSchedule(services, find, change, author), request);
}

async function findChangeable(
  services: Services,
  request: HttpRequest,
  principal: Principal,
  scheduleId: number,
): Promise<Schedule> {
  const { schedule } = await findSchedule(services, principal, scheduleId);
  checkIfMatch(request, schedule.version);
  requireChangeable(schedule);
  return schedule;
}

async function toDraft(
  services: Services,
  plan: Plan,
  body: Omit<z.output<typeof scheduleChange>, 'planId'>,
  before?: Schedule,
): Promise<Draft> {
  const { name, comments, config, environmentId, variables, buildNo, overlap, enabled } = body;
  const draft: Draft = {
    planId: plan.id,
    project: plan.project,
    name,
    comments: comments ?? null,
    status: enabled ? 'active' : 'paused',
    timing: toTiming(body, services.now(), before?.timing),
    ...(config == null ? {} : { config }),
    ...(environmentId == null ? {} : { environmentId }),
    variables,
    ...(buildNo == null ? {} : { buildNo }),
    ...(overlap === undefined ? {} : { overlap }),
    jitterSeconds: body.jitterSeconds,
    missed: body.missed,
    maxLatenessSeconds: body.maxLatenessSeconds,
  };
  await checkReferences(services, plan, draft, fields);
  return draft;
}

function authorOf({ keyId, ownerId }: Principal, { once }: TimingForm): Author {
  return { keyId, ownerId, anchorField: once === undefined ? 'at' : 'once' };
}

function answerSchedule(
  status: 200 | 201,
  schedule: Schedule,
  request: HttpRequest,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return json(status, toScheduleObject(schedule, request), { ...headers, etag: etagOf(schedule.version) });
}
