import { createLambdaSender } from '../lib/adapters/lambda-sender.ts';
import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import {
  createGetCallbackSecrets,
  createGetDelivery,
  createListDeliveries,
  createReplayDelivery,
} from '../lib/http/native/deliveries.ts';
import { createTestNotify } from '../lib/http/native/test-notify.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env, { readSecret: createSecretReader, sender: createLambdaSender });
const { services } = system;

export const handler = createHttpFunction(system, {
  'native.listDeliveries': createListDeliveries(services),
  'native.getDelivery': createGetDelivery(services),
  'native.replayDelivery': createReplayDelivery(services),
  'native.testNotify': createTestNotify(services),
  'native.getCallbackSecrets': createGetCallbackSecrets(services),
} satisfies Handlers<'deliveries'>);
