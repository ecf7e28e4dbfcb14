import type { ApiGatewayEvent, ApiGatewayResult } from '../lib/adapters/api-gateway.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { scopes } from '../lib/http/message.ts';
import {
  createCreateKey,
  createGetOwnKey,
  createListKeys,
  createRevokeKey,
  createRotateKey,
} from '../lib/http/native/keys.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createIssueToken } from '../lib/http/testinium/token.ts';
import { createFirstKey } from '../lib/workflow/first-key.ts';

const system = createAwsSystem(process.env);
const { services } = system;

const serve = createHttpFunction(system, {
  'testinium.token': createIssueToken(services, system.testinium),
  'native.listKeys': createListKeys(services),
  'native.getOwnKey': createGetOwnKey(services),
  'native.createKey': createCreateKey(services),
  'native.revokeKey': createRevokeKey(services),
  'native.rotateKey': createRotateKey(services),
} satisfies Handlers<'keys'>);

/** Invoked directly, by who administers the AWS account, it makes the first key; API Gateway's events hold no such field. */
export const handler = async (
  event: ApiGatewayEvent | { readonly proctor: 'first-key' },
): Promise<ApiGatewayResult | { token: string }> =>
  'proctor' in event ? createFirstKey(services, scopes) : serve(event);
