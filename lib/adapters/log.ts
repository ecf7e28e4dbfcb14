import type { LogEntry } from '../core/ports.ts';

/** Error texts may quote what a user sent; longer ones are cut, and only bugs show where they come from. */
const maxErrorText = 500;

/**
 * One JSON object a line, of the fields of LogEntry and no other (reliability.md 5.8). Control characters cannot leave a
 * line, because JSON escapes them.
 */
export function createLog(write: (line: string) => void, now: () => number): (entry: LogEntry) => void {
  return ({
    level,
    event,
    runId,
    planId,
    keyId,
    attempt,
    requestId,
    route,
    status,
    durationMs,
    code,
    executor,
    error,
  }) => {
    const time = new Date(now()).toISOString();
    const line = {
      time,
      level,
      event,
      runId,
      planId,
      keyId,
      attempt,
      requestId,
      route,
      status,
      durationMs,
      code,
      executor,
    };
    write(`${JSON.stringify(error === undefined ? line : { ...line, ...describe(error) })}\n`);
  };
}

function describe(error: unknown): { errorName: string; errorText: string; stack?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error, errorText: '' };
  const described = { errorName: error.name, errorText: error.message.slice(0, maxErrorText) };
  return 'code' in error || error.stack === undefined ? described : { ...described, stack: error.stack };
}
