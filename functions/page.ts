import { readPage } from '../lib/adapters/page-files.ts';
import { createPublicFunction } from '../lib/aws-http.ts';
import { createGetAsset, createGetPage } from '../lib/http/page.ts';
import type { Handlers } from '../lib/http/routes.ts';

export const handler = createPublicFunction({
  'page.getPage': createGetPage(readPage),
  'page.getAsset': createGetAsset(readPage),
} satisfies Handlers<'page'>);
