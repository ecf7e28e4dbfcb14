import * as z from 'zod/mini';
import { oneTiming, scheduleMembers, timingMembers } from '../../core/schedule/schedule-form.ts';
import { id } from '../../core/schema.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

/** A saved selection of the plan, by name, id or both. */
const config = absent(
  z
    .strictObject({ name: z.optional(text(255)), id: z.optional(id) })
    .check(z.refine(({ name, id }) => name !== undefined || id !== undefined, { error: 'must have a name or an id' })),
);

const scheduleSettings = {
  ...scheduleMembers,
  comments: absent(z.string().check(z.maxLength(2000))),
  config,
  environmentId: absent(id),
  buildNo: absent(text(255)),
};

/** `POST /v1/schedules`. */
export const scheduleBody = z.strictObject({ planId: id, ...scheduleSettings }).check(oneTiming);

/** `PUT /v1/schedules/{scheduleId}`. */
export const scheduleChange = z.strictObject({ planId: z.optional(id), ...scheduleSettings }).check(oneTiming);

/** `POST /v1/schedules/preview`. */
export const previewBody = z
  .strictObject({
    ...timingMembers,
    /** Shows whose runs an occurrence would meet. */
    planId: absent(id),
    count: z._default(z.int().check(z.gte(1), z.lte(100)), 10),
  })
  .check(oneTiming);
