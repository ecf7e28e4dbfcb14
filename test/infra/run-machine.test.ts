import { beforeAll, describe, expect, it } from 'vitest';
import { pollHold, pollWait, waits } from '../../lib/core/cadence.ts';
import { emptyCatalog } from '../../lib/core/catalog.ts';
import { decide, mayPoll } from '../../lib/core/decide.ts';
import { parsePlan } from '../../lib/core/plan.ts';
import { foldReport } from '../../lib/core/report.ts';
import { runDefinition, waitError } from '../../lib/infra/run-definition.ts';
import type { Execution } from '../support/asl.ts';
import { type Answer, type Played, playMachine, polled, synthesizedMachine } from '../support/play-machine.ts';
import { aRun } from '../support/runs.ts';

const minute = 60;

let definition: ReturnType<typeof runDefinition>;
beforeAll(() => {
  definition = synthesizedMachine() as typeof definition;
});

/** Plays a run whose steps answer by the seconds since its start; `meanwhile` sets what others do and when. */
function play(
  step: (elapsedSeconds: number, call: number) => Answer,
  meanwhile: (later: (seconds: number, act: (execution: Execution, token: string) => void) => void) => void = () => {},
  complete: (call: number) => string | null = () => null,
): Promise<Played> {
  return playMachine(definition, { step, meanwhile, complete });
}

describe('transitions (performance.md P1, P2)', () => {
  it('are 2 for a 60-minute run whose executor calls back', async () => {
    const { execution } = await play(
      () => 'open',
      (later) => later(60 * minute, (running, token) => running.sendTaskSuccess(token, {})),
    );
    expect([execution.status(), execution.transitions]).toEqual(['SUCCEEDED', 2]);
  });

  it('are 3 with one automatic rerun', async () => {
    const { execution, steps } = await play(
      () => 'open',
      (later) => {
        later(30 * minute, (running, token) => running.sendTaskFailure(token, 'Rerun'));
        later(60 * minute, (running, token) => running.sendTaskSuccess(token, {}));
      },
    );
    expect([execution.status(), execution.transitions]).toEqual(['SUCCEEDED', 3]);
    expect(steps).toEqual([0, 30 * minute + 1]);
  });

  it('are 70 at most for a polled 60-minute run without history, its end noticed within 60 s', async () => {
    const { clock, execution, steps } = await play(polled(60 * minute));
    expect(execution.status()).toBe('SUCCEEDED');
    expect(execution.transitions).toBe(steps.length + 1);
    expect(execution.transitions).toBeLessThanOrEqual(70);
    expect(clock.now() / 1000 - 60 * minute).toBeLessThanOrEqual(60);
  });

  it('are 30 at most with history, its end noticed within 60 s', async () => {
    const { clock, execution } = await play(polled(60 * minute, 60 * minute));
    expect(execution.transitions).toBeLessThanOrEqual(30);
    expect(clock.now() / 1000 - 60 * minute).toBeLessThanOrEqual(60);
  });

  it('retry as often as the cadence waits, each wait by its own retrier', async () => {
    const { execution, steps } = await play(polled(60 * minute));
    const expected = new Map<string, number>();
    for (const at of steps.slice(0, -1)) {
      const name = waitError(pollWait(at, undefined, 900));
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
    expect(execution.retries).toEqual(expected);
  });
});

describe('history', () => {
  const day = 24 * 60 * minute;

  it.each([undefined, 1, 6, 12, 20, 24])(
    'of a polled 24-hour run stays under 20,000 events, usual hours: %s',
    async (hours) => {
      const usual = hours === undefined ? undefined : hours * 60 * minute;
      const { execution, steps } = await play(polled(day, usual));
      expect([execution.status(), execution.transitions]).toEqual(['SUCCEEDED', steps.length + 1]);
      expect(execution.historyEvents).toBeLessThan(20_000);
    },
  );

  it.each<[string, { readonly usualSeconds?: number; readonly holds?: number }, number]>([
    ['without history', {}, 1450],
    ['with history', { usualSeconds: day }, 610],
    ['with an executor that wants to be asked every 2 minutes', { holds: 120 }, 1450],
  ])(
    'of a 24-hour run that the core decides stays under 20,000 events, %s',
    async (_, { usualSeconds, holds }, most) => {
      const report = foldReport({
        catalog: emptyCatalog,
        batches: [],
        requests: [],
        attempt: 1,
        expected: [],
        only: false,
      });
      const { deadlines } = parsePlan({ name: 'Day', executor: { type: 'command', command: 'true' } });
      let run = aRun(1, {
        status: 'running',
        dispatch: 'accepted',
        polls: true,
        callsBack: false,
        startedAt: 0,
        lastProgressAt: 0,
        deadlineAt: day * 1000,
        deadlines: { ...deadlines, runSeconds: day },
        ...(usualSeconds === undefined ? {} : { usualSeconds }),
      });
      let asked = 0;
      const { clock, execution } = await play((elapsed) => {
        const now = elapsed * 1000;
        if (mayPoll(run, now)) {
          asked += 1;
          if (elapsed >= day - 600) return 'succeed';
          const pollAfter = holds === undefined ? 0 : now + pollHold(holds, deadlines.inactivitySeconds) * 1000;
          run = { ...run, lastProgressAt: now, pollAfter };
        }
        const decision = decide(run, report, emptyCatalog, now);
        if (decision.next !== 'wait') throw new Error(`${elapsed}: ${decision.next}`);
        return { fail: waitError(decision.seconds) };
      });
      expect(execution.status()).toBe('SUCCEEDED');
      expect(clock.now() / 1000 - (day - 600)).toBeLessThanOrEqual(holds ?? 60);
      expect(execution.transitions).toBeLessThanOrEqual(most);
      expect(asked).toBeLessThan(execution.transitions);
      expect(execution.historyEvents).toBeLessThan(20_000);
    },
  );

  it('of a 24-hour run that is looked at every minute stays under 20,000 events', async () => {
    const { execution, steps } = await play(
      () => 'open',
      (later) => {
        for (let at = minute; at < day; at += minute)
          later(at, (running, token) => running.sendTaskFailure(token, 'Look'));
        later(day, (running, token) => running.sendTaskSuccess(token, {}));
      },
    );
    expect([execution.status(), steps.length]).toEqual(['SUCCEEDED', day / minute]);
    expect(execution.historyEvents).toBeLessThan(20_000);
  });

  it('cannot reach 20,000 events even if every retrier is used up', () => {
    const eventsOfTry = 4; // scheduled, started, submitted, failed
    const tries = definition.States.Attempt.Retry.reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 1);
    expect(tries * eventsOfTry).toBeLessThan(19_900);
  });
});

describe('whatever happens', () => {
  it.each(waits)('Wait%ss waits exactly that long', async (seconds) => {
    const { steps } = await play((_, call) => (call === 1 ? { fail: waitError(seconds) } : 'succeed'));
    expect(steps).toEqual([0, seconds]);
  });

  it('repeats a step that fails for a passing reason, and completes the run when it never works', async () => {
    const { execution, steps, completions } = await play(() => 'throw');
    expect([execution.status(), steps.length, completions()]).toEqual(['SUCCEEDED', 16, 1]);
  });

  it('completes a run nobody heard of for a day', async () => {
    const { clock, execution, completions } = await play(() => 'open');
    expect([execution.status(), completions()]).toEqual(['SUCCEEDED', 1]);
    expect(clock.now() / 1000).toBe(24 * 60 * minute + 900);
  });

  it('repeats a completion that is unavailable', async () => {
    const answers = ['UNAVAILABLE', 'Lambda.TooManyRequestsException', null];
    const { execution, completions } = await play(
      () => 'succeed',
      undefined,
      (call) => answers[call - 1] ?? null,
    );
    expect([execution.status(), completions()]).toEqual(['SUCCEEDED', 3]);
  });

  it('fails at once when the run lives on, so that the rule on failed executions takes over', async () => {
    const { execution, completions } = await play(
      () => 'succeed',
      undefined,
      () => 'RUN_ACTIVE',
    );
    expect([execution.status(), execution.failure()?.error, completions()]).toEqual(['FAILED', 'RUN_ACTIVE', 1]);
  });
});

it('is these two states', () => {
  expect(runDefinition({ stepRun: 'step-run', completeRun: 'complete-run' })).toMatchInlineSnapshot(`
    {
      "Comment": "One run: attempts until it is over, then its completion. The state is in the table.",
      "StartAt": "Attempt",
      "States": {
        "Attempt": {
          "Catch": [
            {
              "ErrorEquals": [
                "States.ALL",
              ],
              "Next": "Complete",
              "ResultPath": null,
            },
          ],
          "Next": "Complete",
          "Parameters": {
            "FunctionName": "step-run",
            "Payload": {
              "runId.$": "$.runId",
              "taskToken.$": "$$.Task.Token",
            },
          },
          "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
          "ResultPath": null,
          "Retry": [
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait1s",
              ],
              "IntervalSeconds": 1,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait2s",
              ],
              "IntervalSeconds": 2,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait4s",
              ],
              "IntervalSeconds": 4,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait8s",
              ],
              "IntervalSeconds": 8,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait15s",
              ],
              "IntervalSeconds": 15,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait30s",
              ],
              "IntervalSeconds": 30,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait60s",
              ],
              "IntervalSeconds": 60,
              "JitterStrategy": "NONE",
              "MaxAttempts": 1512,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait120s",
              ],
              "IntervalSeconds": 120,
              "JitterStrategy": "NONE",
              "MaxAttempts": 220,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Wait300s",
              ],
              "IntervalSeconds": 300,
              "JitterStrategy": "NONE",
              "MaxAttempts": 303,
            },
            {
              "BackoffRate": 1,
              "ErrorEquals": [
                "Rerun",
                "Look",
              ],
              "IntervalSeconds": 1,
              "JitterStrategy": "NONE",
              "MaxAttempts": 1512,
            },
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "UNAVAILABLE",
              ],
              "IntervalSeconds": 2,
              "JitterStrategy": "FULL",
              "MaxAttempts": 30,
              "MaxDelaySeconds": 60,
            },
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "States.TaskFailed",
              ],
              "IntervalSeconds": 2,
              "JitterStrategy": "FULL",
              "MaxAttempts": 15,
              "MaxDelaySeconds": 10,
            },
          ],
          "TimeoutSeconds": 87300,
          "Type": "Task",
        },
        "Complete": {
          "End": true,
          "Parameters": {
            "FunctionName": "complete-run",
            "Payload": {
              "runId.$": "$.runId",
            },
          },
          "Resource": "arn:aws:states:::lambda:invoke",
          "ResultPath": null,
          "Retry": [
            {
              "ErrorEquals": [
                "RUN_ACTIVE",
              ],
              "MaxAttempts": 0,
            },
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "Lambda.ServiceException",
                "Lambda.AWSLambdaException",
                "Lambda.SdkClientException",
                "Lambda.TooManyRequestsException",
                "Lambda.ClientExecutionTimeoutException",
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "UNAVAILABLE",
              ],
              "IntervalSeconds": 2,
              "JitterStrategy": "FULL",
              "MaxAttempts": 6,
              "MaxDelaySeconds": 60,
            },
            {
              "BackoffRate": 2,
              "ErrorEquals": [
                "States.TaskFailed",
              ],
              "IntervalSeconds": 2,
              "JitterStrategy": "FULL",
              "MaxAttempts": 3,
              "MaxDelaySeconds": 10,
            },
          ],
          "TimeoutSeconds": 120,
          "Type": "Task",
        },
      },
      "TimeoutSeconds": 88200,
    }
  `);
});

it('is deployed as it is defined', () => {
  const functions = [definition.States.Attempt, definition.States.Complete].map(
    ({ Parameters }) => Parameters.FunctionName,
  );
  expect(definition).toEqual(runDefinition({ stepRun: functions[0] ?? '', completeRun: functions[1] ?? '' }));
});
