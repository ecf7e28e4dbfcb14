import {
  callbackIdOf,
  type Delivery,
  type DeliveryBody,
  deliveryIdOf,
  type NotifyType,
  type Subscription,
  subscriptionKey,
} from '../core/delivery.ts';
import type { Services } from '../core/ports.ts';
import type { OutboxEvent, Run } from '../core/run.ts';
import { toStatusDelivery } from './commit-statuses.ts';
import { pinnedPlan } from './read-run.ts';
import { renderEvent, writeBody } from './render-delivery.ts';

/**
 * Puts a delivery for each subscription of the run's plan, in the version the run pinned, that wants to hear of the events,
 * one for the run's own callback, and its status beside the commit. Ids come from event and subscription, so doing it again adds nothing.
 */
export async function putDeliveries(services: Services, run: Run, events: readonly OutboxEvent[]): Promise<void> {
  const told = events.filter((event) => event !== 'queued');
  if (told.length === 0) return;
  const plan = await pinnedPlan(services, run);
  const { notify } = plan;
  const types: NotifyType[] = told.map((event) => `run.${event}` as const);
  if (events.includes('completed') && run.turn !== undefined) types.push(run.turn);
  const deliveries = types.flatMap((type) => {
    const wanted = notify.filter(({ on }) => on.includes(type));
    const body = renderEvent(services, run, type);
    return wanted.map((subscription) => toDelivery(services, run, type, subscription, body));
  });
  if (events.includes('completed') && run.callbackHost !== undefined) {
    deliveries.push(...(await toCallback(services, run)));
  }
  deliveries.push(...told.flatMap((event) => toStatusDelivery(services, run, plan, event)));
  if (deliveries.length === 0) return;
  await Promise.all(deliveries.map((delivery) => services.deliveries.putDelivery(delivery)));
  services.sender.notice(deliveries.map(({ id }) => id));
}

function toDelivery(
  services: Services,
  run: Run,
  type: NotifyType,
  subscription: Subscription,
  body: DeliveryBody,
): Delivery {
  const key = subscriptionKey(subscription);
  const id = deliveryIdOf(run.id, type, key);
  return {
    ...newDelivery(services, run, writeBody(body, id, subscription.format)),
    id,
    type,
    to: { kind: 'subscription', key, host: new URL(subscription.url).host },
    schedule: 'subscription',
  };
}

async function toCallback(services: Services, run: Run): Promise<Delivery[]> {
  const { callback } = await services.runs.getInput(run.id, run.hasInput);
  if (callback === undefined) return [];
  const { kind, host, sealedUrl } = callback;
  const body = await services.renderDelivery(kind, run);
  return [
    {
      ...newDelivery(services, run, writeBody(body, callbackIdOf(run.id))),
      id: callbackIdOf(run.id),
      type: 'run.completed',
      to: { kind: 'callback', host, sealedUrl },
      schedule: 'callback',
    },
  ];
}

function newDelivery({ now }: Services, run: Run, body: Pick<Delivery, 'body' | 'contentType'>) {
  const at = now();
  return {
    state: 'pending' as const,
    planId: run.planId,
    project: run.project,
    runId: run.id,
    ...body,
    createdAt: at,
    tries: 0,
    attempts: [],
    nextActionAt: at,
  };
}
