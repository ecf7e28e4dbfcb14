import { type Delivery, pingIdOf, type Subscription, subscriptionKey } from '../../core/delivery.ts';
import { invalidField } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { renderPing, writeBody } from '../../workflow/render-delivery.ts';
import { findPlan, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { sendAtOnce } from './deliveries.ts';
import { toDeliveryObject } from './delivery-object.ts';
import { readObject } from './read-object.ts';
import { pingBody } from './schemas.ts';

/** `POST /v1/plans/{planId}/notify/test`: sends `endpoint.ping` to the plan's subscriptions, or to one, and says what came back. */
export function createTestNotify(services: Services): Handler {
  return async (request, principal) => {
    const plan = await findPlan(services, principal, readParam(request, 'planId'));
    const { name } = await readObject(request, pingBody);
    const wanted = plan.notify.filter((subscription) => name == null || subscriptionKey(subscription) === name);
    if (wanted.length === 0) {
      throw name == null
        ? invalidField('notify', `test plan ${plan.id} has no subscription; add one first`)
        : invalidField('name', `test plan ${plan.id} has no subscription of this name or URL`, name.slice(0, 100));
    }
    const pings = wanted.map((subscription) => toPing(services, plan, subscription));
    await Promise.all(pings.map((ping) => services.deliveries.putDelivery(ping)));
    await sendAtOnce(
      services,
      pings.map(({ id }) => id),
    );
    const tried = await Promise.all(
      pings.map(async (ping) => (await services.deliveries.getDelivery(ping.id)) ?? ping),
    );
    return json(200, { deliveries: tried.map((ping) => toDeliveryObject(ping, request)) });
  };
}

function toPing(services: Services, plan: Plan, subscription: Subscription): Delivery {
  const at = services.now();
  const id = pingIdOf(plan.id, Buffer.from(services.random(8)).toString('hex'));
  return {
    id,
    type: 'endpoint.ping',
    state: 'pending',
    planId: plan.id,
    project: plan.project,
    to: { kind: 'subscription', key: subscriptionKey(subscription), host: new URL(subscription.url).host },
    schedule: 'ping',
    ...writeBody(renderPing(services, plan), id, subscription.format),
    createdAt: at,
    tries: 0,
    attempts: [],
    nextActionAt: at,
  };
}
