import { type ErrorCode, type FieldError, isServiceError, type ServiceError, type Subject } from '../core/errors.ts';
import { escapeScriptWords, json } from './json.ts';
import type { HttpResponse } from './message.ts';
import type { Surface } from './routes.ts';

/** The status of every refusal; anything that is no ServiceError is 500 `INTERNAL`. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  INVALID_JSON: 400,
  VALIDATION_FAILED: 400,
  BODY_TOO_LARGE: 413,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  NO_ACTIVE_RUN: 404,
  METHOD_NOT_ALLOWED: 405,
  RATE_LIMITED: 429,
  ALREADY_RUNNING: 409,
  PLAN_CYCLE: 409,
  RUN_ACTIVE: 409,
  RUN_COMPLETED: 409,
  ATTEMPT_REPLACED: 409,
  RERUN_LIMIT: 409,
  BATCH_ID_REUSED: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  PLAN_DISABLED: 409,
  VERSION_CONFLICT: 409,
  NAME_TAKEN: 409,
  UNKNOWN_ENVIRONMENT: 400,
  ENVIRONMENT_UNAVAILABLE: 409,
  UNKNOWN_CONFIG: 400,
  AMBIGUOUS_CONFIG: 400,
  EMPTY_SELECTION: 400,
  AMBIGUOUS_RUN: 400,
  FOREIGN_RESULT: 400,
  UNKNOWN_TIMEZONE: 400,
  TIME_IN_PAST: 400,
  QUEUE_FULL: 409,
  REPORT_UNREADABLE: 400,
  RUN_TOO_LARGE: 413,
  EXECUTOR_REFUSED: 502,
  EXECUTOR_UNAVAILABLE: 503,
  EXECUTOR_PROTOCOL: 502,
  UNAVAILABLE: 503,
};

/** The answer to whatever was thrown, in the surface's shape. A bug shows no detail; the caller logs it. */
export function toErrorResponse(
  surface: Exclude<Surface, 'testinium'>,
  error: unknown,
  requestId: string,
): HttpResponse {
  const refusal = toRefusal(error);
  return surface === 'testsigma' ? toTestsigmaError(refusal) : toProblem(refusal, requestId);
}

/** What a client may know of whatever was thrown. */
export function toRefusal(error: unknown): Refusal {
  return isServiceError(error) ? refusalOf(error) : internal;
}

export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode | 'INTERNAL';
  readonly message: string;
  readonly fields: readonly FieldError[];
  readonly runId: number | undefined;
  readonly subject: Subject | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const internal: Refusal = {
  status: 500,
  code: 'INTERNAL',
  message: 'Internal error',
  fields: [],
  runId: undefined,
  subject: undefined,
  headers: {},
};

function refusalOf(error: ServiceError): Refusal {
  const { code, message, fields, runId, subject } = error;
  const status = statusOf[code];
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const wait = error.retryAfterSeconds ?? (status === 429 || status === 503 ? 1 : undefined);
  if (wait !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(wait)));
  return { status, code, message, fields, runId, subject, headers };
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** RFC 9457. The type is `about:blank`, because `code` already tells problems of one status apart. */
function toProblem({ status, code, message, fields, runId, headers }: Refusal, requestId: string): HttpResponse {
  const problem = {
    type: 'about:blank',
    title: titles[status],
    status,
    detail: message,
    code,
    requestId,
    ...(runId === undefined ? {} : { runId }),
    ...(fields.length === 0 ? {} : { errors: fields }),
  };
  return json(status, problem, { ...headers, 'content-type': 'application/problem+json' });
}

/** contracts/testsigma.md section 2: five keys on one line. */
function toTestsigmaError({ status, code, message, fields, headers }: Refusal): HttpResponse {
  const fieldErrors = fields.map(({ field, rejectedValue = null, message }) => {
    return { field, rejectedValue, message, bindingFailure: false, codes: null };
  });
  const body = {
    timeStamp: null,
    error: message,
    code,
    fieldErrors: fieldErrors.length === 0 ? null : fieldErrors,
    objectErrors: null,
  };
  const answer = json(status, body, headers);
  return { ...answer, body: escapeScriptWords(answer.body) };
}
