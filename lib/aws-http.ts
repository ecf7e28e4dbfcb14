import { type ApiGatewayEvent, type ApiGatewayResult, createApiGatewayHandler } from './adapters/api-gateway.ts';
import { createInvocation, type LambdaContext } from './adapters/invocation.ts';
import { createLog } from './adapters/log.ts';
import type { AwsSystem } from './aws.ts';
import { createEntry } from './http/entry.ts';
import { json } from './http/json.ts';
import type { Handler } from './http/message.ts';
import type { Operation } from './http/routes.ts';

type HttpFunction = (event: ApiGatewayEvent, context?: LambdaContext) => Promise<ApiGatewayResult>;

/** A function of the HTTP API that serves the operations it has handlers for; every other one is not found. */
export function createHttpFunction(
  { services, publicUrl, testinium, handle }: AwsSystem,
  handlers: { readonly [O in Operation]?: Handler },
): HttpFunction {
  const { keys, tokens, now, log } = services;
  const entry = createEntry({ keys, tokens, now, handlers, log, variant: testinium.variant });
  return handle(createApiGatewayHandler({ entry, ...(publicUrl === '' ? {} : { baseUrl: publicUrl }) }));
}

/** One that is for everyone and reads nothing: neither keys nor the table are wired, nor are they in its bundle. */
export function createPublicFunction(handlers: { readonly [O in Operation]?: Handler }): HttpFunction {
  const invocation = createInvocation(process.env.AWS_LAMBDA_FUNCTION_NAME ?? '');
  const log = createLog((line) => void process.stdout.write(line), Date.now, invocation.about);
  const entry = createEntry({ keys: { getKey: async () => undefined }, now: Date.now, handlers, log });
  return invocation.handle(log, createApiGatewayHandler({ entry }));
}

export const getHealth: Handler = async () => json(200, { status: 'ok' });
