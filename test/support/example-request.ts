import { createHmac } from 'node:crypto';
import type { Example } from '../../lib/http/native/examples.ts';
import { describedSurfaces, operationIdOf } from '../../lib/http/native/openapi-document.ts';
import { routes } from '../../lib/http/routes.ts';

/** The example of the operation as a request; `token` is what its path holds, where that is a callback's. */
export function toRequest(
  operationId: string,
  { with: values = {}, body, type = 'application/json' }: Example,
  token: string,
) {
  const route = routes.find((each) => describedSurfaces.has(each.surface) && operationIdOf(each) === operationId);
  if (route === undefined) throw new Error(`there is no operation ${operationId}`);
  const inPath = new Set([...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values[name] ?? token)));
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (/^[A-Z]/.test(name)) headers[name] = String(value);
    else if (!inPath.has(name)) query.set(name, String(value));
  }
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  if (text !== undefined) headers['content-type'] = type;
  if (route.surface === 'hooks') {
    headers['x-github-event'] = 'push';
    headers['x-github-delivery'] = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
    const mac = createHmac('sha256', 'made-by-the-forge-itself')
      .update(text ?? '')
      .digest('hex');
    headers['x-hub-signature-256'] = `sha256=${mac}`;
  }
  const target = query.size === 0 ? path : `${path}?${query}`;
  return { method: route.method, target, headers, body: text, isCallback: route.surface === 'callbacks' };
}
