import { isUsable, matches, parseToken } from '../core/api-key.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import type { ApiKey, KeyStore, LogEntry, Token, TokenStore } from '../core/ports.ts';
import { parseId } from '../core/schema.ts';
import { hashOfToken, isToken } from '../core/token.ts';
import { createCache, createKeyCache } from './key-cache.ts';
import type { Handler, HttpRequest, HttpResponse, Principal, Scope } from './message.ts';
import { toErrorResponse, toRefusal } from './problem.ts';
import { decodeParams, matchRoute, type RouteMatch, surfaceOf } from './router.ts';
import { type Operation, type Route, routes, type Surface } from './routes.ts';
import { toTestiniumError } from './testinium/problem.ts';
import type { Variant } from './testinium/settings.ts';

/** Answers every request, and never throws. */
export type Entry = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * The one way in, the same on every server. Order: size, route, key, scope, handler (reliability.md 5.2); on the vendors'
 * surfaces the key comes before the refusals of size and route (contracts/testsigma.md section 2, testinium.md 4.3). A
 * function passes the handlers of its own operations only; the others are not found.
 */
export function createEntry(options: {
  readonly keys: Pick<KeyStore, 'getKey'>;
  /** The Testinium API takes tokens of its own login beside keys. */
  readonly tokens?: Pick<TokenStore, 'getToken'>;
  readonly now: () => number;
  readonly handlers: { readonly [O in Operation]?: Handler };
  readonly log: (entry: LogEntry) => void;
  /** How errors of the Testinium API read. */
  readonly variant?: Variant;
}): Entry {
  const { now, handlers, log, variant = 'cloud' } = options;
  const keys = createKeyCache(options.keys, now);
  const tokens = createCache(async (hash) => options.tokens?.getToken(hash), now);

  const serve = async (request: HttpRequest, match: RouteMatch<Route>, seen: (keyId: string) => void) => {
    if (request.method === 'OPTIONS' && match) return { status: 204, headers: { allow: allowOf(match) }, body: '' };
    const handler = match && 'route' in match ? handlers[match.route.operation as Operation] : undefined;
    const refusal = refuse(request, match, handler);
    if (refusal && !keyFirst.has(surfaceOf(request.path))) throw refusal;
    const principal = await authorize(request, match, { keys, tokens }, now(), seen);
    if (refusal || !handler || !match || !('route' in match)) throw refusal ?? notFound();
    const answer = await handler({ ...request, params: decodeParams(match.params) }, principal);
    // A key that was just revoked or replaced here is not served from memory.
    if (match.route.scope === 'KEY_ADMIN' && match.route.method !== 'GET') keys.clear();
    return answer;
  };

  return async (request) => {
    const startedAt = now();
    const match = matchRoute<Route>(routes, request.method, request.path);
    let keyId: string | undefined;
    let answer: HttpResponse;
    let thrown: { readonly error: unknown } | undefined;
    try {
      answer = await serve(request, match, (id) => {
        keyId = id;
      });
    } catch (error) {
      thrown = { error };
      const { path, requestId } = request;
      const surface = surfaceOf(path);
      const operation = match && 'route' in match ? match.route.operation : undefined;
      answer =
        surface === 'testinium'
          ? toTestiniumError(toRefusal(error), { path, operation, variant, at: now() })
          : toErrorResponse(surface, error, requestId);
      if (answer.status === 405 && match) answer = withHeaders(answer, { allow: allowOf(match) });
    }
    const refusal = isServiceError(thrown?.error) ? thrown.error : undefined;
    const isBug = thrown !== undefined && !refusal;
    log({
      level: isBug ? 'error' : answer.status >= 500 ? 'warn' : 'info',
      event: 'http.request',
      requestId: request.requestId,
      // The pattern, never the path: a path may hold a token.
      route: match && 'route' in match ? `${match.route.method} ${match.route.path}` : 'none',
      status: answer.status,
      durationMs: now() - startedAt,
      ...(keyId === undefined ? {} : { keyId }),
      ...runOf(match),
      ...(refusal ? { code: refusal.code } : {}),
      ...(thrown && answer.status >= 500 ? { error: thrown.error } : {}),
    });
    return {
      ...answer,
      body: request.method === 'HEAD' ? '' : answer.body,
      headers: {
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...answer.headers,
        'x-request-id': request.requestId,
      },
    };
  };
}

/** Surfaces on which nobody learns anything without a key. */
const keyFirst: ReadonlySet<Surface> = new Set(['testsigma', 'testinium']);

/** True if the plan lies within the key's projects and plans; otherwise answer as if it were not there (F50). */
export function maySee(
  principal: Pick<Principal, 'projects' | 'planIds'>,
  plan: { readonly project: string; readonly planId: number },
): boolean {
  const { projects, planIds } = principal;
  return (projects === null || projects.has(plan.project)) && (planIds === null || planIds.has(plan.planId));
}

/** Behind routes without a key: sees nothing. */
export const anonymous: Principal = {
  keyId: 'anonymous',
  ownerId: 0,
  scopes: new Set(),
  projects: new Set(),
  planIds: new Set(),
};

/** Keys by id and tokens by hash, from memory where they were just read. */
interface Known {
  readonly keys: { getKey(keyId: string): Promise<ApiKey | undefined> };
  readonly tokens: { get(hash: string): Promise<Token | undefined> };
}

async function authorize(
  request: HttpRequest,
  match: RouteMatch<Route>,
  known: Known,
  now: number,
  seen: (keyId: string) => void,
): Promise<Principal> {
  const scope = match && 'route' in match ? match.route.scope : undefined;
  if (scope === 'public' || scope === 'callback' || scope === 'hook') return anonymous;
  const key = await authenticate(request, known, now);
  seen(key.id);
  const principal = toPrincipal(key);
  if (scope !== undefined && scope !== 'key' && !principal.scopes.has(scope)) {
    throw new ServiceError('FORBIDDEN', `The API key lacks the scope ${scope}`);
  }
  return principal;
}

/** Unknown ids cost the same comparison as wrong secrets, and all refusals read alike. */
async function authenticate(request: HttpRequest, known: Known, now: number): Promise<ApiKey> {
  const token = tokenOf(request);
  const isLogin = isToken(token) && surfaceOf(request.path) === 'testinium';
  const key = isLogin ? await keyOfLogin(token, known, now) : await keyOfSecret(token, known);
  if (!key || !isUsable(key, now)) {
    throw new ServiceError('UNAUTHORIZED', 'The API key is missing, unknown, revoked or expired');
  }
  return key;
}

async function keyOfSecret(token: string, { keys }: Known): Promise<ApiKey | undefined> {
  const parsed = parseToken(token);
  const key = parsed ? await keys.getKey(parsed.id) : undefined;
  return parsed !== null && matches(key ?? nobody, parsed.secret) ? key : undefined;
}

async function keyOfLogin(token: string, { keys, tokens }: Known, now: number): Promise<ApiKey | undefined> {
  const login = await tokens.get(hashOfToken(token));
  return login?.kind === 'access' && now < login.endsAt ? keys.getKey(login.keyId) : undefined;
}

const nobody = { secretHash: '0'.repeat(64) };

/** `Authorization: Bearer`, or `X-TS-API-KEY`; the former wins when both are sent. */
function tokenOf({ headers }: HttpRequest): string {
  const authorization = headers.authorization?.trim();
  if (!authorization) return headers['x-ts-api-key']?.trim() ?? '';
  return /^bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '';
}

function toPrincipal(key: ApiKey): Principal {
  return {
    keyId: key.id,
    ownerId: key.ownerId,
    scopes: new Set(key.scopes as readonly Scope[]),
    projects: key.projects && new Set(key.projects),
    planIds: key.planIds && new Set(key.planIds),
    ...(key.parallelLimit === undefined ? {} : { parallelLimit: key.parallelLimit }),
  };
}

function refuse(request: HttpRequest, match: RouteMatch<Route>, handler: Handler | undefined): ServiceError | null {
  if (!match) return notFound();
  if (!('route' in match)) {
    return new ServiceError('METHOD_NOT_ALLOWED', `This path answers ${allowOf(match)} only`);
  }
  if (!handler) return notFound();
  const most = match.route.maxBodyBytes;
  // Servers stop reading one byte past the limit, or do not read a body whose declared length is past it.
  if (request.body.length > most || Number(request.headers['content-length']) > most) {
    return new ServiceError('BODY_TOO_LARGE', `The body is larger than ${most} bytes`);
  }
  return null;
}

/** Routes that name a run name it so; ids of other things would only mislead. */
function runOf(match: RouteMatch<Route>): { readonly runId?: number } {
  const runId = match && 'route' in match ? parseId(match.params.runId ?? '') : undefined;
  return runId ? { runId } : {};
}

function allowOf(match: NonNullable<RouteMatch<Route>>): string {
  return ('route' in match ? [match.route.method] : match.methodNotAllowed).join(', ');
}

function notFound(): ServiceError {
  return new ServiceError('NOT_FOUND', 'There is nothing at this path');
}

function withHeaders(answer: HttpResponse, headers: Readonly<Record<string, string>>): HttpResponse {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
