import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { longestLatenessSeconds, type Schedule } from '../../core/schedule/schedule.ts';
import { parseId } from '../../core/schema.ts';
import { type Author, changeSchedule, createSchedule, type Draft, draftOf } from '../../workflow/save-schedule.ts';
import { removeSchedule } from '../../workflow/settle-schedule.ts';
import { findPlan, findSchedule, readParam } from '../find.ts';
import type { Handler, Principal } from '../message.ts';
import { checkReferences, type FieldNames, listSchedules, requireChangeable } from '../schedules.ts';
import { answerJson } from './answer.ts';
import { type PageRequest, readPageRequest, toPage } from './page.ts';
import {
  changeTiming,
  readScheduleBody,
  requireComplete,
  type ScheduleRequest,
  scheduleTypes,
} from './schedule-request.ts';

const fields: FieldNames = { config: 'executionConfig', environment: 'environmentId', variables: 'variables' };
/** Schedules read at a time. */
const walk = 100;

/** `POST /api/v1/schedule_executions` (contracts/testsigma.md 3.8): 201. It starts nothing before its time. */
export function createCreateSchedule(services: Services): Handler {
  return async (request, principal) => {
    const body = requireComplete(readScheduleBody(request));
    const plan = await findPlan(services, principal, body.planId);
    const { name, comments = null, status = 'active', type, anchor, timezone = 'UTC', config } = body;
    const draft: Draft = {
      planId: plan.id,
      project: plan.project,
      name,
      comments,
      status,
      timing: { recurrence: { type, anchor }, timezone },
      ...(config == null ? {} : { config }),
      variables: {},
      jitterSeconds: 0,
      missed: 'runOnce',
      maxLatenessSeconds: longestLatenessSeconds,
    };
    await checkReferences(services, plan, draft, fields);
    const schedule = await createSchedule(services, draft, authorOf(principal));
    return { ...answerJson(toObject(schedule)), status: 201 };
  };
}

/** `GET /api/v1/schedule_executions/{id}`. */
export function createGetSchedule(services: Services): Handler {
  return async (request, principal) => {
    const { schedule } = await findSchedule(services, principal, readParam(request, 'id'));
    return answerJson(toObject(schedule));
  };
}

/** `GET /api/v1/schedule_executions?executionId=`: those of a plan, or all the key may see. */
export function createListSchedules(services: Services): Handler {
  return async ({ query }, principal) => {
    const page = readPageRequest(query);
    const planId = readPlanId(query);
    if (planId !== undefined) await findPlan(services, principal, planId);
    const found: Schedule[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const part = await listSchedules(services, principal, { planId, after, limit: walk });
      found.push(...part.page);
      after = part.next;
    }
    found.sort(orderOf(page));
    const from = page.page * page.size;
    return answerJson(toPage(page, found.slice(from, from + page.size).map(toObject), found.length));
  };
}

/** `PUT /api/v1/schedule_executions/{id}`: keys that are there replace, absent ones stay. */
export function createUpdateSchedule(services: Services): Handler {
  return async (request, principal) => {
    const scheduleId = readParam(request, 'id');
    const body = readScheduleBody(request);
    const find = async (): Promise<Schedule> => {
      const { schedule } = await findSchedule(services, principal, scheduleId);
      // Pausing one of the plan's own is for everybody.
      if (Object.keys(body).some((member) => member !== 'status')) requireChangeable(schedule);
      return schedule;
    };
    const change = async (schedule: Schedule): Promise<Draft> => {
      const plan = await findPlan(services, principal, body.planId ?? schedule.planId);
      const draft = changed(schedule, plan, body);
      await checkReferences(services, plan, draft, fields);
      return draft;
    };
    return answerJson(toObject(await changeSchedule(services, find, change, authorOf(principal))));
  };
}

/** `DELETE /api/v1/schedule_executions/{id}`: 202 without a body; runs it has started go on. */
export function createDeleteSchedule(services: Services): Handler {
  return async (request, principal) => {
    for (let removed = false; !removed; ) {
      const { schedule } = await findSchedule(services, principal, readParam(request, 'id'));
      requireChangeable(schedule);
      removed = await removeSchedule(services, schedule);
    }
    return { status: 202, headers: {}, body: '' };
  };
}

function changed(schedule: Schedule, plan: Plan, body: ScheduleRequest): Draft {
  const { name, comments, status, config } = body;
  const { config: before, ...draft } = draftOf(schedule);
  const wanted = config === undefined ? before : config;
  return {
    ...draft,
    planId: plan.id,
    project: plan.project,
    ...(name === undefined ? {} : { name }),
    ...(comments === undefined ? {} : { comments }),
    ...(status === undefined ? {} : { status }),
    timing: changeTiming(schedule, body),
    ...(wanted == null ? {} : { config: wanted }),
  };
}

/** `nextInterval` moves on with every occurrence; a paused schedule, and one that has fired once, keeps its own. */
function toObject(schedule: Schedule) {
  const { id, planId, name, comments, timing, nextAt, status, config } = schedule;
  return {
    id,
    executionId: planId,
    name,
    comments,
    scheduleType: typeWord(timing.recurrence.type),
    nextInterval: nextAt,
    nextIntervalUTC: new Date(nextAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    createdById: schedule.createdBy,
    createdDate: schedule.createdAt,
    updatedById: schedule.updatedBy,
    updatedDate: schedule.updatedAt,
    status: status === 'active' ? 'ACTIVE' : 'IN_ACTIVE',
    timezone: timing.timezone,
    executionConfig: config ?? null,
  };
}

/** Cron and rate come from the native API and from plans; the vendor has no word for them. */
function typeWord(type: Schedule['timing']['recurrence']['type']): string {
  return Object.entries(scheduleTypes).find(([, ours]) => ours === type)?.[0] ?? type.toUpperCase();
}

function readPlanId(query: URLSearchParams): number | undefined {
  const given = query.get('executionId') ?? query.get('testPlanId');
  if (given === null) return undefined;
  const planId = parseId(given);
  if (planId === undefined) throw invalidField('executionId', 'must be a positive integer', given.slice(0, 100));
  return planId;
}

function orderOf({ sortBy, ascending }: PageRequest): (a: Schedule, b: Schedule) => number {
  const sign = ascending ? 1 : -1;
  if (sortBy === 'id') return (a, b) => sign * (a.id - b.id);
  return (a, b) => sign * (a.createdAt - b.createdAt || a.id - b.id);
}

function authorOf({ keyId, ownerId }: Principal): Author {
  return { keyId, ownerId, anchorField: 'nextInterval' };
}
