import { createApiGatewayHandler } from '../lib/adapters/api-gateway.ts';
import { createLog } from '../lib/adapters/log.ts';
import { readPage } from '../lib/adapters/page-files.ts';
import { createEntry } from '../lib/http/entry.ts';
import { createGetAsset, createGetPage } from '../lib/http/page.ts';
import type { Handlers } from '../lib/http/routes.ts';

/** The page is for everyone, and reads nothing: neither keys nor the table are wired. */
const entry = createEntry({
  keys: { getKey: async () => undefined },
  now: Date.now,
  handlers: {
    'page.getPage': createGetPage(readPage),
    'page.getAsset': createGetAsset(readPage),
  } satisfies Handlers<'page'>,
  log: createLog((line) => void process.stdout.write(line), Date.now),
});

export const handler = createApiGatewayHandler({ entry });
