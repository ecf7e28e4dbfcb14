import { readRetryAfter } from '../../adapters/egress/retry-after.ts';
import type { EgressRequest, EgressResponse } from '../../adapters/egress.ts';
import { toBaseUrl } from '../../core/base-url.ts';
import { ServiceError } from '../../core/errors.ts';
import type { SettingsOf } from '../../core/executor-settings.ts';
import type { HttpTools } from '../remote-tools.ts';
import { readCaseResults, readPage, readRun, type TenantCase, type TenantPage, type TenantRun } from './wire.ts';

/** Bytes of an answer about runs, and of the results of a run's cases, at most (reliability.md F14). */
const maxStatusBytes = 1024 * 1024;
const maxCasesBytes = 16 * 1024 * 1024;
const timeoutMs = 15_000;
/** Runs in one page of the list. */
export const pageSize = 20;

/** An answer that refuses: what the caller makes of it, or the error it becomes. */
export interface Refused {
  readonly status: number;
  /** The tenant's code if it is one of those that mean something here. */
  readonly code: KnownCode | undefined;
  readonly error: ServiceError;
}
export type Answer<T> =
  | { readonly value: T; readonly refused?: never }
  | { readonly refused: Refused; readonly value?: never };

/** The results of a run's cases; `tooLarge` if they are more than anybody reads. */
export type CasesAnswer = { readonly rows: readonly TenantCase[] } | { readonly tooLarge: true };

/** The calls to one tenant (contracts/testsigma.md 3). Network trouble is EXECUTOR_UNAVAILABLE, nonsense EXECUTOR_PROTOCOL. */
export interface Tenant {
  trigger(body: Record<string, unknown>, idempotencyKey: string): Promise<Answer<unknown>>;
  /** Newest first. */
  listRuns(page: number): Promise<TenantPage>;
  getRun(runId: string): Promise<Answer<TenantRun>>;
  getCases(runId: string): Promise<Answer<CasesAnswer>>;
  stop(runId: string): Promise<Answer<unknown>>;
}

/** `endBy` is epoch milliseconds after which no call goes on. */
export async function openTenant(
  { egress, secrets, now }: HttpTools,
  settings: SettingsOf<'testsigma'>,
  endBy = Number.POSITIVE_INFINITY,
): Promise<Tenant> {
  const authorization = `Bearer ${await readKey(secrets, settings.apiKey)}`;
  const base = `${toBaseUrl(settings.url)}/api/v1/execution_results`;
  const { testPlanId } = settings;

  const send = async (
    request: Pick<EgressRequest, 'method' | 'url' | 'maxResponseBytes'> & { readonly json?: Record<string, unknown> },
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EgressResponse> => {
    const { json, ...rest } = request;
    return egress.send({
      maxResponseBytes: maxStatusBytes,
      ...rest,
      timeoutMs: Math.max(1, Math.min(timeoutMs, endBy - now())),
      headers: {
        accept: 'application/json',
        authorization,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(json ? { body: new TextEncoder().encode(JSON.stringify(json)) } : {}),
    });
  };
  const toAnswer = <T>(response: EgressResponse, verb: string, read: (value: unknown) => T): Answer<T> => {
    const { status } = response;
    if (status >= 200 && status < 300) return { value: read(jsonOf(response)) };
    return { refused: refusalOf(response, verb, now()) };
  };

  return {
    async trigger(json, idempotencyKey) {
      const response = await send({ method: 'POST', url: base, json }, { 'idempotency-key': idempotencyKey });
      // Whatever stands in it, a 2xx may have started a run: the caller reads it.
      return toAnswer(response, 'start a run', (value) => value);
    },
    async listRuns(page) {
      const query = `executionId=${testPlanId}&page=${page}&size=${pageSize}&sortBy=id&direction=DESC`;
      const answer = toAnswer(await send({ method: 'GET', url: `${base}?${query}` }), 'list the plan’s runs', readPage);
      if (answer.refused === undefined) return answer.value;
      const { status, error } = answer.refused;
      if (status !== 404) throw error;
      throw new ServiceError(
        'EXECUTOR_REFUSED',
        `The tenant has no test plan ${testPlanId} that the API key may see, or lists none of its runs (status 404).`,
      );
    },
    async getRun(runId) {
      return toAnswer(await send({ method: 'GET', url: `${base}/${runId}` }), 'tell its run', (value) => {
        const run = readRun(value);
        const other = run.id !== runId || (run.executionId != null && run.executionId !== String(testPlanId));
        if (other) throw new ServiceError('EXECUTOR_PROTOCOL', `The tenant told another run than its run ${runId}.`);
        return run;
      });
    },
    async getCases(runId) {
      const url = `${base}/${runId}/test_case_results`;
      const response = await send({ method: 'GET', url, maxResponseBytes: maxCasesBytes });
      if (response.truncated && response.status === 200) return { value: { tooLarge: true } };
      return toAnswer(response, 'tell the results of its run', (value) => {
        const { executionResultId, testCases } = readCaseResults(value);
        if (executionResultId != null && executionResultId !== runId) {
          throw new ServiceError('EXECUTOR_PROTOCOL', `The tenant told results of another run than its run ${runId}.`);
        }
        return { rows: testCases ?? [] };
      });
    },
    async stop(runId) {
      const url = `${base}/${runId}`;
      // Never without an id, and never all: the tenant has other users.
      const json = { id: Number(runId), canStopAll: false, result: 'STOPPED' };
      const response = await send({ method: 'PUT', url, json });
      return toAnswer(response, 'stop its run', (value) => value);
    },
  };
}

const knownCodes = ['IDEMPOTENCY_KEY_REUSED', 'RERUN_LIMIT', 'FOREIGN_RESULT'] as const;
type KnownCode = (typeof knownCodes)[number];

/** Why, in our words: what the tenant says may hold what it was sent. */
const hints: Readonly<Record<number, string>> = {
  401: '; check the plan’s executor.apiKey',
  403: '; its API key must be allowed to start, see and stop runs',
};

function refusalOf(response: EgressResponse, verb: string, now: number): Refused {
  const { status } = response;
  const passes = status >= 500 || [408, 425, 429].includes(status);
  const seconds = readRetryAfter(response.headers, now);
  const wait = passes && seconds !== undefined ? { retryAfterSeconds: Math.min(300, seconds) } : {};
  const message = passes
    ? `The tenant cannot ${verb} now: status ${status}.`
    : `The tenant refused to ${verb}: status ${status}${hints[status] ?? ''}.`;
  return {
    status,
    code: codeOf(response),
    error: new ServiceError(passes ? 'EXECUTOR_UNAVAILABLE' : 'EXECUTOR_REFUSED', message, wait),
  };
}

function codeOf({ body }: EgressResponse): KnownCode | undefined {
  try {
    const { code } = JSON.parse(new TextDecoder().decode(body)) ?? {};
    return knownCodes.find((known) => known === code);
  } catch {
    return undefined;
  }
}

/** Undefined for what is cut or no JSON: no schema takes it. */
function jsonOf(response: EgressResponse): unknown {
  if (response.truncated) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(response.body));
  } catch {
    return undefined;
  }
}

async function readKey(secrets: HttpTools['secrets'], reference: string): Promise<string> {
  const key = (await secrets.get(reference)).trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new ServiceError('EXECUTOR_REFUSED', `The API key in ${reference} must be one word of printable ASCII.`);
}
