import {
  claimMs,
  concludeAttempt,
  type Delivery,
  type DeliveryAnswer,
  type DeliveryOutcome,
  logged,
  type RefusalCode,
  type SubscriptionState,
  schedules,
  shortDigest,
  subscriptionKey,
} from '../core/delivery.ts';
import type { PostWebhook, Services } from '../core/ports.ts';
import { callbackSecrets, unseal } from '../core/sealed.ts';
import { mustWait, sendCommitStatus } from './commit-statuses.ts';
import { failedEvent } from './failed-event.ts';

/** How long the effects of an end have before they are repeated, in milliseconds. */
const effectsMs = 10_000;

/**
 * Does what is due about a delivery: one try, or telling the bus that it failed for good. The claim comes before the call, so
 * two senders never send the same try; one that dies in between leaves a try whose outcome nobody knows, and the next one
 * repeats the message under the same id. Answers when there is something to do again, undefined if there is nothing, or
 * someone else is at it.
 */
export async function sendDelivery(
  services: Services,
  post: PostWebhook,
  deliveryId: string,
): Promise<number | undefined> {
  const found = await services.deliveries.getDelivery(deliveryId);
  if (found?.nextActionAt === undefined) return undefined;
  if (found.nextActionAt > services.now()) return found.nextActionAt;
  if (found.state !== 'pending') return tellEnd(services, found);
  const attempts = withLost(found);
  if (found.tries >= schedules[found.schedule].waits.length) return end(services, found, { state: 'failed', attempts });
  const again = await mustWait(services, found);
  if (again !== undefined) return again;
  const at = services.now();
  const delivery = await services.deliveries.claimDelivery(found, { at, until: at + claimMs, attempts });
  if (delivery === undefined) return undefined;
  const subscription = await readSubscription(services, delivery);
  const answer = await answerOf(services, post, delivery, subscription);
  const failingSince = delivery.schedule === 'subscription' ? subscription?.state.failingSince : undefined;
  const outcome = concludeAttempt(delivery, answer, {
    now: services.now(),
    chance: chanceOf(services.random(4)),
    ...(failingSince === undefined ? {} : { failingSince }),
  });
  if (subscription !== undefined && delivery.schedule === 'subscription') {
    await remember(services, delivery, subscription, answer, outcome);
  }
  return end(services, delivery, outcome);
}

/** A claim that nobody recorded is a try of which only its beginning is known. */
function withLost(delivery: Delivery): Delivery['attempts'] {
  const { claimedAt, attempts } = delivery;
  return claimedAt === undefined ? attempts : logged(delivery, { at: claimedAt, durationMs: 0, code: 'SENDER_LOST' });
}

/** Nobody wants it any more, which is no failure. */
function isOver(code: RefusalCode | undefined): boolean {
  return code === 'SUBSCRIPTION_GONE' || code === 'OVERTAKEN';
}

/** Commits the outcome, then tells the bus if it is a failure for good. */
async function end(services: Services, delivery: Delivery, outcome: DeliveryOutcome): Promise<number | undefined> {
  const at = services.now();
  const last = outcome.attempts.at(-1);
  const tells = outcome.state === 'failed' || (outcome.state === 'disabled' && !isOver(last?.code));
  const eventPending = tells && delivery.schedule !== 'ping';
  const again = outcome.nextActionAt ?? (eventPending ? at + effectsMs : undefined);
  const change = { ...outcome, ...(again === undefined ? {} : { nextActionAt: again }), at, eventPending };
  const recorded = await services.deliveries.recordDelivery(delivery, change);
  if (recorded === undefined) return undefined;
  services.log({
    level: outcome.state === 'delivered' ? 'info' : 'warn',
    event: outcome.state === 'pending' ? 'delivery to be tried again' : `delivery ${outcome.state}`,
    deliveryId: delivery.id,
    planId: delivery.planId,
    ...(delivery.runId === undefined ? {} : { runId: delivery.runId }),
    ...(last?.status === undefined ? {} : { status: last.status }),
    ...(last?.code === undefined ? {} : { code: last.code }),
  });
  return eventPending ? tellEnd(services, recorded) : recorded.nextActionAt;
}

/** The sweeper tells it again until the bus takes it, under the same id. */
async function tellEnd(services: Services, delivery: Delivery): Promise<number | undefined> {
  try {
    await services.bus.publish([failedEvent(services, delivery)]);
    await services.deliveries.deliveryEventSent(delivery);
    return undefined;
  } catch (error) {
    services.log({ level: 'warn', event: 'publishing failed', deliveryId: delivery.id, error });
    return services.now() + effectsMs;
  }
}

interface Found {
  readonly key: string;
  readonly url: string;
  readonly refs: readonly string[];
  readonly state: SubscriptionState;
}

/** The subscription as the plan has it now, so that a corrected URL or a new secret holds for what is still to be sent. */
async function readSubscription(services: Services, delivery: Delivery): Promise<Found | undefined> {
  if (delivery.to.kind !== 'subscription') return undefined;
  const { key } = delivery.to;
  const [plan, state] = await Promise.all([
    services.plans.getPlan(delivery.planId),
    services.deliveries.getSubscription(delivery.planId, key),
  ]);
  const subscription = plan?.notify.find((candidate) => subscriptionKey(candidate) === key);
  if (subscription === undefined) return undefined;
  const { url, secret, previousSecret } = subscription;
  return { key, url, refs: previousSecret === undefined ? [secret] : [secret, previousSecret], state };
}

async function answerOf(
  services: Services,
  post: PostWebhook,
  delivery: Delivery,
  subscription: Found | undefined,
): Promise<DeliveryAnswer> {
  const { id, body, to, schedule, contentType } = delivery;
  const timestampSeconds = Math.floor(services.now() / 1000);
  const message = { id, body, timestampSeconds, ...(contentType === undefined ? {} : { contentType }) };
  if (to.kind === 'subscription') {
    if (subscription === undefined) return refused('SUBSCRIPTION_GONE');
    const { url, refs, state } = subscription;
    // A ping asks whether the endpoint is there, and changes nothing.
    if (schedule !== 'ping' && state.disabledUrl === shortDigest(url)) return refused('SUBSCRIPTION_DISABLED');
    return post({ ...message, url, secrets: refs.map((ref) => ({ ref })) });
  }
  if (to.kind === 'commitStatus') return sendCommitStatus(services, post, delivery);
  // Signed with all secrets that `GET /v1/callback-secrets` shows, or with those known where they cannot be read now.
  const masterKeys = await services.masterKeys('fresh').catch(() => services.masterKeys());
  const url = unseal(masterKeys, to.sealedUrl);
  if (url === undefined) return refused('SECRET_UNUSABLE');
  return post({ ...message, url, secrets: callbackSecrets(masterKeys).map((secret) => ({ secret })) });
}

function refused(code: RefusalCode): DeliveryAnswer {
  return { code };
}

/** Before the outcome is committed, so that it cannot be forgotten: a repeat finds the same. */
async function remember(
  { deliveries, now }: Services,
  { planId }: Delivery,
  { key, url, state }: Found,
  answer: DeliveryAnswer,
  outcome: DeliveryOutcome,
): Promise<void> {
  if ('code' in answer && answer.code === 'SUBSCRIPTION_DISABLED') return;
  if (outcome.state === 'delivered') {
    if (state.failingSince !== undefined || state.disabledUrl !== undefined)
      await deliveries.clearSubscription(planId, key);
  } else if (outcome.state === 'disabled') await deliveries.disableSubscription(planId, key, shortDigest(url));
  else if (state.failingSince === undefined) await deliveries.markFailing(planId, key, now());
}

/** 0 to 1, evenly. */
function chanceOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 0xffff_ffff;
}
