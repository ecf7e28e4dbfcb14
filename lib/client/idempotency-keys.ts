import { randomUUID } from 'node:crypto';
import type { Middleware } from 'openapi-fetch';

/** By its key the server knows a request it has had before, and answers what the first one started. */
const keyed = new Set(['/v1/plans/{planId}/runs', '/v1/runs/{runId}/rerun']);

/** Gives each request that starts a run a key of its own, unless it has one: so it may be sent again. */
export const addIdempotencyKeys: Middleware = {
  onRequest({ request, schemaPath }) {
    const { headers, method } = request;
    if (method !== 'POST' || !keyed.has(schemaPath) || headers.has('idempotency-key')) return;
    headers.set('idempotency-key', randomUUID());
  },
};
