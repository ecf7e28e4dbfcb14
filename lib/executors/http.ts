import type { EgressRequest, EgressResponse } from '../adapters/egress.ts';
import { signWebhook } from '../adapters/webhook-signature.ts';
import { isServiceError, ServiceError } from '../core/errors.ts';
import type { Dispatch, Executor } from '../core/executor.ts';
import type { SettingsOf } from '../core/executor-settings.ts';
import { redact, secretsOf } from '../core/redact.ts';
import { settingsOf } from '../core/settings-of.ts';
import { describeSelection } from './describe-selection.ts';
import { maxPollBytes, readPoll, readStarted, retryAfterSeconds, saysEnded } from './http/answer.ts';
import { httpCapabilities } from './http/capabilities.ts';
import { toDispatchMessage, toStopMessage } from './http/messages.ts';
import type { HttpTools } from './remote-tools.ts';

/**
 * Runs attempts on the user's own runner: a POST signed by Standard Webhooks starts, an optional status URL is polled, an
 * optional stop URL stops. Its secret is a signing secret (`whsec_…`), or two, blank between them, while one is being replaced. The runner recognises a repeated start by `webhook-id` or `Idempotency-Key`. Errors name
 * statuses and hosts, never what was sent or answered.
 */
export function createHttpExecutor({ egress, secrets, now, newId }: HttpTools): Executor {
  const send = async (
    settings: SettingsOf<'http'>,
    id: string,
    request: Omit<EgressRequest, 'headers'>,
    headers: Readonly<Record<string, string>>,
  ): Promise<EgressResponse> => {
    const signed = await signedHeaders(settings, id, request.body ?? new Uint8Array());
    return egress.send({ ...request, headers: { accept: 'application/json', ...headers, ...signed } });
  };

  const signedHeaders = async (
    settings: SettingsOf<'http'>,
    id: string,
    body: Uint8Array,
  ): Promise<Record<string, string>> => {
    const timestampSeconds = Math.floor(now() / 1000);
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestampSeconds) };
    if (settings.secret === undefined) return headers;
    const keys = (await secrets.get(settings.secret)).trim().split(/\s+/).slice(0, 4);
    try {
      return { ...headers, 'webhook-signature': signWebhook({ id, timestampSeconds, body, secrets: keys }) };
    } catch (error) {
      if (!isServiceError(error)) throw error;
      throw new ServiceError(
        'EXECUTOR_REFUSED',
        `The signing secret of the plan's executor ${error.fields[0]?.message}.`,
      );
    }
  };

  return {
    capabilities: httpCapabilities,

    async start(dispatch) {
      const settings = settingsOf('http', dispatch.settings);
      const body = toBytes(toDispatchMessage(dispatch));
      const headers = { 'content-type': 'application/json', 'idempotency-key': dispatch.key };
      const response = await send(settings, dispatch.key, { method: 'POST', url: settings.url, body }, headers);
      refuseUnlessOk(response, 'start', now());
      const executing = describeSelection(dispatch.selection, settings.selects);
      const { ref = dispatch.key, ...said } = readStarted(response);
      // A runner that repeats what it was sent must not have its secrets kept.
      const isOpen = redact(ref, secretsOf(dispatch)) === ref;
      return { ref: isOpen ? ref : dispatch.key, executing, ...said };
    },

    async poll(_ref, dispatch) {
      const settings = settingsOf('http', dispatch.settings);
      if (settings.statusUrl === undefined) return { state: 'running', cases: [] };
      const url = withKey(settings.statusUrl, dispatch.key);
      const request = { method: 'GET', url, maxResponseBytes: maxPollBytes } as const;
      const accept = { accept: 'application/json, application/xml' };
      const response = await send(settings, signedId('poll', dispatch, newId()), request, accept);
      if (isGone(response)) {
        const message = `The runner does not know the job (status ${response.status}).`;
        return { state: 'ended', cases: [], end: { problem: { reason: 'executorLost', message } } };
      }
      refuseUnlessOk(response, 'poll', now());
      const poll = await readPoll(response);
      const wait = retryAfterSeconds(response, now());
      return poll.state === 'running' && wait !== undefined ? { ...poll, retryAfterSeconds: wait } : poll;
    },

    async stop(ref, dispatch) {
      const settings = settingsOf('http', dispatch.settings);
      if (settings.stopUrl === undefined) return 'stopping';
      const body = toBytes(toStopMessage(ref, dispatch));
      const request = { method: 'POST', url: settings.stopUrl, body } as const;
      const id = signedId('stop', dispatch, newId());
      const response = await send(settings, id, request, { 'content-type': 'application/json' });
      if (isGone(response)) return 'gone';
      refuseUnlessOk(response, 'stop', now());
      return saysEnded(response) ? 'gone' : 'stopping';
    },
  };
}

/** Names the attempt: the signature of a request without a body covers nothing else of it. */
function signedId(verb: string, dispatch: Dispatch, fresh: string): string {
  return `${verb}-${dispatch.key}-${fresh}`;
}

function withKey(statusUrl: string, key: string): string {
  const url = URL.canParse(statusUrl) ? new URL(statusUrl) : undefined;
  // Whatever is no URL is refused by egress, in its words.
  if (!url) return statusUrl;
  // Appended as text: `searchParams` would spell the rest of the query anew.
  url.search += `${url.search === '' ? '?' : '&'}key=${encodeURIComponent(key)}`;
  return url.href;
}

function toBytes(message: Record<string, unknown>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

function isGone({ status }: EgressResponse): boolean {
  return status === 404 || status === 410;
}

/** 408, 425, 429 and 5xx are worth another try; every other answer but 2xx is final (reliability.md F13). */
function refuseUnlessOk(response: EgressResponse, verb: string, now: number): void {
  const { status } = response;
  if (status >= 200 && status < 300) return;
  if (status < 500 && ![408, 425, 429].includes(status)) {
    throw new ServiceError('EXECUTOR_REFUSED', `The runner refused to ${verb} the attempt: status ${status}.`);
  }
  const wait = retryAfterSeconds(response, now);
  const message = `The runner cannot ${verb} the attempt now: status ${status}.`;
  throw new ServiceError('EXECUTOR_UNAVAILABLE', message, wait === undefined ? {} : { retryAfterSeconds: wait });
}
