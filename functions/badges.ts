import { drawBadge } from '../lib/adapters/draw-badge.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createGetBadge } from '../lib/http/badge.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env);

export const handler = createHttpFunction(system, {
  'system.getBadge': createGetBadge(system.services, drawBadge),
} satisfies Handlers<'badges'>);
