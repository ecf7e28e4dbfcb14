import * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import { readAnchor } from '../../core/schedule/anchor.ts';
import type { ConfigRef, Schedule } from '../../core/schedule/schedule.ts';
import type { AnchoredType, Timing } from '../../core/schedule/timing.ts';
import { resolveZone } from '../../core/schedule/zone.ts';
import { id, parse } from '../../core/schema.ts';
import { readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';

/** The wire's words (contracts/testsigma.md 3.8). */
export const scheduleTypes = {
  ONCE: 'once',
  HOURLY: 'hourly',
  DAILY: 'daily',
  WEEKLY: 'weekly',
  BIWEEKLY: 'biweekly',
  MONTHLY: 'monthly',
  YEARLY: 'yearly',
} as const satisfies Readonly<Record<string, AnchoredType>>;
type ScheduleWord = keyof typeof scheduleTypes;
const words = Object.keys(scheduleTypes) as ScheduleWord[];

/** What a request says of a schedule; what it leaves out stays as it is, or gets its default. */
export interface ScheduleRequest {
  readonly name?: string;
  readonly planId?: number;
  readonly comments?: string | null;
  readonly type?: AnchoredType;
  readonly status?: Schedule['status'];
  readonly anchor?: string;
  readonly timezone?: string;
  /** Null removes it. */
  readonly config?: ConfigRef | null;
}

/** The body, its fields' types checked. Unknown keys are ignored. INVALID_JSON or VALIDATION_FAILED. */
export function readScheduleBody(request: Pick<HttpRequest, 'body'>): ScheduleRequest {
  const body = parse(bodySchema, readJson(request) ?? {});
  const { name, executionId, comments, scheduleType, status, nextInterval, timezone, executionConfig } = body;
  const anchor = nextInterval == null ? undefined : readInterval(nextInterval);
  return {
    ...(name == null ? {} : { name }),
    ...(executionId == null ? {} : { planId: executionId }),
    ...(comments === undefined ? {} : { comments }),
    ...(scheduleType == null ? {} : { type: scheduleTypes[scheduleType] }),
    ...(status == null ? {} : { status: status === 'ACTIVE' ? 'active' : 'paused' }),
    ...(anchor === undefined ? {} : { anchor }),
    ...(timezone == null || timezone.trim() === '' ? {} : { timezone: timezone.trim() }),
    ...(executionConfig === undefined ? {} : { config: executionConfig && toRef(executionConfig) }),
  };
}

/** The same of a new schedule, which must say when it fires, of what plan and under what name. */
export function requireComplete(request: ScheduleRequest): ScheduleRequest & Required<Pick<ScheduleRequest, Needed>> {
  const missing = (Object.keys(needed) as Needed[]).filter((member) => request[member] === undefined);
  const [first] = missing;
  if (first !== undefined) throw invalidField(needed[first], 'is required');
  return request as ReturnType<typeof requireComplete>;
}

/**
 * The times after the request. The instant that GET shows, with the type and the zone it has, is no new anchor, so that a client
 * may send back what it read; a zone alone reads the anchor again in it (contracts/testsigma.md 3.8).
 */
export function changeTiming({ timing, nextAt }: Schedule, request: ScheduleRequest): Timing {
  const { type, anchor, timezone = timing.timezone } = request;
  const { recurrence } = timing;
  const isAnchored = recurrence.type !== 'cron' && recurrence.type !== 'rate';
  const stays = isAnchored && (type ?? recurrence.type) === recurrence.type && timezone === timing.timezone;
  const isShown = anchor !== undefined && instantForm.test(anchor) && momentOf(anchor) === nextAt;
  const given = stays && isShown ? undefined : anchor;
  if (type === undefined && given === undefined) return { ...timing, timezone };
  const before = isAnchored ? recurrence : undefined;
  const newType = type ?? before?.type;
  const newAnchor = given ?? before?.anchor;
  if (newType === undefined)
    throw invalidField('scheduleType', 'is required with nextInterval: the schedule has no type');
  if (newAnchor === undefined)
    throw invalidField('nextInterval', 'is required with scheduleType: the schedule has none');
  return { ...timing, timezone, recurrence: { type: newType, anchor: newAnchor } };
}

/** Epoch milliseconds, `Z` or an offset: what is left is wall time of a zone. */
const instantForm = /^\d+$|(?:Z|[+-]\d{2}:\d{2})$/;

type Needed = 'name' | 'planId' | 'type' | 'anchor';
const needed: Readonly<Record<Needed, string>> = {
  name: 'name',
  planId: 'executionId',
  type: 'scheduleType',
  anchor: 'nextInterval',
};

const text = (most: number) =>
  z
    .string({ error: 'must be text' })
    // The table refuses half a surrogate pair.
    .check(z.maxLength(most), z.regex(/^\P{Cs}*$/u, { error: 'must be valid Unicode' }));
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

const bodySchema = z.object(
  {
    name: absent(text(255).check(z.minLength(1))),
    executionId: absent(id),
    comments: absent(text(2000)),
    scheduleType: absent(z.enum(words, { error: `must be one of ${words.join(', ')}` })),
    status: absent(z.enum(['ACTIVE', 'IN_ACTIVE'], { error: 'must be ACTIVE or IN_ACTIVE' })),
    nextInterval: absent(z.union([z.string(), z.number()], { error: 'must be a time as text, or epoch milliseconds' })),
    timezone: absent(text(255)),
    executionConfig: absent(
      z
        .object(
          { name: absent(text(255)), id: absent(id) },
          { error: 'must be an object with the name or the id of a saved configuration' },
        )
        .check(z.refine(({ name, id }) => Boolean(name ?? id), { error: 'must have a name or an id' })),
    ),
  },
  { error: 'must be a JSON object' },
);

/** The anchor's text as it is kept. Its form does not depend on a zone; what it means does. */
function readInterval(given: string | number): string {
  const anchor = typeof given === 'number' ? String(given) : given.trim();
  if (momentOf(anchor) !== undefined) return anchor;
  const message =
    'must be a date and time such as 2027-01-18T09:30:00, with or without Z or an offset, or epoch milliseconds';
  throw invalidField('nextInterval', message, typeof given === 'number' ? given : given.slice(0, 100));
}

function momentOf(anchor: string): number | undefined {
  const utc = resolveZone('UTC');
  return utc && readAnchor(anchor, utc)?.at;
}

function toRef({ name, id }: { name?: string | null | undefined; id?: number | null | undefined }): ConfigRef {
  return { ...(name == null ? {} : { name }), ...(id == null ? {} : { id }) };
}
