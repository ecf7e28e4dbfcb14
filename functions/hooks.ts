import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { verifyWebhook } from '../lib/adapters/webhook-signature.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createReceiveHook } from '../lib/http/hooks/receive.ts';
import * as hooks from '../lib/http/native/hooks.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env, { machine: createMachine, readSecret: createSecretReader });
const { services } = system;

export const handler = createHttpFunction(system, {
  'native.listHooks': hooks.createListHooks(services),
  'native.createHook': hooks.createCreateHook(services),
  'native.getHook': hooks.createGetHook(services),
  'native.updateHook': hooks.createUpdateHook(services),
  'native.deleteHook': hooks.createDeleteHook(services),
  'native.rotateHook': hooks.createRotateHook(services),
  'native.listHookCalls': hooks.createListHookCalls(services),
  'hooks.receive': createReceiveHook(services, verifyWebhook),
} satisfies Handlers<'hooks'>);
