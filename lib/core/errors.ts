/**
 * Every expected refusal of Proctor. The code is the contract: HTTP answers map it to a status, the state machine
 * sees it as the error's name, and tests match it. Anything else that is thrown is a bug.
 */
export type ErrorCode =
  | 'INVALID_JSON'
  | 'VALIDATION_FAILED'
  | 'BODY_TOO_LARGE'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'NO_ACTIVE_RUN'
  | 'METHOD_NOT_ALLOWED'
  | 'RATE_LIMITED'
  | 'ALREADY_RUNNING'
  | 'RUN_ACTIVE'
  | 'RUN_COMPLETED'
  | 'ATTEMPT_REPLACED'
  | 'RERUN_LIMIT'
  | 'BATCH_ID_REUSED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'PLAN_DISABLED'
  | 'PLAN_CYCLE'
  | 'VERSION_CONFLICT'
  | 'NAME_TAKEN'
  | 'UNKNOWN_ENVIRONMENT'
  | 'ENVIRONMENT_UNAVAILABLE'
  | 'UNKNOWN_CONFIG'
  | 'AMBIGUOUS_CONFIG'
  | 'EMPTY_SELECTION'
  | 'AMBIGUOUS_RUN'
  | 'FOREIGN_RESULT'
  | 'UNKNOWN_TIMEZONE'
  | 'TIME_IN_PAST'
  | 'QUEUE_FULL'
  | 'REPORT_UNREADABLE'
  | 'RUN_TOO_LARGE'
  | 'EXECUTOR_REFUSED'
  | 'EXECUTOR_UNAVAILABLE'
  | 'EXECUTOR_PROTOCOL'
  | 'UNAVAILABLE';

/** One field that is wrong: where it is, what it must be, and (unless it may be secret) what was given. */
export interface FieldError {
  /** Path from the root of the body, e.g. `executor.command`, or the name of a parameter. */
  readonly field: string;
  readonly message: string;
  readonly rejectedValue?: string | number | boolean | null;
}

export interface ErrorDetails {
  readonly fields?: readonly FieldError[];
  /** The run the refusal is about, e.g. the one that is already active. */
  readonly runId?: number;
  /** The environments that are disabled or have no free slot, by id. */
  readonly environments?: readonly { readonly id: number; readonly name: string }[];
  readonly retryAfterSeconds?: number;
  /** Of an executor's start that failed: it certainly started nothing, so there is nothing to look for. */
  readonly nothingStarted?: true;
  /** What a NOT_FOUND is about: the Testinium API has a code for each. */
  readonly subject?: Subject;
  readonly cause?: unknown;
}

export type Subject = 'plan' | 'project' | 'company' | 'run' | 'result' | 'case';

/** The one error class. `message` is meant for the person who made the call and says what to do next. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldError[];
  readonly runId: number | undefined;
  readonly environments: readonly { readonly id: number; readonly name: string }[];
  readonly retryAfterSeconds: number | undefined;
  readonly nothingStarted: boolean;
  readonly subject: Subject | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = code;
    this.code = code;
    this.fields = details.fields ?? [];
    this.runId = details.runId;
    this.environments = details.environments ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.nothingStarted = details.nothingStarted ?? false;
    this.subject = details.subject;
  }
}

/** True for a ServiceError, of the given code if one is named. */
export function isServiceError(error: unknown, code?: ErrorCode): error is ServiceError {
  return error instanceof ServiceError && (code === undefined || error.code === code);
}

/** A refusal because of one field. */
export function invalidField(
  field: string,
  message: string,
  rejectedValue?: FieldError['rejectedValue'],
): ServiceError {
  const detail: FieldError = rejectedValue === undefined ? { field, message } : { field, message, rejectedValue };
  return new ServiceError('VALIDATION_FAILED', `${field}: ${message}`, { fields: [detail] });
}
