import type { HttpResponse } from '../message.ts';
import type { Refusal } from '../problem.ts';
import { answerJson } from './answer.ts';
import type { Variant } from './settings.ts';
import { toIso } from './time.ts';

/** What was asked, for the error that answers it. */
export interface Asked {
  /** As sent, without query. */
  readonly path: string;
  /** Of the route table; undefined where no route fits. */
  readonly operation: string | undefined;
  readonly variant: Variant;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One row of the table in contracts/testinium.md 2.2; without a message of its own a variant sends the code. */
interface Row {
  readonly error: string;
  readonly status: number;
  readonly message?: string;
  readonly enterprise: string;
  readonly enterpriseStatus?: number;
}

/** contracts/testinium.md 2.2: the same keys in both variants, status and text of the variant. */
export function toTestiniumError(refusal: Refusal, asked: Asked): HttpResponse {
  const row = asked.operation === 'testinium.token' ? tokenRow(refusal) : rowOf(refusal, asked);
  const isCloud = asked.variant === 'cloud' || asked.operation === 'testinium.token';
  const status = isCloud ? row.status : (row.enterpriseStatus ?? row.status);
  const body = errorBody(status, row.error, isCloud ? row.message : row.enterprise, refusal.message, asked);
  return answerJson(status, body, only(refusal.headers, status));
}

/** The body of 2.2 alone: a 409 of force run holds the run's fields too. */
export function alreadyRunning(description: string, asked: Asked) {
  const { error, enterprise } = rows.alreadyRunning;
  return errorBody(409, error, asked.variant === 'cloud' ? undefined : enterprise, description, asked);
}

function errorBody(status: number, error: string, message: string | undefined, description: string, asked: Asked) {
  const timestamp = toIso(asked.at);
  return { status, error, message: message ?? error, error_description: description, path: asked.path, timestamp };
}

/** A plugin repeats whatever has `Retry-After`, so it goes with 429 and 503 only (T14). */
function only(headers: Readonly<Record<string, string>>, status: number): Record<string, string> {
  const { 'retry-after': wait, ...others } = headers;
  return status === 429 || status === 503 ? { ...others, 'retry-after': wait ?? '1' } : others;
}

const rows = {
  unauthorized: { error: 'UNAUTHORIZED', status: 401, enterprise: 'Unauthorized' },
  deniedRun: { error: 'ACCESS_DENIED', status: 401, enterprise: 'Forbidden', enterpriseStatus: 403 },
  denied: { error: 'ACCESS_DENIED', status: 403, enterprise: 'Forbidden' },
  invalid: { error: 'INVALID_REQUEST', status: 400, enterprise: 'Invalid request' },
  runPlan: { error: 'TEST_PLAN_NOT_FOUND', status: 404, enterprise: 'Plan not found' },
  plan: { error: 'PLAN_NOT_FOUND', status: 404, enterprise: 'Plan not found' },
  project: { error: 'PROJECT_NOT_FOUND', status: 404, enterprise: 'Project not found' },
  company: { error: 'COMPANY_NOT_FOUND', status: 404, enterprise: 'Company not found' },
  run: {
    error: 'EXECUTION_NOT_FOUND',
    status: 404,
    message: 'Execution not found',
    enterprise: 'Test Execution not found',
  },
  result: { error: 'RESULT_NOT_FOUND', status: 404, enterprise: 'Test result not found' },
  case: { error: 'SCENARIO_NOT_FOUND', status: 404, enterprise: 'Scenario not found' },
  alreadyRunning: { error: 'ALREADY_RUNNING', status: 409, enterprise: 'Test plan is already running' },
  notFound: { error: 'NOT_FOUND', status: 404, enterprise: 'Not Found' },
  method: { error: 'METHOD_NOT_ALLOWED', status: 405, enterprise: 'Method Not Allowed' },
  keyReused: { error: 'IDEMPOTENCY_KEY_REUSED', status: 422, enterprise: 'Idempotency key reused' },
  throttled: { error: 'TOO_MANY_REQUESTS', status: 429, enterprise: 'Too Many Requests' },
  unavailable: { error: 'SERVICE_UNAVAILABLE', status: 503, enterprise: 'Service Unavailable' },
  internal: { error: 'SYSTEM_INTERNAL_ERROR', status: 500, enterprise: 'Internal Server Error' },
} as const satisfies Record<string, Row>;

function rowOf({ code, status, subject }: Refusal, { operation }: Asked): Row {
  const isRun = operation === 'testinium.run';
  switch (code) {
    case 'UNAUTHORIZED':
      return rows.unauthorized;
    case 'FORBIDDEN':
      return isRun ? rows.deniedRun : rows.denied;
    case 'NOT_FOUND':
      if (subject === 'plan') return isRun ? rows.runPlan : rows.plan;
      return subject === undefined ? rows.notFound : rows[subject];
    case 'ALREADY_RUNNING':
    case 'RUN_ACTIVE':
    case 'QUEUE_FULL':
      return rows.alreadyRunning;
    case 'METHOD_NOT_ALLOWED':
      return rows.method;
    case 'IDEMPOTENCY_KEY_REUSED':
      return rows.keyReused;
    case 'RATE_LIMITED':
      return rows.throttled;
    case 'UNAVAILABLE':
    case 'VERSION_CONFLICT':
      return rows.unavailable;
    default:
      return status < 500 ? rows.invalid : rows.internal;
  }
}

/** contracts/testinium.md 3.11: alike in both variants. */
function tokenRow(refusal: Refusal): Row {
  if (refusal.code === 'UNAUTHORIZED') return { ...rows.unauthorized, error: 'INVALID_CLIENT' };
  const row = rowOf(refusal, { path: '', operation: undefined, variant: 'cloud', at: 0 });
  return row === rows.internal ? { ...row, error: 'INTERNAL_SERVER_ERROR' } : row;
}
