import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError, ServiceError } from '../core/errors.ts';

export interface Manners {
  /**
   * Whether the request is sent again when it got no answer or one that passes. Unless given, a GET and what has an
   * idempotency key is; of other requests say it where doing them twice is doing them once.
   */
  readonly repeat?: boolean;
}

/** A stop waits 5 s for its executor, API Gateway gives up after 30. */
const answerMs = 60_000;
const tries = 3;
/** What another moment may mend. */
const passing = new Set([429, 502, 503, 504]);

/** Fetches, again where that may help. UNAVAILABLE says why nobody answered. */
export async function patientFetch(request: Request & Manners): Promise<Response> {
  const repeat = request.repeat ?? (request.method === 'GET' || request.headers.has('idempotency-key'));
  for (let round = 1; ; round++) {
    const again = repeat && round < tries;
    try {
      const response = await fetchOnce(request);
      if (!again || !passing.has(response.status)) return response;
      await sleep(Math.min(5, retryAfterSeconds(response) ?? 1) * 1000);
    } catch (error) {
      // Where nobody listens, nobody will a second later: the person should hear it now.
      if (!again || !isServiceError(error, 'UNAVAILABLE') || isRefused(error)) throw error;
      await sleep(round * 500);
    }
  }
}

/** In how many seconds it is worth asking again. */
export function retryAfterSeconds({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** The answer is read to its end: one that breaks off is none. */
async function fetchOnce(request: Request): Promise<Response> {
  try {
    const response = await fetch(request.clone(), { signal: AbortSignal.timeout(answerMs) });
    const { status, statusText, headers } = response;
    const body = await response.arrayBuffer();
    // Some statuses have no body, and are refused even an empty one.
    return new Response(response.body === null ? null : body, { status, statusText, headers });
  } catch (error) {
    throw unreachable(new URL(request.url).origin, error);
  }
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
