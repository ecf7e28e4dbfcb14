import { createHash } from 'node:crypto';
import { invalidField } from '../../core/errors.ts';
import type { HttpRequest } from '../message.ts';

/**
 * The caller's `Idempotency-Key` for the route, with a digest of everything the request says (reliability.md F1); undefined
 * without the header.
 */
export function readIdempotency(
  request: HttpRequest,
  route: string,
): { readonly key: string; readonly route: string; readonly fingerprint: string } | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw invalidField('Idempotency-Key', 'must be 1 to 255 visible characters');
  const canonical = [...Object.entries(request.params), ...request.query].sort(([a, x], [b, y]) =>
    a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1,
  );
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([request.method, route, canonical]))
    .update(request.body)
    .digest('hex');
  return { key, route, fingerprint };
}
