import { createHash } from 'node:crypto';
import { type Badge, badgeOf, unknownBadge } from '../core/badge.ts';
import type { Services } from '../core/ports.ts';
import { maxId, parseId } from '../core/schema.ts';
import { readCompletedRuns } from '../workflow/read-history.ts';
import type { Handler } from './message.ts';
import { notModified } from './native/etag.ts';

/**
 * `GET /badges/{plan}.svg`, for everybody: the plan's newest completed run, if its document says `badge: public`. Everything
 * else gets one answer, whatever the reason.
 */
export function createGetBadge(services: Services, drawBadge: (badge: Badge) => string): Handler {
  return async (request) => {
    const badge = await readBadge(services, request.params.badge ?? '');
    const body = drawBadge(badge ?? unknownBadge);
    if (badge === undefined) return { status: 404, headers, body };
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    return notModified(request, etag, headers) ?? { status: 200, headers: { ...headers, etag }, body };
  };
}

/** Proxies of images, as GitHub's, keep one for an hour unless they are told less. */
const headers = {
  'content-type': 'image/svg+xml;charset=UTF-8',
  'cache-control': 'max-age=60',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
};

async function readBadge(services: Services, name: string): Promise<Badge | undefined> {
  const [, digits = ''] = /^([0-9]+)\.svg$/.exec(name) ?? [];
  const planId = parseId(digits);
  const plan = planId === undefined ? undefined : await services.plans.getPlan(planId);
  if (plan?.badge !== 'public') return undefined;
  const { runs, complete } = await readCompletedRuns(services, plan.id, 1);
  const [newest] = runs;
  const hasRun = newest !== undefined || !complete || (await services.runs.listByPlan(plan.id, maxId, 1)).length > 0;
  return badgeOf(plan.name, newest, hasRun);
}
