import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, isServiceError, ServiceError } from '../core/errors.ts';
import { statusOf } from '../http/problem.ts';

/** A Proctor reached over HTTP, as every client reaches it. */
export interface ApiClient {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  /** The answer, and in how many seconds it is worth asking again. */
  look<T>(path: string): Promise<{ readonly body: T; readonly retryAfterSeconds: number | undefined }>;
  getText(path: string): Promise<string>;
  post<T>(path: string, body: string, options?: PostOptions): Promise<T>;
  delete(path: string): Promise<void>;
}

export interface PostOptions {
  readonly contentType?: string;
  /** With it a request whose answer got lost is sent again: the server answers what the first one started. */
  readonly idempotencyKey?: string;
  /** Doing it twice is doing it once. */
  readonly repeatable?: true;
}

/** A stop waits 5 s for its executor, API Gateway gives up after 30. */
const answerMs = 60_000;
const tries = 3;
/** What another moment may mend. */
const passing = new Set([429, 502, 503, 504]);

/**
 * Answers that are no success become ServiceErrors with the server's own code and message. `keySource` is where the key was
 * found, for the person whose key is refused.
 */
export function createApiClient(url: string, key: string, keySource = 'PROCTOR_KEY'): ApiClient {
  const once = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${key}` };
    try {
      return await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(answerMs) });
    } catch (error) {
      throw unreachable(url, error);
    }
  };

  const call = async (path: string, init: RequestInit = {}, repeatable = true): Promise<Response> => {
    for (let round = 1; ; round++) {
      const again = repeatable && round < tries;
      try {
        const response = await once(path, init);
        if (response.ok) return response;
        if (!again || !passing.has(response.status)) throw await toError(response, keySource);
        await sleep(Math.min(5, secondsOf(response) ?? 1) * 1000);
      } catch (error) {
        // Where nobody listens, nobody will a second later: the person should hear it now.
        if (!again || !isServiceError(error, 'UNAVAILABLE') || isRefused(error)) throw error;
        await sleep(round * 500);
      }
    }
  };

  return {
    url,
    get: async <T>(path: string) => (await (await call(path)).json()) as T,
    look: async <T>(path: string) => {
      const response = await call(path, {}, false);
      return { body: (await response.json()) as T, retryAfterSeconds: secondsOf(response) };
    },
    getText: async (path) => (await call(path)).text(),
    post: async <T>(path: string, body: string, options: PostOptions = {}) => {
      const { contentType = 'application/json', idempotencyKey, repeatable } = options;
      const headers: Record<string, string> = { 'content-type': contentType };
      if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
      const response = await call(path, { method: 'POST', body, headers }, repeatable ?? idempotencyKey !== undefined);
      return (await response.json()) as T;
    },
    delete: async (path) => {
      await call(path, { method: 'DELETE' }, false);
    },
  };
}

interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly runId?: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

async function toError(response: Response, keySource: string): Promise<ServiceError> {
  const text = await response.text();
  const { detail, code, runId, errors = [] } = readProblem(text);
  const message =
    detail ?? `${new URL(response.url).origin} answered ${response.status}: is that a Proctor? Check PROCTOR_URL`;
  const hint = response.status === 401 ? `; the key is from ${keySource}: set PROCTOR_KEY to a valid one` : '';
  return new ServiceError(codeOf(response.status, code), `${message}${hint}`, {
    fields: errors,
    ...(runId === undefined ? {} : { runId }),
  });
}

function readProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** A newer server may know codes this client does not; what kind of refusal it is, the status says. */
function codeOf(status: number, code: string | undefined): ErrorCode {
  if (code !== undefined && Object.hasOwn(statusOf, code)) return code as ErrorCode;
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'RATE_LIMITED';
  return status >= 500 ? 'UNAVAILABLE' : 'VALIDATION_FAILED';
}

function unreachable(url: string, cause: unknown): ServiceError {
  const code = codeOfCause(cause);
  if (code === 'ECONNREFUSED') {
    const message = `nothing listens on ${url}: is Proctor running? Start it with npm start, or set PROCTOR_URL`;
    return new ServiceError('UNAVAILABLE', message, { cause });
  }
  const reason = code === 'ENOTFOUND' ? 'there is no such host; check PROCTOR_URL' : code;
  return new ServiceError('UNAVAILABLE', `no answer from ${url}: ${reason}`, { cause });
}

function isRefused({ cause }: ServiceError): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND'].includes(codeOfCause(cause));
}

/** `fetch failed` says nothing; the error beneath it does. */
function codeOfCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.name === 'TimeoutError' ? `none within ${answerMs / 1000} s` : error.message;
}

function secondsOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}
