import { createHash } from 'node:crypto';
import { type BusMessage, identityOf, ownSource, requestType, runRequest } from '../core/bus-message.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { type EventTrigger, fitsTrigger, nameOfTrigger, variablesOf } from '../core/event-trigger.ts';
import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';
import { parse } from '../core/schema.ts';
import { type Refusal, refusedEvent } from './refused-event.ts';
import { chooseByConfig } from './select-cases.ts';
import { type TriggerRequest, triggerRun } from './trigger-run.ts';

/** How long an event is remembered: longer than any bus delivers it again (F47). */
const keepSeconds = 7 * 24 * 3600;
/** Plans that may start each other in a row. */
const maxAncestors = 10;

/**
 * Starts what an event on the bus asks for: the run of a `Run Requested`, or one for each trigger of a plan that it fits, and
 * one only however often the event comes. A refusal is told on the bus, and final; what is thrown may be tried again.
 */
export async function startByEvent(
  services: Services,
  listEventPlans: () => Promise<readonly Plan[]>,
  event: BusMessage,
): Promise<void> {
  if (event.source === ownSource && event['detail-type'] === 'Run Refused') return;
  if (event.source !== ownSource && event['detail-type'] === requestType) return startRequested(services, event);
  const wanted = (await listEventPlans())
    .filter((plan) => mayHear(plan, event))
    .flatMap((plan) =>
      plan.triggers.events.filter((trigger) => fitsTrigger(trigger, event)).map((trigger) => ({ plan, trigger })),
    );
  if (wanted.length === 0) return;
  const ancestors = event.source === ownSource ? await ancestorsBy(services, event.detail.runId) : [];
  const outcomes = await Promise.allSettled(
    wanted.map(({ plan, trigger }) => startTriggered(services, event, plan, trigger, ancestors)),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Whoever edits a plan of one project must not learn of the runs of another. */
function mayHear({ project }: Plan, { source, detail }: BusMessage): boolean {
  return source !== ownSource || detail.project === project;
}

async function startTriggered(
  services: Services,
  event: BusMessage,
  plan: Plan,
  trigger: EventTrigger,
  ancestors: readonly number[],
): Promise<void> {
  const name = nameOfTrigger(trigger);
  await startOnce(services, event, { plan, trigger: name }, async () => {
    refuseRing(plan, ancestors);
    await triggerRun(services, {
      ...startedBy(event, plan, ancestors),
      ...chosenBy(services, trigger.config),
      ...(trigger.environment === undefined ? {} : { environmentId: trigger.environment }),
      runtimeData: variablesOf(trigger, event),
      idempotency: {
        key: `${event.source} ${identityOf(event)}`,
        route: `event ${name}`,
        fingerprint: 'event',
        keepSeconds,
      },
    });
  });
}

async function startRequested(services: Services, event: BusMessage): Promise<void> {
  const about: About = {};
  await startOnce(services, event, about, async () => {
    const { plan: wanted, config, requestId, causedBy, ...given } = parse(runRequest, event.detail, ['runtimeData']);
    if (requestId !== undefined) about.requestId = requestId;
    const plan =
      typeof wanted === 'number'
        ? await services.plans.getPlan(wanted)
        : await services.plans.findPlanByName(wanted.project, wanted.name);
    const named = typeof wanted === 'number' ? wanted : `${wanted.name} in project ${wanted.project}`;
    if (plan === undefined) throw new ServiceError('NOT_FOUND', `plan: there is no test plan ${named}`);
    about.plan = plan;
    const ancestors = await ancestorsBy(services, causedBy);
    refuseRing(plan, ancestors);
    const fingerprint = createHash('sha256').update(JSON.stringify(event.detail)).digest('hex');
    await triggerRun(services, {
      ...startedBy(event, plan, ancestors),
      ...chosenBy(services, config),
      ...definedOf(given),
      idempotency: { key: requestId ?? identityOf(event), route: requestType, fingerprint, keepSeconds },
    });
  });
}

function startedBy(
  event: BusMessage,
  plan: Plan,
  ancestors: readonly number[],
): Pick<TriggerRequest, 'planId' | 'maySee' | 'trigger'> {
  return {
    planId: plan.id,
    // Who may put events on the bus may start runs; a plan that moved to another project meanwhile is another.
    maySee: ({ project }) => project === plan.project,
    trigger: {
      type: 'event',
      keyId: 'bus',
      ownerId: plan.updatedBy,
      event: { id: identityOf(event), source: event.source, detailType: event['detail-type'] },
      ...(ancestors.length === 0 ? {} : { ancestors }),
    },
  };
}

/** Also for the whole plan: with a choice to make, a repeat finds its run first, whatever became of the plan since. */
function chosenBy(services: Services, name: string | undefined): Pick<TriggerRequest, 'choose'> {
  return {
    choose: async (plan) => (name === undefined ? {} : chooseByConfig(services, plan, { name, field: 'config' })),
  };
}

function definedOf<T extends object>(members: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

/** The plans whose runs led to the event of that run, oldest first, its own among them. */
async function ancestorsBy(services: Services, runId: unknown): Promise<readonly number[]> {
  const run = typeof runId === 'number' ? await services.runs.getRun(runId) : undefined;
  return run === undefined ? [] : [...(run.trigger.ancestors ?? []), run.planId];
}

/** Plans that start each other come to an end: none is started twice by one beginning. */
function refuseRing(plan: Plan, ancestors: readonly number[]): void {
  const chain = [...ancestors, plan.id].join(' > ');
  if (ancestors.includes(plan.id))
    throw new ServiceError('PLAN_CYCLE', `plans would start each other without end: ${chain}`);
  if (ancestors.length >= maxAncestors)
    throw new ServiceError('PLAN_CYCLE', `more than ${maxAncestors} plans in a row: ${chain}`);
}

interface About {
  plan?: Plan;
  trigger?: string;
  requestId?: string;
}

/** Does it, or tells why not. A refusal is the same however often the event comes, so it is not tried again. */
async function startOnce(
  services: Services,
  event: BusMessage,
  about: About,
  start: () => Promise<void>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!isServiceError(error) || error.code === 'UNAVAILABLE') throw error;
    const refusal: Refusal = { ...about, code: error.code, message: error.message };
    const told = refusedEvent(services, event, refusal);
    services.log({
      level: 'warn',
      event: 'run refused',
      requestId: identityOf(event),
      code: refusal.code,
      ...(about.plan === undefined ? {} : { planId: about.plan.id }),
    });
    await services.bus.publish([told]);
  }
}
