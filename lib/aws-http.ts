import { type ApiGatewayEvent, type ApiGatewayResult, createApiGatewayHandler } from './adapters/api-gateway.ts';
import type { AwsSystem } from './aws.ts';
import { createEntry } from './http/entry.ts';
import { json } from './http/json.ts';
import type { Handler } from './http/message.ts';
import type { Operation } from './http/routes.ts';

/** A function of the HTTP API that serves the operations it has handlers for; every other one is not found. */
export function createHttpFunction(
  { services, publicUrl, testinium, handle }: AwsSystem,
  handlers: { readonly [O in Operation]?: Handler },
): (event: ApiGatewayEvent) => Promise<ApiGatewayResult> {
  const { keys, tokens, now, log } = services;
  const entry = createEntry({ keys, tokens, now, handlers, log, variant: testinium.variant });
  return handle(createApiGatewayHandler({ entry, ...(publicUrl === '' ? {} : { baseUrl: publicUrl }) }));
}

export const getHealth: Handler = async () => json(200, { status: 'ok' });
