import * as z from 'zod/mini';
import { id } from './schema.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));

/** The source of everything Proctor says itself. */
export const ownSource = 'proctor';
/** Asks for a run. */
export const requestType = 'Run Requested';

/** An event as the bus delivers it: the envelope of EventBridge. Fields not named here are kept, for patterns to look at. */
export const busMessage = z.looseObject({
  id: text(500),
  source: text(256),
  'detail-type': text(128),
  detail: z.record(z.string(), z.unknown()),
  resources: z.optional(z.array(z.string())),
});
export type BusMessage = z.output<typeof busMessage>;

/** `detail` of `Run Requested`. A key that is not known is refused, so that a typo is found at once. */
export const runRequest = z.strictObject({
  /** By its id, or by its name and project. */
  plan: z.union([id, z.strictObject({ name: text(255), project: z._default(text(100), 'default') })], {
    error: 'must be the id of a plan, or { name, project }',
  }),
  /** Name of a saved selection of the plan. */
  config: z.optional(text(255)),
  environmentId: z.optional(id),
  buildNo: z.optional(z.string().check(z.maxLength(255))),
  /** Environment variables of the tests. */
  runtimeData: z.optional(
    z.record(
      z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _')),
      z.string().check(z.maxLength(4096)),
    ),
  ),
  /** The same id is the same request, however many events carry it; without it, each event is its own. */
  requestId: z.optional(text(255)),
  /** The run whose event made the sender ask: it keeps plans from starting each other in a ring. */
  causedBy: z.optional(id),
});

/** Before an id its sender gave the event: EventBridge gives every event another one of its own. */
const idPrefix = 'proctor:event/';

/** The entry of `resources` that carries the sender's id over the bus. */
export function resourceOf(eventId: string): string {
  return `${idPrefix}${eventId}`;
}

/**
 * What stays the same when the event comes again: its sender's id, or for our own the one in its `detail`, since a repeat of
 * these is another event to EventBridge.
 */
export function identityOf({ id, source, detail, resources = [] }: BusMessage): string {
  const named = resources.find((resource) => resource.startsWith(idPrefix));
  if (named !== undefined) return named.slice(idPrefix.length);
  return source === ownSource && typeof detail.id === 'string' ? detail.id : id;
}
