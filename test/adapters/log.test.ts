import { describe, expect, it } from 'vitest';
import { createInvocation } from '../../lib/adapters/invocation.ts';
import { createLog } from '../../lib/adapters/log.ts';
import { embedMetrics } from '../../lib/adapters/metrics.ts';
import { ServiceError } from '../../lib/core/errors.ts';
import type { LogEntry } from '../../lib/core/ports.ts';

const at = Date.UTC(2027, 0, 4, 9);
const canary = 'canary-4f8a1c';

/** A function's log, wired as `lib/aws.ts` does it, and its lines. */
function createFunctionLog() {
  const lines: Record<string, unknown>[] = [];
  const invocation = createInvocation('Proctor-sweep');
  const log = createLog(
    (line) => lines.push(JSON.parse(line)),
    () => at,
    (entry, time) => ({ ...invocation.about(), ...embedMetrics('Proctor', entry, time) }),
  );
  return { lines, log, handle: <E>(work: (event: E) => Promise<unknown>) => invocation.handle(log, work) };
}

describe('a line of the log', () => {
  it('is one JSON object of the fields that are allowed, whatever else an entry holds', () => {
    const { lines, log } = createFunctionLog();
    const more = { token: canary, headers: { authorization: canary }, _aws: canary };
    log({ level: 'info', event: 'run completed\n', runId: 7, scheduleId: 2, deliveryId: 'd1', ...more } as LogEntry);
    expect(lines).toEqual([
      {
        time: '2027-01-04T09:00:00.000Z',
        level: 'info',
        event: 'run completed\n',
        function: 'Proctor-sweep',
        runId: 7,
        scheduleId: 2,
        deliveryId: 'd1',
      },
    ]);
  });

  it('says in which invocation it was written, and about which run', async () => {
    const { lines, log, handle } = createFunctionLog();
    const say = handle(async (_: unknown) => log({ level: 'info', event: 'said' }));
    const lambda = { awsRequestId: 'lambda-1' };
    await say({ runId: 7, taskToken: canary }, lambda);
    await say({ detail: { runId: 8 } }, lambda);
    await say({ detail: { name: 'run-9-2' } }, lambda);
    await say({ requestContext: { requestId: 'api-1' }, headers: { authorization: canary } }, lambda);
    // A tick of EventBridge Scheduler, whose detail is text.
    await say({ detail: '{}' }, { awsRequestId: 'lambda-2' });
    expect(lines.map(({ requestId, runId }) => [requestId, runId])).toEqual([
      ['lambda-1', 7],
      ['lambda-1', 8],
      ['lambda-1', 9],
      ['api-1', undefined],
      ['lambda-2', undefined],
    ]);
    expect(lines.every((line) => line.function === 'Proctor-sweep')).toBe(true);
    expect(JSON.stringify(lines)).not.toContain(canary);
  });

  it('names the run it is about, even in the invocation of another', async () => {
    const { lines, log, handle } = createFunctionLog();
    await handle(async (_: unknown) => log({ level: 'info', event: 'said', runId: 8 }))({ runId: 7 });
    expect(lines[0]?.runId).toBe(8);
  });

  it('tells what a function threw, an error for a bug and a warning for a refusal, and passes it on', async () => {
    const { lines, handle } = createFunctionLog();
    const bug = handle(async (_: unknown) => Promise.reject(new TypeError('a bug')));
    await expect(bug({ runId: 7 })).rejects.toThrow('a bug');
    const refusal = handle(async (_: unknown) => Promise.reject(new ServiceError('RUN_ACTIVE', 'run 7 is not over')));
    await expect(refusal({ runId: 7 })).rejects.toThrow('run 7 is not over');
    expect(lines.map(({ level, event, runId, errorName }) => [level, event, runId, errorName])).toEqual([
      ['error', 'function failed', 7, 'TypeError'],
      ['warn', 'function failed', 7, 'RUN_ACTIVE'],
    ]);
  });
});

describe('metrics', () => {
  it('are in the line, in the form CloudWatch reads: names in _aws, values beside it', () => {
    const { lines, log } = createFunctionLog();
    log({ level: 'info', event: 'swept', seen: 3, oldestDueSeconds: 12, stuckRuns: 1 });
    const metric = (Name: string, Unit: string) => ({
      Namespace: 'Proctor',
      Dimensions: [[]],
      Metrics: [{ Name, Unit }],
    });
    expect(lines[0]).toMatchObject({
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [metric('OldestDueAge', 'Seconds'), metric('StuckRuns', 'Count')],
      },
      OldestDueAge: 12,
      StuckRuns: 1,
    });
  });

  it('count runs by their result', () => {
    const line = embedMetrics('Proctor', { level: 'info', event: 'run completed', code: 'failed' }, at);
    expect(line).toMatchObject({
      _aws: {
        CloudWatchMetrics: [{ Dimensions: [['Result']], Metrics: [{ Name: 'RunsCompleted', Unit: 'Count' }] }],
      },
      Result: 'failed',
      RunsCompleted: 1,
    });
  });

  const warn = { level: 'warn' } as const;
  it.each<[string, LogEntry, string | undefined]>([
    ['a delivery that failed', { ...warn, event: 'delivery failed', code: 'NO_ANSWER' }, 'DeliveriesFailed'],
    ['one whose subscription was disabled', { ...warn, event: 'delivery disabled', status: 410 }, 'DeliveriesFailed'],
    ['not one that nobody wants any more', { ...warn, event: 'delivery disabled', code: 'OVERTAKEN' }, undefined],
    ['a dispatch that failed', { ...warn, event: 'dispatch failed' }, 'DispatchesFailed'],
    ['a circuit that opened', { ...warn, event: 'circuit opened' }, 'CircuitsOpened'],
    ['a call of a hook that was refused', { ...warn, event: 'hook refused' }, 'HooksRefused'],
    ['a wrong key', { ...warn, event: 'http.request', status: 401 }, 'KeysRefused'],
    ['late results', { ...warn, event: 'http.request', status: 409, code: 'RUN_COMPLETED' }, 'LateResults'],
    ['not a request', { level: 'info', event: 'http.request', status: 200 }, undefined],
  ])('count %s', (_, entry, name) => {
    const line = embedMetrics('Proctor', entry, at) as Record<string, unknown>;
    expect(Object.keys(line).filter((key) => key !== '_aws')).toEqual(name === undefined ? [] : [name]);
  });
});
