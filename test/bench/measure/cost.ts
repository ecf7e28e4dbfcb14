import { prices } from '../prices.ts';
import type { Hour } from './hour.ts';
import type { Call, Invocation } from './meter.ts';

/** Of one core at this much memory; a function with less gets its share of it. */
const coreMegabytes = 1769;
/** What Lambda is charged for while it waits: a service in its region, and a runner or tenant anywhere. A loopback is neither. */
const callMs = 5;
const requestOutMs = 200;
/** Of the step that calls out. */
const callerMegabytes = 1024;
/** A line of the state machine's log without data, as it writes it. */
const historyLineBytes = JSON.stringify({
  id: '12',
  type: 'TaskScheduled',
  details: {
    region: 'us-east-1',
    resource: 'invoke.waitForTaskToken',
    resourceType: 'lambda',
    timeoutInSeconds: '87300',
  },
  redrive_count: '0',
  previous_event_id: '11',
  event_timestamp: '1795723200000',
  execution_arn: 'arn:aws:states:us-east-1:123456789012:execution:Proctor-run:run-123456-1',
}).length;
/** What Lambda itself writes of an invocation, its first and last line and its report. */
const id = '8ca5b1c6-1f0e-4b1b-9d0a-2f6c1c1f9a52';
const invocationLines = [
  `START RequestId: ${id} Version: $LATEST`,
  `END RequestId: ${id}`,
  `REPORT RequestId: ${id}\tDuration: 1234.56 ms\tBilled Duration: 1235 ms\tMemory Size: 1024 MB\tMax Memory Used: 112 MB\tXRAY TraceId: 1-5f5f5f5f-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true`,
];

/** What it takes to have functions loaded anew: milliseconds each, and how many of them read a secret before they can go on. */
export interface Loading {
  readonly ms: ReadonlyMap<string, number>;
  readonly secretReads: number;
}

/** Dollars of the parts of one run. */
export type Cost = Readonly<Record<(typeof parts)[number], number>>;
export const parts = [
  'transitions',
  'API requests',
  'invocations',
  'GB-seconds',
  'table writes',
  'table reads',
  'table storage',
  'events',
  'secrets',
  'logs',
  'traces',
] as const;

/**
 * What the run of that hour costs, beyond an idle one. `memoryOf` is what each function has, in MB; `cold` has every function
 * loaded anew. Of the passages of every minute, the deployment's own, a run pays for what they did for it.
 */
export function costOf(
  hour: Hour,
  idle: Hour,
  { memoryOf, stored, cold }: { memoryOf: (functionId: string) => number; stored: number; cold?: Loading },
): Cost {
  const idleCalls = new Map<string, number>();
  for (const { functionId, calls } of idle.invocations.filter(isPassage))
    idleCalls.set(functionId, Math.max(calls, idleCalls.get(functionId) ?? 0));
  const own = hour.invocations.filter((one) => !isPassage(one));
  const busy = hour.invocations.filter((one) => isPassage(one) && one.calls > (idleCalls.get(one.functionId) ?? 0));
  const idleMs = (functionId: string): number => {
    const passages = idle.invocations.filter((one) => isPassage(one) && one.functionId === functionId);
    return passages.reduce((sum, one) => sum + onLambdaMs(one, memoryOf), 0) / Math.max(1, passages.length);
  };
  const loaded = new Set(cold === undefined ? [] : own.map(({ functionId }) => functionId));
  const loading = [...loaded].reduce((sum, of) => sum + gigabyteSeconds(cold?.ms.get(of) ?? 0, memoryOf(of)), 0);
  const writes = units(hour, 'writeUnits') - perHour(units(idle, 'writeUnits'), hour, idle);
  const reads = units(hour, 'readUnits') - perHour(units(idle, 'readUnits'), hour, idle);
  const lines =
    own.length * invocationLines.length + hour.historyEvents + hour.logLines - perHour(idle.logLines, hour, idle);
  const logBytes =
    own.length * invocationLines.join('').length +
    hour.historyEvents * historyLineBytes +
    (hour.logBytes - perHour(idle.logBytes, hour, idle)) +
    lines * prices.logLineBytes;
  return {
    transitions: hour.transitions * prices.transition,
    'API requests': own.filter(({ by }) => by === 'API Gateway').length * prices.apiRequest,
    invocations: own.length * prices.invocation,
    'GB-seconds':
      (loading +
        own.reduce((sum, one) => sum + gigabyteSeconds(onLambdaMs(one, memoryOf), memoryOf(one.functionId)), 0) +
        busy.reduce((sum, one) => {
          const more = Math.max(0, onLambdaMs(one, memoryOf) - idleMs(one.functionId));
          return sum + gigabyteSeconds(more, memoryOf(one.functionId));
        }, 0) +
        gigabyteSeconds(hour.requestsOut * requestOutMs, callerMegabytes)) *
      prices.gigabyteSecond,
    'table writes': writes * prices.writeUnit,
    'table reads': reads * prices.readUnit,
    'table storage': (stored / 1e9) * prices.storedGigabyte,
    events: hour.calls.reduce((sum, { events }) => sum + events, 0) * prices.event,
    secrets: Math.max(hour.calls.filter(readsSecret).length, cold?.secretReads ?? 0) * prices.secretCall,
    logs: (logBytes / 1e9) * prices.logGigabyte,
    // Of few runs all are recorded.
    traces: hour.traces * prices.trace,
  };
}

export function total(cost: Cost): number {
  return parts.reduce((sum, part) => sum + cost[part], 0);
}

/** Milliseconds it is charged for: the CPU its process took here, at its share of a core, and waiting one call after the other. */
function onLambdaMs({ functionId, cpuMs, calls }: Invocation, memoryOf: (functionId: string) => number): number {
  const stretched = cpuMs * Math.max(1, coreMegabytes / memoryOf(functionId));
  return Math.ceil(stretched + calls * callMs);
}

function gigabyteSeconds(ms: number, megabytes: number): number {
  return (ms / 1000) * (megabytes / 1024);
}

export function readsSecret({ what }: Pick<Call, 'what'>): boolean {
  return what === 'secretsmanager:GetSecretValue';
}

function isPassage({ by }: Invocation): boolean {
  return by === 'Scheduler';
}

function units({ calls }: Hour, of: 'readUnits' | 'writeUnits'): number {
  return calls.reduce((sum, call: Call) => sum + call[of], 0);
}

/** As many minutes of an idle hour as this one had. */
function perHour(value: number, hour: Hour, idle: Hour): number {
  return (value / idle.invocations.filter(isPassage).length) * hour.invocations.filter(isPassage).length;
}
