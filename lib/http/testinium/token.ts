import { isUsable, matches, parseToken } from '../../core/api-key.ts';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { ApiKey, Services, Token } from '../../core/ports.ts';
import { createToken, hashOfToken } from '../../core/token.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { answerJson } from './answer.ts';
import { readParameters } from './parameters.ts';
import type { TestiniumSettings } from './settings.ts';

/** How long a refresh token may be used, once. */
const refreshMs = 7 * 86_400_000;
/** Wrong secrets a minute and name, before they are refused as too many (reliability.md 5.1). */
const wrongSecrets = 5;

const fields = ['grant_type', 'username', 'password', 'access_key', 'refresh_token', 'scope'] as const;
type Given = { readonly [F in (typeof fields)[number]]?: string };

/**
 * `POST /oauth/token` (contracts/testinium.md 3.11): tokens for an API key, whose name is the user and whose secret is the
 * password. They are opaque, kept as hashes, and end with their key; a login ends no earlier one (T16).
 */
export function createIssueToken(services: Services, settings: TestiniumSettings): Handler {
  return async (request) => {
    const given: Given = readParameters(request, fields);
    checkClient(request, settings);
    const key = await findKey(services, given);
    if (!isUsable(key, services.now())) throw new ServiceError('FORBIDDEN', 'The API key is disabled.');
    const scope = given.scope ?? (request.path.split('/').includes('uaa') ? 'openid' : 'api');
    if (scope.length > 255) throw invalidField('scope', 'must have at most 255 characters');
    return answerJson(200, await issue(services, settings, key, scope));
  };
}

async function issue(services: Services, { tokenTtlSeconds }: TestiniumSettings, { id: keyId }: ApiKey, scope: string) {
  const { tokens, random, now } = services;
  const [access, refresh] = [createToken(random), createToken(random)];
  const stored = (kind: Token['kind'], token: string, ttlMs: number): Token => {
    return { hash: hashOfToken(token), keyId, kind, endsAt: now() + ttlMs };
  };
  await Promise.all([
    tokens.putToken(stored('access', access, tokenTtlSeconds * 1000)),
    tokens.putToken(stored('refresh', refresh, refreshMs)),
  ]);
  return {
    access_token: access,
    token_type: 'bearer',
    refresh_token: refresh,
    expires_in: tokenTtlSeconds,
    scope,
    jti: Buffer.from(random(16)).toString('hex'),
  };
}

/** The clients in circulation are public, so any is taken unless the deployment lists some. */
function checkClient({ headers }: HttpRequest, { oauthClients }: TestiniumSettings): void {
  if (oauthClients.length === 0 || oauthClients.includes(headers.authorization ?? '')) return;
  throw new ServiceError('UNAUTHORIZED', 'The client in Authorization is not one of testinium.oauthClients.');
}

async function findKey(services: Services, given: Given): Promise<ApiKey> {
  switch (required(given, 'grant_type')) {
    case 'password':
      return findBySecret(services, required(given, 'username'), required(given, 'password'));
    case 'testinium_access_key':
      return findBySecret(services, required(given, 'username'), required(given, 'access_key'));
    case 'refresh_token':
      return findByRefreshToken(services, required(given, 'refresh_token'));
    default:
      throw invalidField('grant_type', 'must be password, testinium_access_key or refresh_token');
  }
}

function required(given: Given, field: keyof Given): string {
  const value = given[field] ?? '';
  if (value === '') throw invalidField(field, 'is required');
  return value;
}

/** Only wrong secrets count: a name cannot be locked out for its owner. */
async function findBySecret(services: Services, name: string, secret: string): Promise<ApiKey> {
  const parsed = parseToken(secret.trim());
  const key = parsed ? await services.keys.getKey(parsed.id) : undefined;
  const isGenuine = parsed !== null && matches(key ?? nobody, parsed.secret);
  if (key && isGenuine && key.name.toLowerCase() === name.trim().toLowerCase()) return key;
  const now = services.now();
  if ((await services.tokens.countWrongSecret(name.trim().toLowerCase(), now)) > wrongSecrets) {
    throw new ServiceError('RATE_LIMITED', 'Too many wrong secrets for this user; wait a minute.', {
      retryAfterSeconds: 60 - Math.floor((now / 1000) % 60),
    });
  }
  throw new ServiceError('UNAUTHORIZED', 'The user, its secret or the client is wrong.');
}

/** An unknown key costs the same comparison. */
const nobody = { secretHash: '0'.repeat(64) };

async function findByRefreshToken(services: Services, token: string): Promise<ApiKey> {
  const used = await services.tokens.useRefreshToken(hashOfToken(token.trim()), services.now());
  const key = used && (await services.keys.getKey(used.keyId));
  if (key === undefined) throw new ServiceError('UNAUTHORIZED', 'The refresh token is unknown, expired or used.');
  return key;
}
