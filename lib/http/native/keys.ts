import { createApiKey } from '../../core/api-key.ts';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { ApiKey, Services } from '../../core/ports.ts';
import { maySeePlan, missing } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, HttpResponse, Principal, Scope } from '../message.ts';
import { readObject } from './read-object.ts';
import { toTime } from './run-object.ts';
import { keyBody } from './schemas.ts';

/** How long a replaced key may be kept alive, in seconds. */
const maxOverlapSeconds = 30 * 86_400;

/** `GET /v1/keys`: without their secrets, which nobody has. Keys that reach beyond the caller's own are not shown. */
export function createListKeys(services: Services): Handler {
  return async (_request, principal) => {
    const keys = (await services.keys.listKeys()).filter((key) => reaches(principal, key));
    return json(200, { keys: keys.map(toKeyObject) });
  };
}

/** `GET /v1/keys/self`: the caller's own, whatever it may do. */
export function createGetOwnKey(services: Services): Handler {
  return async (_request, { keyId }) => {
    const key = await services.keys.getKey(keyId);
    if (key === undefined) throw missing('key', keyId);
    return json(200, toKeyObject(key));
  };
}

/** `POST /v1/keys`: 201 with the token, which is never shown again. Nobody gives what they do not have. */
export function createCreateKey(services: Services): Handler {
  return async (request, principal) => {
    const body = await readObject(request, keyBody);
    const planIds = body.planIds === undefined ? toList(principal.planIds) : body.planIds;
    const given = body.projects === undefined ? toList(principal.projects) : body.projects;
    const expiresAt = body.expiresAt == null ? undefined : Date.parse(body.expiresAt);
    if (expiresAt !== undefined && !(expiresAt > services.now()))
      throw invalidField('expiresAt', 'must be in the future', body.expiresAt ?? null);
    requireScopes(principal, body.scopes);
    if (!reaches(principal, { projects: given, planIds }))
      throw new ServiceError('FORBIDDEN', 'The API key cannot give projects or plans beyond its own');
    const ofPlans = body.projects == null && body.planIds != null;
    const projects = ofPlans ? await projectsOf(services, principal, body.planIds ?? []) : given;
    const parallelLimit = limitOf(principal, body.parallelLimit);
    const ownerId = await services.keys.nextOwnerId();
    const scopes = [...new Set(body.scopes)];
    return make(services, request, {
      name: body.name,
      ownerId,
      scopes,
      projects,
      planIds,
      ...(parallelLimit === undefined ? {} : { parallelLimit }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
  };
}

/** `DELETE /v1/keys/{keyId}`: dead at once here, everywhere within 30 s. Revoking it again is no error. */
export function createRevokeKey(services: Services): Handler {
  return async (request, principal) => {
    const key = await findKey(services, principal, request);
    await services.keys.revokeKey(key.id, services.now());
    return { status: 204, headers: {}, body: '' };
  };
}

/**
 * `POST /v1/keys/{keyId}/rotate?expireOldAfterSeconds=`: a new key with the same rights and owner. The old one lives until it
 * is revoked, or for the seconds given.
 */
export function createRotateKey(services: Services): Handler {
  return async (request, principal) => {
    const seconds = readOverlap(request.query);
    const key = await findKey(services, principal, request);
    const now = services.now();
    if (now >= Math.min(key.expiresAt ?? Infinity, key.revokedAt ?? Infinity))
      throw new ServiceError('VERSION_CONFLICT', `key ${key.id} is revoked or expired; make a new one`);
    requireScopes(principal, key.scopes);
    const { name, ownerId, scopes, projects, planIds, parallelLimit, expiresAt } = key;
    const answer = await make(services, request, {
      name,
      ownerId,
      scopes,
      projects,
      planIds,
      ...(parallelLimit === undefined ? {} : { parallelLimit }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    if (seconds !== undefined) await services.keys.revokeKey(key.id, now + seconds * 1000);
    return answer;
  };
}

async function make(
  services: Services,
  request: HttpRequest,
  rights: Omit<Parameters<typeof createApiKey>[0], 'random' | 'now'>,
): Promise<HttpResponse> {
  const { key, token } = createApiKey({ ...rights, random: services.random, now: services.now() });
  if (!(await services.keys.putKey(key)))
    throw new ServiceError('UNAVAILABLE', 'the key could not be made; try again', { retryAfterSeconds: 1 });
  const location = `${request.baseUrl}/v1/keys/${key.id}`;
  return json(201, { ...toKeyObject(key), token }, { location });
}

async function findKey(services: Services, principal: Principal, request: HttpRequest): Promise<ApiKey> {
  const keyId = request.params.keyId ?? '';
  if (!/^[0-9A-Za-z]{12}$/.test(keyId)) throw invalidField('keyId', 'must be the id of a key', keyId.slice(0, 100));
  const key = await services.keys.getKey(keyId);
  if (key === undefined || !reaches(principal, key)) throw missing('key', keyId);
  return key;
}

/** Plans alone would leave a key all projects, with their environments: it gets those its plans belong to. */
async function projectsOf(services: Services, principal: Principal, planIds: readonly number[]): Promise<string[]> {
  const plans = await Promise.all(planIds.map((planId) => services.plans.getPlan(planId)));
  const projects = plans.map((plan, i) => {
    if (plan !== undefined && maySeePlan(principal, plan)) return plan.project;
    throw invalidField(`planIds[${i}]`, 'names no test plan', planIds[i] ?? null);
  });
  return [...new Set(projects)];
}

/** True if the key's projects and plans lie within the caller's. */
function reaches({ projects, planIds }: Principal, key: Pick<ApiKey, 'projects' | 'planIds'>): boolean {
  const within = <T>(own: ReadonlySet<T> | null, given: readonly T[] | null): boolean =>
    own === null || given?.every((item) => own.has(item)) === true;
  return within(projects, key.projects) && within(planIds, key.planIds);
}

/** The limit asked for, or the caller's own, which nobody gives away more of. */
function limitOf({ parallelLimit: own }: Principal, given: number | null | undefined): number | undefined {
  const limit = given ?? (given === null ? undefined : own);
  if (own === undefined || (limit !== undefined && limit <= own)) return limit;
  throw new ServiceError('FORBIDDEN', `The API key may have ${own} runs at once and cannot give more`);
}

function requireScopes(principal: Principal, scopes: readonly string[]): void {
  const lacking = scopes.find((scope) => !principal.scopes.has(scope as Scope));
  if (lacking === undefined) return;
  throw new ServiceError('FORBIDDEN', `The API key lacks the scope ${lacking}, so it cannot give it`);
}

function readOverlap(query: URLSearchParams): number | undefined {
  const given = query.get('expireOldAfterSeconds');
  if (given === null) return undefined;
  const seconds = /^[0-9]{1,8}$/.test(given) ? Number(given) : -1;
  if (seconds >= 0 && seconds <= maxOverlapSeconds) return seconds;
  throw invalidField('expireOldAfterSeconds', `must be 0 to ${maxOverlapSeconds}`, given.slice(0, 100));
}

function toList<T>(set: ReadonlySet<T> | null): T[] | null {
  return set && [...set];
}

function toKeyObject(key: ApiKey) {
  const { id, name, ownerId, scopes, projects, planIds, parallelLimit, createdAt, expiresAt, revokedAt } = key;
  return {
    id,
    name,
    ownerId,
    scopes,
    projects,
    planIds,
    parallelLimit: parallelLimit ?? null,
    createdAt: toTime(createdAt),
    expiresAt: expiresAt === undefined ? null : toTime(expiresAt),
    revokedAt: revokedAt === undefined ? null : toTime(revokedAt),
  };
}
