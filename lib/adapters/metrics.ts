import type { LogEntry } from '../core/ports.ts';

/** A metric of one line: its value, and what it is counted by, if by anything. */
interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit?: 'Count' | 'Seconds';
  readonly by?: Readonly<Record<string, string>>;
}

/** Nobody waits for these any more, so that they are no failures. */
const overCodes: readonly (string | undefined)[] = ['SUBSCRIPTION_GONE', 'OVERTAKEN'];
/** Results that came when nothing could become of them. */
const lateCodes: readonly (string | undefined)[] = ['RUN_COMPLETED', 'ATTEMPT_REPLACED'];

/**
 * The metrics in a line of the log, in CloudWatch's Embedded Metric Format: CloudWatch reads them out of the line, so that
 * counting costs no call and cannot fail. Empty for a line that counts nothing. `at` is epoch milliseconds.
 */
export function embedMetrics(namespace: string, entry: LogEntry, at: number): object {
  const measured = measure(entry);
  if (measured.length === 0) return {};
  const directives = measured.map(({ name, unit = 'Count', by = {} }) => ({
    Namespace: namespace,
    Dimensions: [Object.keys(by)],
    Metrics: [{ Name: name, Unit: unit }],
  }));
  const values = measured.map(({ name, value, by }) => ({ ...by, [name]: value }));
  return Object.assign({ _aws: { Timestamp: at, CloudWatchMetrics: directives } }, ...values);
}

/** Each is paid for in the hours it is sent only; of these, an idle deployment sends those of the sweeper. */
function measure({ event, code, status, oldestDueSeconds, stuckRuns }: LogEntry): Measured[] {
  const one = (name: string): Measured[] => [{ name, value: 1 }];
  switch (event) {
    case 'swept':
      return [
        { name: 'OldestDueAge', value: oldestDueSeconds ?? 0, unit: 'Seconds' },
        { name: 'StuckRuns', value: stuckRuns ?? 0 },
      ];
    case 'run completed':
      return [{ name: 'RunsCompleted', value: 1, by: { Result: code ?? 'unknown' } }];
    case 'delivery failed':
    case 'delivery disabled':
      return overCodes.includes(code) ? [] : one('DeliveriesFailed');
    case 'dispatch failed':
      return one('DispatchesFailed');
    case 'circuit opened':
      return one('CircuitsOpened');
    case 'hook refused':
      return one('HooksRefused');
    case 'http.request':
      if (status === 401) return one('KeysRefused');
      return lateCodes.includes(code) ? one('LateResults') : [];
    default:
      return [];
  }
}
