import type { ErrorCode, ServiceError } from '../core/errors.ts';

/** The public table of exit codes, in README.md. 0 to 5 are as pytest's. */
export const exitCodes = {
  passed: 0,
  failed: 1,
  interrupted: 2,
  infrastructure: 3,
  usage: 4,
  noTests: 5,
  waitTimedOut: 6,
  alreadyRunning: 7,
} as const;

/** Of a completed run. A result this client does not know is no pass. */
export function exitCodeOfResult(result: string | null): number {
  if (result === 'passed') return exitCodes.passed;
  if (result === 'failed') return exitCodes.failed;
  return result === 'noTests' ? exitCodes.noTests : exitCodes.infrastructure;
}

const ofErrors: Partial<Record<ErrorCode, number>> = {
  ALREADY_RUNNING: exitCodes.alreadyRunning,
  RUN_ACTIVE: exitCodes.alreadyRunning,
  QUEUE_FULL: exitCodes.alreadyRunning,
  EMPTY_SELECTION: exitCodes.noTests,
  UNAVAILABLE: exitCodes.infrastructure,
  RATE_LIMITED: exitCodes.infrastructure,
  EXECUTOR_REFUSED: exitCodes.infrastructure,
  EXECUTOR_UNAVAILABLE: exitCodes.infrastructure,
  EXECUTOR_PROTOCOL: exitCodes.infrastructure,
};

/** Of a refusal: what the caller can put right is `usage`. */
export function exitCodeOfError({ code }: ServiceError): number {
  return ofErrors[code] ?? exitCodes.usage;
}
