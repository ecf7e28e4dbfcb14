import { createPutEvent as createPut } from '../lib/adapters/event-bridge.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createPutEvent } from '../lib/http/native/put-event.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env);
const putEvent = createPut(system.config, process.env.BUS_NAME ?? '');

export const handler = createHttpFunction(system, {
  'native.putEvent': createPutEvent(putEvent),
} satisfies Handlers<'events'>);
