import type { EgressResponse } from '../../adapters/egress.ts';
import { toBaseUrl } from '../../core/base-url.ts';
import { ServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { HttpTools } from '../remote-tools.ts';
import { codeOf, jsonOf, refuseWhatPasses, timeoutMs } from './answer.ts';
import { createTokens } from './tokens.ts';

type Settings = SettingsOf<'testinium'>;

export interface TenantCall {
  /** For messages: what the tenant is asked to do. */
  readonly verb: string;
  readonly method?: 'GET' | 'POST';
  /** After `/Testinium.RestApi/api`, its parts encoded. */
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
}

export interface TenantAnswer {
  /** 200, or a refusal its caller may know what to make of: 400, 404, 409, 422. */
  readonly status: number;
  /** JSON; undefined if a refusal was none. */
  readonly body: unknown;
  readonly code: string | undefined;
  /** The tenant's own clock when it answered, in epoch milliseconds: its dates are compared with nothing else. */
  readonly at: number;
}

export interface Tenant {
  /** `until` is when the caller gives up. Refusals are those of an `Executor`, and quote nothing that was answered. */
  call(settings: Settings, call: TenantCall, until: number): Promise<TenantAnswer>;
}

/** An execution with its results inlined has 5 MB at most (contracts/testinium.md 3.7). */
const mostBytes = 6 * 1024 * 1024;
const judged = new Set([400, 404, 409, 422]);

/**
 * Calls to a tenant's API as its user. A token that is not taken any more, or a redirect to a login page, is answered by one
 * new token and one repeat: the tenant did nothing yet.
 */
export function createTenant(tools: HttpTools): Tenant {
  const { egress, now } = tools;
  const tokens = createTokens(tools);

  const send = (settings: Settings, call: TenantCall, token: string, until: number): Promise<EgressResponse> => {
    const body = call.json === undefined ? undefined : new TextEncoder().encode(JSON.stringify(call.json));
    return egress.send({
      method: call.method ?? 'GET',
      url: `${toBaseUrl(settings.url)}/Testinium.RestApi/api${call.path}`,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(settings.company === undefined ? {} : { 'current-company-id': String(settings.company) }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body }),
      maxResponseBytes: call.maxBytes ?? mostBytes,
      timeoutMs: timeoutMs(until - now(), call.timeoutMs ?? 15_000),
    });
  };

  return {
    async call(settings, call, until) {
      const token = await tokens.get(settings, until);
      let response = await send(settings, call, token, until);
      if (wantsLogin(response)) {
        response = await send(settings, call, await tokens.renew(settings, token, until), until);
      }
      return judge(response, call.verb, now());
    },
  };
}

/** The cloud variant also says 401 to a user who may not run plans; a new token does not help that one (D5). */
function wantsLogin(response: EgressResponse): boolean {
  const { status } = response;
  return (status === 401 && codeOf(response) !== 'ACCESS_DENIED') || (status >= 300 && status < 400);
}

function judge(response: EgressResponse, verb: string, now: number): TenantAnswer {
  refuseWhatPasses(response, verb, now);
  const { status, headers } = response;
  const code = codeOf(response);
  if (status >= 300 && status < 400) {
    const message = `The tenant sends who wants to ${verb} to another page: is the plan's url right?`;
    throw new ServiceError('EXECUTOR_REFUSED', message);
  }
  const body = jsonOf(response);
  if (status >= 200 && status < 300 && (typeof body !== 'object' || body === null)) {
    throw garbage(verb, response.truncated ? 'it is too large' : 'it is not JSON');
  }
  if ((status < 200 || status >= 300) && !judged.has(status)) {
    throw new ServiceError('EXECUTOR_REFUSED', `The tenant refused to ${verb}: ${nameStatus(status, code)}.`);
  }
  const date = Date.parse(headers.date ?? '');
  return { status, body, code, at: Number.isNaN(date) ? now : date };
}

/** `status 404 TEST_PLAN_NOT_FOUND`. */
export function nameStatus(status: number, code: string | undefined): string {
  return `status ${status}${code === undefined ? '' : ` ${code}`}`;
}

export function garbage(verb: string, why: string): ServiceError {
  return new ServiceError(
    'EXECUTOR_PROTOCOL',
    `The tenant was asked to ${verb} and its answer makes no sense: ${why}.`,
  );
}
