import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { ownSource } from './bus-message.ts';
import { checkEventPattern } from './check-event-pattern.ts';
import { type EventPattern, matchesPattern } from './event-pattern.ts';
import { parsePath, readPath } from './payload-path.ts';
import { id } from './schema.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
/** What a variable may hold. */
const maxValue = 4096;

/** As EventBridge reads it; a pattern names the fields an event must have and the values each may have. */
const pattern = z.record(z.string(), z.unknown()).check((context) => {
  for (const { path, message } of checkEventPattern(context.value))
    context.issues.push({ code: 'custom', message, path, input: context.value });
});

/** A text as it is, or `$.detail.path` for what the event has there. */
const source = text(500).check(
  z.refine((value) => !value.startsWith('$') || parsePath(value) !== undefined, {
    error: 'must be a text, or a path such as $.detail.state or $.resources[0]',
  }),
);

/** Starts a run for each event that fits. */
export const eventTrigger = z.strictObject({
  /** Tells it apart from the plan's others; its pattern does without. */
  name: z.optional(text(100)),
  pattern,
  /** Runtime data of the run. What is not in the event is left out; values are cut at 4,096 characters. */
  variables: z.optional(
    z.record(
      z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _')),
      source,
    ),
  ),
  /** Name of a saved selection of the plan. */
  config: z.optional(text(255)),
  environment: z.optional(id),
});
export type EventTrigger = z.output<typeof eventTrigger>;

/** What the trigger is called where events are remembered: it stays when the plan's other triggers change. */
export function nameOfTrigger({ name, pattern }: EventTrigger): string {
  return name ?? `pattern ${createHash('sha256').update(JSON.stringify(pattern)).digest('hex').slice(0, 12)}`;
}

export function fitsTrigger({ pattern }: EventTrigger, event: unknown): boolean {
  return matchesPattern(pattern as EventPattern, event);
}

/** The runtime data the trigger makes of the event. */
export function variablesOf({ variables = {} }: EventTrigger, event: unknown): Record<string, string> {
  const found = Object.entries(variables).map(([name, from]) => {
    const path = parsePath(from);
    return [name, path === undefined ? from : readPath(event, path)] as const;
  });
  return Object.fromEntries(found.flatMap(([name, value]) => (value === '' ? [] : [[name, value.slice(0, maxValue)]])));
}

interface Named {
  readonly id?: number | undefined;
  readonly name: string;
  readonly project: string;
  readonly triggers: { readonly events: readonly EventTrigger[] };
}

/**
 * Triggers that plainly fit the events of the plan's own runs: each run would start the next. Longer rings of plans are met
 * when they close (workflow/start-by-event.ts).
 */
export function triggersItself(plan: Named): { path: (string | number)[]; message: string }[] {
  const own = ownEvents(plan);
  return plan.triggers.events.flatMap((trigger, i) => {
    const event = own.find((candidate) => fitsTrigger(trigger, candidate));
    if (event === undefined) return [];
    const message = `fits the event ${event['detail-type']} of the plan's own runs, each of which would start the next; name the plans it is for in detail.planName, or leave this one out by anything-but`;
    return [{ path: ['triggers', 'events', i, 'pattern'], message }];
  });
}

function ownEvents({ id, name, project }: Named) {
  const types = ['Run Queued', 'Run Started', 'Run Completed', 'Plan Became Failed', 'Plan Recovered'];
  const statuses = ['queued', 'running', 'completed', 'completed', 'completed'];
  return types.flatMap((type, i) =>
    ['passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests'].map((result) => ({
      source: ownSource,
      'detail-type': type,
      detail: { planId: id ?? 0, planName: name, project, status: statuses[i], trigger: 'event', result, seq: i },
    })),
  );
}
