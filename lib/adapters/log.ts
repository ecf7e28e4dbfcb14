import type { LogEntry } from '../core/ports.ts';

/** Error texts may quote what a user sent; longer ones are cut, and only bugs show where they come from. */
const maxErrorText = 500;

/** Of an entry, what a line shows: no field that is not named here ever reaches a log (reliability.md 5.8). */
const fields = [
  'level',
  'event',
  'runId',
  'planId',
  'scheduleId',
  'deliveryId',
  'keyId',
  'attempt',
  'requestId',
  'route',
  'status',
  'durationMs',
  'code',
  'executor',
  'seen',
  'oldestDueSeconds',
  'stuckRuns',
] as const satisfies readonly (keyof LogEntry)[];

/**
 * One JSON object a line. Control characters cannot leave a line, because JSON escapes them. `more` adds what the place knows
 * where the line is written: the function, its request, metrics.
 */
export function createLog(
  write: (line: string) => void,
  now: () => number,
  more: (entry: LogEntry, at: number) => object = () => ({}),
): (entry: LogEntry) => void {
  return (entry) => {
    const at = now();
    const shown = Object.fromEntries(fields.map((field) => [field, entry[field]]));
    const described = entry.error === undefined ? {} : describe(entry.error);
    // What the entry says itself goes before what is known of the place.
    const line = { time: new Date(at).toISOString(), ...shown, ...described };
    write(`${JSON.stringify({ ...more(entry, at), ...withoutUndefined(line) })}\n`);
  };
}

/** So that they do not hide what is known besides. */
function withoutUndefined(line: object): object {
  return Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined));
}

function describe(error: unknown): { errorName: string; errorText: string; stack?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error, errorText: '' };
  const described = { errorName: error.name, errorText: error.message.slice(0, maxErrorText) };
  return 'code' in error || error.stack === undefined ? described : { ...described, stack: error.stack };
}
