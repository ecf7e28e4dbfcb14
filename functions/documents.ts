import { createApiGatewayHandler } from '../lib/adapters/api-gateway.ts';
import { createLog } from '../lib/adapters/log.ts';
import { createEntry } from '../lib/http/entry.ts';
import { createGetOpenapi, createGetPlanSchema } from '../lib/http/native/documents.ts';
import type { Handlers } from '../lib/http/routes.ts';

/** The documents are for everyone and in the bundle: neither keys nor the table are wired. */
const entry = createEntry({
  keys: { getKey: async () => undefined },
  now: Date.now,
  handlers: {
    'native.getOpenapi': createGetOpenapi(),
    'native.getPlanSchema': createGetPlanSchema(),
  } satisfies Handlers<'documents'>,
  log: createLog((line) => void process.stdout.write(line), Date.now),
});

export const handler = createApiGatewayHandler({ entry });
