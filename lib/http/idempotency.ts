import { createHash } from 'node:crypto';
import { invalidField } from '../core/errors.ts';
import type { TriggerRequest } from '../workflow/trigger-run.ts';
import type { HttpRequest } from './message.ts';

/** What a key may hold; blanks at its ends never count. */
const shapes = {
  visible: { pattern: /^[!-~]{1,255}$/, words: 'must be 1 to 255 visible characters' },
  printable: { pattern: /^[ -~]{1,255}$/, words: 'must be 1 to 255 printable ASCII characters' },
} as const;

/**
 * The caller's `Idempotency-Key` for the route, with a digest of everything the request says (reliability.md F1); undefined
 * without the header. The route's name, not its path, is part of both: aliases of a path are one route.
 */
export function readIdempotency(
  request: Pick<HttpRequest, 'method' | 'params' | 'query' | 'headers' | 'body'>,
  route: string,
  shape: keyof typeof shapes = 'visible',
): TriggerRequest['idempotency'] {
  const key = request.headers['idempotency-key']?.trim();
  if (key === undefined) return undefined;
  const { pattern, words } = shapes[shape];
  if (!pattern.test(key)) throw invalidField('Idempotency-Key', words);
  const parameters = [...Object.entries(request.params), ...request.query].map((pair) => JSON.stringify(pair)).sort();
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([request.method, route, parameters]))
    .update(request.body)
    .digest('hex');
  return { key, route, fingerprint };
}
