import { waits } from '../core/cadence.ts';

/** Seconds a run may last at most, whatever its plan says (the limit of `deadlines.runSeconds` in core/plan.ts). */
const runLimitSeconds = 86_400;
/** Dispatching, confirming a stop and completing come on top of the run itself (reliability.md 3.6). */
const slackSeconds = 900;

/**
 * Attempt 1 of a passing trouble comes after 0 to 2 s, then up to 4, 8, 16, 32 and 60 s: 6 retries within 122 s. Lambda's
 * own troubles are over by then, or the sweeper takes the run up again.
 */
const transient = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'UNAVAILABLE',
  ],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxAttempts: 6,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/** The run lives on: what comes next is another execution, not another try (workflow/conclude-run.ts). */
const never = { ErrorEquals: ['RUN_ACTIVE'], MaxAttempts: 0 };

/** A bug does not go away by repeating; a broken connection in the middle of a step does. 3 retries within 14 s. */
const unexpected = { ...transient, ErrorEquals: ['States.TaskFailed'], MaxAttempts: 3, MaxDelaySeconds: 10 };

/**
 * Asked to look at once: the attempt after a rerun, a stop, and every minute the sweeper that polls for a step whose executor
 * also calls back. 1 s is the shortest interval there is.
 */
const woken = { ErrorEquals: ['Rerun', 'Look'], ...every(1, lasting(60)) };

/**
 * The run as a durable timer around `{ runId }`. A step that has to wait fails its own task with the name of the wait, so
 * the retrier is the timer: one transition a wait, where Wait, Task and Choice are three.
 */
export function runDefinition(functions: { readonly stepRun: string; readonly completeRun: string }) {
  return {
    Comment: 'One run: attempts until it is over, then its completion. The state is in the table.',
    StartAt: 'Attempt',
    TimeoutSeconds: runLimitSeconds + 2 * slackSeconds,
    States: {
      Attempt: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Parameters: {
          FunctionName: functions.stepRun,
          Payload: { 'runId.$': '$.runId', 'taskToken.$': '$$.Task.Token' },
        },
        TimeoutSeconds: runLimitSeconds + slackSeconds,
        Retry: [
          ...waits.map((seconds) => ({ ErrorEquals: [waitError(seconds)], ...every(seconds, triesOf(seconds)) })),
          woken,
          ...overADay([transient, unexpected]),
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Complete' }],
        ResultPath: null,
        Next: 'Complete',
      },
      Complete: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: { FunctionName: functions.completeRun, Payload: { 'runId.$': '$.runId' } },
        TimeoutSeconds: 120,
        Retry: [never, transient, unexpected],
        ResultPath: null,
        End: true,
      },
    },
  };
}

/** The error by which a step asks for a wait. */
export function waitError(seconds: number): string {
  return `Wait${seconds}s`;
}

/**
 * A run repeats waits of 60 s and 300 s as long as it lasts (core/cadence.ts, `pollWait`): 1,512 and 303 tries. The others
 * only lead up to those, or to a deadline: 7 times 220. With 1,512 wake-ups and 45 other retries that makes 4,913 tries of 4
 * history events: 19,652 of the 25,000 there are, and under the 20,000 of performance.md P2.
 */
function triesOf(seconds: number): number {
  return seconds === 60 || seconds === 300 ? lasting(seconds) : 220;
}

/**
 * Retriers count from the state's entry, and an attempt stays in its state for up to a day: 30 and 15 troubles in all, not 6
 * and 3 in a row.
 */
function overADay<T extends { readonly MaxAttempts: number }>(retriers: readonly T[]): T[] {
  return retriers.map((retrier) => ({ ...retrier, MaxAttempts: retrier.MaxAttempts * 5 }));
}

/** Tries for the longest run and 5 % more. */
function lasting(seconds: number): number {
  return Math.ceil((runLimitSeconds * 1.05) / seconds);
}

function every(seconds: number, tries: number) {
  return { IntervalSeconds: seconds, BackoffRate: 1, MaxAttempts: tries, JitterStrategy: 'NONE' };
}
