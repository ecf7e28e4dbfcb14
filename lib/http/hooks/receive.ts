import * as z from 'zod/mini';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import { commit as commitSchema } from '../../core/github.ts';
import { type Hook, type HookOutcome, hookCallSeconds, usableSecrets } from '../../core/hook.ts';
import type { Plan } from '../../core/plan.ts';
import type { Services } from '../../core/ports.ts';
import { unseal } from '../../core/sealed.ts';
import {
  type Change,
  describeChange,
  refuseByRule,
  renderSource,
  variablesOf,
  type WebhookRule,
} from '../../core/webhook-rules.ts';
import { chooseByConfig } from '../../workflow/select-cases.ts';
import { type TriggerRequest, triggerRun } from '../../workflow/trigger-run.ts';
import { withMasterKeys } from '../../workflow/with-master-keys.ts';
import { json } from '../json.ts';
import type { Handler, HttpRequest } from '../message.ts';
import { isGenuine, type VerifyWebhook } from './is-genuine.ts';
import { type Received, readChange } from './read-change.ts';

/**
 * `POST /hooks/{hookId}`: a call of a forge or a CI system. 202 with the runs it started, 200 when it started none and says
 * why, or was known. A run is durable before the answer; a call sent again finds the runs of the first one. One that is not
 * genuine is 401 and leaves nothing but a line in the log; of an unknown hook likewise.
 */
export function createReceiveHook(services: Services, verifyWebhook: VerifyWebhook): Handler {
  return async (request) => {
    const hook = await readGenuine(services, verifyWebhook, request);
    const received = readChange(hook.scheme, request, readPayload(request));
    if (received === undefined) {
      throw new ServiceError(
        'VALIDATION_FAILED',
        `The call has no delivery id, which the scheme ${hook.scheme} wants in a header`,
      );
    }
    if (received.ping) return json(200, { hook: hook.id, ping: true, outcomes: [] });
    const outcomes: HookOutcome[] = [];
    for (const planId of hook.planIds) outcomes.push(await offer(services, hook, planId, received, request));
    await record(services, hook, received, outcomes);
    const started = outcomes.some(({ outcome }) => outcome === 'started');
    return json(started ? 202 : 200, { hook: hook.id, event: describeChange(received.change), outcomes });
  };
}

/** The hook, if one of its secrets signed the call. Whoever has no secret learns nothing, not even whether there is a hook. */
async function readGenuine(services: Services, verifyWebhook: VerifyWebhook, request: HttpRequest): Promise<Hook> {
  const id = request.params.hookId ?? '';
  const hook = /^[0-9A-Za-z]{22}$/.test(id) ? await services.hooks.getHook(id) : undefined;
  if (hook?.enabled) {
    const now = services.now();
    const secrets: string[] = [];
    for (const { sealed } of usableSecrets(hook, now)) {
      const secret = await withMasterKeys(services, (keys) => unseal(keys, sealed));
      if (secret !== undefined) secrets.push(secret);
    }
    if (isGenuine(hook.scheme, request, secrets, verifyWebhook, now)) return hook;
  }
  services.log({ level: 'warn', event: 'hook refused', code: hook === undefined ? 'UNKNOWN_HOOK' : 'FORGED' });
  throw new ServiceError(
    'UNAUTHORIZED',
    'There is no such hook, it is disabled, or the signature is not of its secret',
  );
}

/** The JSON body; GitHub and Bitbucket can also send it as the form field `payload`. */
function readPayload({ headers, body }: HttpRequest): unknown {
  const sent = new TextDecoder().decode(body);
  // By its beginning too: `curl -d` calls JSON a form.
  const isForm =
    /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '') && sent.startsWith('payload=');
  try {
    return JSON.parse(isForm ? (new URLSearchParams(sent).get('payload') ?? '') : sent || '{}');
  } catch {
    throw new ServiceError('INVALID_JSON', 'The body is genuine, but it is not JSON');
  }
}

/** Asks the rules of one plan in turn; the first that fits starts a run. */
async function offer(
  services: Services,
  hook: Hook,
  planId: number,
  received: Received,
  request: HttpRequest,
): Promise<HookOutcome> {
  const plan = await services.plans.getPlan(planId);
  if (plan === undefined || plan.project !== hook.project) {
    return { planId, outcome: 'ignored', reason: `project ${hook.project} has no plan ${planId} any more` };
  }
  const reasons: string[] = [];
  for (const rule of plan.triggers.webhooks) {
    const reason = refuseByRule(rule, received.change);
    if (reason === undefined) return start(services, hook, plan, rule, received, request);
    reasons.push(reason);
  }
  const reason = reasons.length === 0 ? 'the plan has no webhook rules' : [...new Set(reasons)].join('; ');
  return { planId, outcome: 'ignored', reason: reason.slice(0, 500) };
}

/** Trouble that passes is thrown: the sender is told to send the call again. */
async function start(
  services: Services,
  hook: Hook,
  { id: planId }: Plan,
  rule: WebhookRule,
  { change, deliveryId }: Received,
  { sourceIp }: HttpRequest,
): Promise<HookOutcome> {
  const { config } = rule;
  const buildNo = rule.buildNo === undefined ? '' : renderSource(rule.buildNo, change).slice(0, 255);
  try {
    const { run, replayed } = await triggerRun(services, {
      planId,
      maySee: ({ project }) => project === hook.project,
      trigger: { type: 'webhook', keyId: `hook:${hook.id}`, ownerId: hook.ownerId, sourceIp },
      runtimeData: variablesOf(rule, change),
      ...(buildNo === '' ? {} : { buildNo }),
      ...commitOf(hook, change),
      ...(rule.environment === undefined ? {} : { environmentId: rule.environment }),
      ...(config === undefined
        ? {}
        : { choose: (plan) => chooseByConfig(services, plan, { name: config, field: 'config' }) }),
      // The delivery is what is done once; that a sender says something else under the same id changes nothing.
      idempotency: { key: deliveryId, route: 'hook', fingerprint: hook.id, keepSeconds: hookCallSeconds },
    });
    return { planId, outcome: replayed ? 'repeated' : 'started', runId: run.id };
  } catch (error) {
    if (!isServiceError(error) || error.code === 'UNAVAILABLE') throw error;
    return { planId, outcome: 'refused', reason: error.message.slice(0, 500) };
  }
}

/** GitHub's commit the run is about, for plans that show their runs there. */
function commitOf({ scheme }: Hook, { commit, repository }: Change): Pick<TriggerRequest, 'commit'> {
  const sha = z.safeParse(commitSchema, { sha: commit, repository });
  return scheme === 'github' && sha.success ? { commit: sha.data } : {};
}

/** For people who wonder why nothing ran. The runs are there already, so that a failure here fails nothing. */
async function record(
  services: Services,
  hook: Hook,
  { change, deliveryId }: Received,
  outcomes: readonly HookOutcome[],
): Promise<void> {
  const { event } = change;
  const call = {
    hookId: hook.id,
    deliveryId,
    receivedAt: services.now(),
    event,
    about: describeChange(change).slice(0, 500),
    outcomes,
  };
  try {
    await services.hooks.recordCall(call);
  } catch (error) {
    services.log({ level: 'warn', event: 'call of a hook not recorded', error });
  }
}
