import { readRateLimit } from '../../adapters/egress/rate-limit.ts';
import type { EgressRequest, EgressResponse } from '../../adapters/egress.ts';
import { ServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import { githubHeaders, githubUrl } from '../../core/github.ts';
import type { HttpTools } from '../remote-tools.ts';

export type Settings = SettingsOf<'github-actions'>;

/** A page of a hundred runs is some two megabytes. */
const maxAnswerBytes = 8 * 1024 * 1024;

export interface GithubApi {
  /**
   * Sends a request about the repository; the path begins behind its name. 2xx, 302, and the refusals a caller knows a
   * meaning of (400, 404, 409, 410, 422) are answers. Throws EXECUTOR_REFUSED for a token that does not do and
   * EXECUTOR_UNAVAILABLE for what passes. Messages never hold what was sent or answered.
   */
  call(settings: Settings, method: 'GET' | 'POST', path: string, body?: object): Promise<EgressResponse>;
  /** Seconds until the plan's token may ask again, if GitHub has said that it asked too much. */
  limitedFor(settings: Settings): number | undefined;
}

/** The REST API, 2022-11-28. While a token is at its limit nothing is asked: GitHub bans who goes on. */
export function createGithubApi({ egress, secrets, now }: HttpTools): GithubApi {
  const limits = new Map<string, number>();
  const limitKey = ({ apiUrl, token }: Settings): string => `${apiUrl} ${token}`;

  const limitedFor = (settings: Settings): number | undefined => {
    const until = limits.get(limitKey(settings));
    if (until === undefined) return undefined;
    if (until > now()) return Math.ceil((until - now()) / 1000);
    limits.delete(limitKey(settings));
    return undefined;
  };

  const refuseWhileLimited = (settings: Settings): void => {
    const wait = limitedFor(settings);
    if (wait === undefined) return;
    const message = `GitHub takes no more requests of the plan's token for ${wait} s.`;
    throw new ServiceError('EXECUTOR_UNAVAILABLE', message, { retryAfterSeconds: wait });
  };

  return {
    limitedFor,
    async call(settings, method, path, body) {
      refuseWhileLimited(settings);
      const request: EgressRequest = {
        method,
        url: githubUrl(settings.apiUrl, `/repos/${settings.repository}${path}`),
        headers: {
          ...githubHeaders(await secrets.get(settings.token)),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
        maxResponseBytes: maxAnswerBytes,
      };
      const response = await egress.send(request);
      const wait = readRateLimit(response, now());
      if (wait !== undefined) {
        limits.set(limitKey(settings), now() + wait * 1000);
        refuseWhileLimited(settings);
      }
      const { status } = response;
      if (status === 301 || status === 307 || status === 308) {
        throw new ServiceError(
          'EXECUTOR_REFUSED',
          `${settings.repository} was moved or renamed; correct it in the plan.`,
        );
      }
      if ((status >= 200 && status < 400) || [400, 404, 409, 410, 422].includes(status)) return response;
      if (status >= 500 || status === 408) {
        throw new ServiceError('EXECUTOR_UNAVAILABLE', `GitHub cannot answer now: status ${status}.`);
      }
      throw new ServiceError(
        'EXECUTOR_REFUSED',
        `GitHub refuses the token of the plan's executor for ${settings.repository}: status ${status}. It needs the permission Actions (read and write) of the repository.`,
      );
    },
  };
}

/** The JSON of an answer. Throws EXECUTOR_PROTOCOL if it is none, or too long. */
export function jsonOf({ body, truncated }: EgressResponse): unknown {
  try {
    if (!truncated) return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // What was received is in no message: nobody may log it.
  }
  throw notUnderstood();
}

export function notUnderstood(): ServiceError {
  return new ServiceError('EXECUTOR_PROTOCOL', "GitHub's answer makes no sense; is apiUrl that of its REST API?");
}
