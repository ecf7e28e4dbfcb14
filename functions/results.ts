import { createBus } from '../lib/adapters/event-bridge.ts';
import { readJUnit } from '../lib/adapters/junit/read-junit.ts';
import { createSecretReader } from '../lib/adapters/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createLook } from '../lib/http/callbacks/look.ts';
import { createAddProgress, createAddResults } from '../lib/http/callbacks/results.ts';
import { createUploadResults } from '../lib/http/native/upload-results.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env, { machine: createMachine, bus: createBus, readSecret: createSecretReader });
const { services } = system;

export const handler = createHttpFunction(system, {
  'native.uploadResults': createUploadResults(services, readJUnit),
  'callbacks.addResults': createAddResults(services, readJUnit),
  'callbacks.addProgress': createAddProgress(services, readJUnit),
  'callbacks.look': createLook(services),
} satisfies Handlers<'results'>);
