import document from '../../../docs/openapi.json' with { type: 'json' };
import type { Handler } from '../message.ts';

/** `GET /v1/openapi.json`: the document as it was built, for anyone. */
export function createGetOpenapi(): Handler {
  const body = JSON.stringify(document);
  const headers = { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'public, max-age=3600' };
  return async () => ({ status: 200, headers, body });
}
