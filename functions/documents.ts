import { createPublicFunction } from '../lib/aws-http.ts';
import { createGetOpenapi, createGetPlanSchema } from '../lib/http/native/documents.ts';
import type { Handlers } from '../lib/http/routes.ts';

/** The documents are in the bundle. */
export const handler = createPublicFunction({
  'native.getOpenapi': createGetOpenapi(),
  'native.getPlanSchema': createGetPlanSchema(),
} satisfies Handlers<'documents'>);
