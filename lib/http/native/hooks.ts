import { invalidField } from '../../core/errors.ts';
import {
  type Hook,
  type HookScheme,
  type HookSecret,
  hookCallSeconds,
  maxHookCalls,
  oldSecretMs,
  usableSecrets,
} from '../../core/hook.ts';
import type { Services } from '../../core/ports.ts';
import { seal } from '../../core/sealed.ts';
import { maySee } from '../entry.ts';
import { findPlan, missing, ownsProject } from '../find.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest, HttpResponse, Principal } from '../message.ts';
import { checkIfMatch, etagOf, notModified } from './etag.ts';
import { readObject } from './read-object.ts';
import { toTime } from './run-object.ts';
import { hookBody, hookChange, rotateHookBody } from './schemas.ts';

/** `GET /v1/hooks`: by age, those whose plans the key may see. */
export function createListHooks(services: Services): Handler {
  return async (request, principal) => {
    const hooks = (await services.hooks.listHooks()).filter((hook) => reaches(principal, hook));
    return json(200, { hooks: hooks.map((hook) => toHookObject(services, hook, request)) });
  };
}

/** `POST /v1/hooks`: 201 with the secret, which is never shown again unless the sender made it. */
export function createCreateHook(services: Services): Handler {
  return async (request, principal) => {
    const { name, scheme, plans, secret: given } = await readObject(request, hookBody, ['secret']);
    const project = await projectOf(services, principal, plans);
    const secret = chooseSecret(services, scheme, given ?? undefined);
    const now = services.now();
    const hook: Hook = {
      id: createHookId(services.random),
      name,
      scheme,
      project,
      planIds: plans,
      enabled: true,
      secrets: [{ sealed: seal(await services.masterKeys('fresh'), secret, services.random) }],
      version: 1,
      createdAt: now,
      updatedAt: now,
      ownerId: principal.ownerId,
    };
    await services.hooks.createHook(hook);
    const answer = answerHook(services, 201, hook, request, given == null ? secret : null);
    return { ...answer, headers: { ...answer.headers, location: `${request.baseUrl}/v1/hooks/${hook.id}` } };
  };
}

/** `GET /v1/hooks/{hookId}`. */
export function createGetHook(services: Services): Handler {
  return async (request, principal) => {
    const hook = await findHook(services, principal, request);
    return notModified(request, etagOf(hook.version)) ?? answerHook(services, 200, hook, request);
  };
}

/** `PUT /v1/hooks/{hookId}`: name, plans, enabled. What is left out stays. */
export function createUpdateHook(services: Services): Handler {
  return async (request, principal) => {
    const hook = await findHook(services, principal, request);
    checkIfMatch(request, hook.version);
    const { name, plans, enabled } = await readObject(request, hookChange);
    if (plans !== undefined && (await projectOf(services, principal, plans)) !== hook.project)
      throw invalidField('plans', `must be plans of the project ${hook.project}`);
    const changed: Hook = {
      ...hook,
      name: name ?? hook.name,
      planIds: plans ?? hook.planIds,
      enabled: enabled ?? hook.enabled,
      version: hook.version + 1,
      updatedAt: services.now(),
    };
    await services.hooks.putHook(changed);
    return answerHook(services, 200, changed, request);
  };
}

/** `POST /v1/hooks/{hookId}/rotate`: a new secret; the old one opens the hook for another day, while the sender changes over. */
export function createRotateHook(services: Services): Handler {
  return async (request, principal) => {
    const hook = await findHook(services, principal, request);
    checkIfMatch(request, hook.version);
    const { secret: given } = await readObject(request, rotateHookBody, ['secret']);
    const secret = chooseSecret(services, hook.scheme, given ?? undefined);
    const now = services.now();
    const newest: HookSecret = { sealed: seal(await services.masterKeys('fresh'), secret, services.random) };
    const older = usableSecrets(hook, now).slice(0, 3);
    const ending = older.map(({ sealed, endsAt }) => ({ sealed, endsAt: endsAt ?? now + oldSecretMs }));
    const changed: Hook = { ...hook, secrets: [newest, ...ending], version: hook.version + 1, updatedAt: now };
    await services.hooks.putHook(changed);
    return answerHook(services, 200, changed, request, given == null ? secret : null);
  };
}

/** `DELETE /v1/hooks/{hookId}`: its address is gone at once. */
export function createDeleteHook(services: Services): Handler {
  return async (request, principal) => {
    const hook = await findHook(services, principal, request);
    checkIfMatch(request, hook.version);
    await services.hooks.deleteHook(hook);
    return { status: 204, headers: {}, body: '' };
  };
}

/** `GET /v1/hooks/{hookId}/calls`: the newest genuine calls and what became of each. */
export function createListHookCalls(services: Services): Handler {
  return async (request, principal) => {
    const hook = await findHook(services, principal, request);
    const since = services.now() - hookCallSeconds * 1000;
    const calls = (await services.hooks.listCalls(hook.id, maxHookCalls)).filter(
      ({ receivedAt }) => receivedAt > since,
    );
    return json(200, {
      calls: calls.map(({ hookId: _, receivedAt, ...call }) => ({ ...call, receivedAt: toTime(receivedAt) })),
    });
  };
}

async function findHook(services: Services, principal: Principal, { params }: HttpRequest): Promise<Hook> {
  const id = params.hookId ?? '';
  if (!/^[0-9A-Za-z]{22}$/.test(id)) throw invalidField('hookId', 'must be the id of a hook', id.slice(0, 100));
  const hook = await services.hooks.getHook(id);
  if (hook === undefined || !reaches(principal, hook)) throw missing('hook', id);
  return hook;
}

/** All of its plans lie within the key's: its secret starts runs of every one of them. */
function reaches(principal: Principal, { project, planIds }: Hook): boolean {
  return ownsProject(principal, project) && planIds.every((planId) => maySee(principal, { project, planId }));
}

/** The one project of the plans, all of which the caller may see. */
async function projectOf(services: Services, principal: Principal, planIds: readonly number[]): Promise<string> {
  const plans = await Promise.all(planIds.map((planId) => findPlan(services, principal, planId)));
  const [project, ...others] = new Set(plans.map((plan) => plan.project));
  if (project === undefined || others.length > 0) throw invalidField('plans', 'must be plans of one project');
  return project;
}

/** The sender's own, if it makes one; else a new one of the form its scheme wants. */
function chooseSecret(services: Services, scheme: HookScheme, given: string | undefined): string {
  const isStandard = scheme === 'standard' || scheme === 'gitlab';
  if (given === undefined) {
    const bytes = Buffer.from(services.random(32));
    return isStandard ? `whsec_${bytes.toString('base64')}` : bytes.toString('base64url');
  }
  if (isStandard && !isStandardSecret(given)) {
    throw invalidField(
      'secret',
      'must be whsec_ and the base64 of 24 to 64 bytes, or whpk_ and that of an Ed25519 public key',
    );
  }
  return given;
}

function isStandardSecret(text: string): boolean {
  const [, kind, encoded = ''] = /^(whsec|whpk)_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return false;
  return kind === 'whpk' ? bytes.length === 32 : bytes.length >= 24 && bytes.length <= 64;
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** 22 of 62 letters: 131 bits. Bytes past the last multiple of 62 are drawn again. */
function createHookId(random: Services['random']): string {
  let id = '';
  while (id.length < 22) {
    for (const byte of random(32)) if (byte < 248 && id.length < 22) id += letters[byte % 62];
  }
  return id;
}

function answerHook(
  services: Services,
  status: 200 | 201,
  hook: Hook,
  request: HttpRequest,
  secret: string | null = null,
): HttpResponse {
  const object = toHookObject(services, hook, request);
  return json(status, secret === null ? object : { ...object, secret }, { etag: etagOf(hook.version) });
}

function toHookObject({ now }: Services, hook: Hook, { baseUrl }: HttpRequest) {
  const { id, name, scheme, project, planIds, enabled, version, createdAt, updatedAt } = hook;
  const ending = usableSecrets(hook, now()).flatMap(({ endsAt }) => endsAt ?? []);
  return {
    id,
    name,
    scheme,
    project,
    plans: planIds,
    enabled,
    /** Where the sender posts to. */
    url: `${baseUrl}/hooks/${id}`,
    /** Until when a replaced secret still opens it. */
    oldSecretUntil: ending.length === 0 ? null : toTime(Math.max(...ending)),
    version,
    createdAt: toTime(createdAt),
    updatedAt: toTime(updatedAt),
  };
}
