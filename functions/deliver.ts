import { setTimeout as sleep } from 'node:timers/promises';
import { createEgress } from '../lib/adapters/egress.ts';
import { createBus } from '../lib/adapters/event-bridge.ts';
import type { DeliverRequest } from '../lib/adapters/lambda-sender.ts';
import { createParameterReader } from '../lib/adapters/late/parameter-store.ts';
import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createPostWebhook } from '../lib/adapters/webhook-post.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { sendDue, sendNow, sendOfRun } from '../lib/workflow/send-due.ts';

const { services, egress, handle } = createAwsSystem(process.env, {
  bus: createBus,
  readSecret: createSecretReader,
  readParameter: createParameterReader,
  egress: createEgress,
});
const post = createPostWebhook({ egress, secrets: services.secrets, now: services.now });

type Event = DeliverRequest | { readonly detail: { readonly runId: number } } | Record<string, never>;

/** Sends deliveries: those named, those of a run whose event came, or every minute those that are due. */
export const handler = handle(async (event: Event) => {
  if ('deliveryIds' in event) await sendNow(services, post, event.deliveryIds);
  else if (typeof event.detail === 'object' && 'runId' in event.detail)
    await sendOfRun(services, post, event.detail.runId, sleep);
  else await sendDue(services, post, sleep);
});
