import openapi from '../../../docs/openapi.json' with { type: 'json' };
import planSchema from '../../../docs/plan.schema.json' with { type: 'json' };
import type { Handler } from '../message.ts';

/** `GET /v1/openapi.json`: the document as it was built, for anyone. */
export function createGetOpenapi(): Handler {
  return serve(openapi, 'application/json;charset=UTF-8');
}

/** `GET /v1/plan.schema.json`: the JSON Schema of plans, for editors. */
export function createGetPlanSchema(): Handler {
  return serve(planSchema, 'application/schema+json;charset=UTF-8');
}

/** Written out when somebody first asks: nobody else who starts a system waits for that. */
function serve(document: object, type: string): Handler {
  let body: string | undefined;
  const headers = { 'content-type': type, 'cache-control': 'public, max-age=3600' };
  return async () => {
    body ??= JSON.stringify(document);
    return { status: 200, headers, body };
  };
}
