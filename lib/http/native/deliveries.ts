import { type Delivery, deliveryStates, ownerOf, positionOf } from '../../core/delivery.ts';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { callbackSecrets } from '../../core/sealed.ts';
import { maySee } from '../entry.ts';
import { missing, ownsProject } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, Principal } from '../message.ts';
import { toDeliveryObject } from './delivery-object.ts';
import { readIdParameter, readPaging, readWord, toCursor } from './paging.ts';

/** Deliveries looked at for one page: a rare state makes short pages, never slow ones. */
const maxLooked = 1000;

/** `GET /v1/deliveries?plan=&run=&state=&cursor=&limit=`: newest first. */
export function createListDeliveries(services: Services): Handler {
  return async (request, principal) => {
    const { limit, after } = readPaging(request.query, 'delivery');
    const planId = readIdParameter(request.query, 'plan');
    const runId = readIdParameter(request.query, 'run');
    const state = readWord(request.query, 'state', deliveryStates);
    const source = await listSource(services, principal, planId, runId);
    const found: Delivery[] = [];
    let before = after ?? Number.MAX_SAFE_INTEGER;
    let more = true;
    for (let looked = 0; more && found.length <= limit && looked < maxLooked; ) {
      const size = Math.min(100, limit + 1);
      const deliveries = await source(before, size);
      found.push(
        ...deliveries.filter(
          (delivery) =>
            maySee(principal, delivery) &&
            (planId === undefined || delivery.planId === planId) &&
            (state === undefined || delivery.state === state),
        ),
      );
      const last = deliveries.at(-1);
      before = last === undefined ? before : positionOf(last);
      looked += deliveries.length;
      more = deliveries.length === size;
    }
    const page = found.slice(0, limit);
    const lastShown = found.length > limit ? page.at(-1) : undefined;
    const next = lastShown === undefined ? (more ? before : undefined) : positionOf(lastShown);
    return json(200, {
      deliveries: page.map((delivery) => toDeliveryObject(delivery, request)),
      nextCursor: next === undefined ? null : toCursor('delivery', next),
    });
  };
}

/** `GET /v1/deliveries/{deliveryId}`. */
export function createGetDelivery(services: Services): Handler {
  return async (request, principal) =>
    json(200, toDeliveryObject(await findDelivery(services, principal, request), request));
}

/**
 * `POST /v1/deliveries/{deliveryId}/replay`: sends it again from the first try on, under the same id, and waits for that try.
 * A subscription that was disabled is enabled again.
 */
export function createReplayDelivery(services: Services): Handler {
  return async (request, principal) => {
    const delivery = await findDelivery(services, principal, request);
    const { to, planId, id, schedule } = delivery;
    if (to.kind === 'subscription' && schedule !== 'ping') await services.deliveries.clearSubscription(planId, to.key);
    const replayed = await services.deliveries.replayDelivery(id, services.now());
    // Refused while a sender has it: then it is being sent as asked.
    if (replayed !== undefined) await sendAtOnce(services, [id]);
    return json(200, toDeliveryObject((await services.deliveries.getDelivery(id)) ?? delivery, request));
  };
}

/** Has them tried and waits for that. They are due, so what goes wrong here makes them a minute late at most. */
export async function sendAtOnce(services: Services, deliveryIds: readonly string[]): Promise<void> {
  try {
    await services.sender.send(deliveryIds);
  } catch (error) {
    services.log({ level: 'warn', event: 'sending at once failed', error });
  }
}

/** `GET /v1/callback-secrets`: what callbacks of single runs are signed with; two while the master key rotates. */
export function createGetCallbackSecrets(services: Services): Handler {
  return async (_request, { projects, planIds }) => {
    if (projects !== null || planIds !== null) {
      throw new ServiceError('FORBIDDEN', 'They sign the callbacks of all projects, and the API key is for some only');
    }
    return json(200, { secrets: callbackSecrets(await services.masterKeys('fresh')) });
  };
}

/** One outside the caller's projects and plans is missing, in the same words (reliability.md F50). */
async function findDelivery(services: Services, principal: Principal, request: HttpRequest): Promise<Delivery> {
  const id = request.params.deliveryId ?? '';
  if (ownerOf(id) === undefined) throw invalidField('deliveryId', 'must be the id of a delivery', id.slice(0, 100));
  const delivery = await services.deliveries.getDelivery(id);
  if (delivery === undefined || !maySee(principal, delivery)) throw missing('delivery', id);
  return delivery;
}

type Source = (before: number, limit: number) => Promise<Delivery[]>;

/** Where they come from: a run, a plan, or all the caller sees, merged. */
async function listSource(
  { deliveries, plans }: Services,
  principal: Principal,
  planId: number | undefined,
  runId: number | undefined,
): Promise<Source> {
  const ofPlan =
    (id: number): Source =>
    (before, limit) =>
      deliveries.listDeliveriesByPlan(id, before, limit);
  if (runId !== undefined) {
    const all = await deliveries.listDeliveriesByRun(runId);
    return merged([async (before) => all.filter((delivery) => positionOf(delivery) < before)]);
  }
  if (planId !== undefined) return ofPlan(planId);
  if (principal.planIds !== null) return merged([...principal.planIds].map(ofPlan));
  const names = (await plans.listProjects()).map(({ name }) => name).filter((name) => ownsProject(principal, name));
  return merged(
    names.map((name) => (before: number, limit: number) => deliveries.listDeliveriesByProject(name, before, limit)),
  );
}

function merged(sources: readonly Source[]): Source {
  return async (before, limit) => {
    const lists = await Promise.all(sources.map((source) => source(before, limit)));
    return lists
      .flat()
      .sort((a, b) => positionOf(b) - positionOf(a))
      .slice(0, limit);
  };
}
