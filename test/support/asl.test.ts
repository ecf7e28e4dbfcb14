import { describe, expect, it } from 'vitest';
import { createExecution, type Execution, readStateMachine } from './asl.ts';
import { createVirtualClock } from './virtual-clock.ts';

const invoke = 'arn:aws:states:::lambda:invoke';

function aTask(change: Record<string, unknown> = {}) {
  return {
    Type: 'Task',
    Resource: `${invoke}.waitForTaskToken`,
    Parameters: { FunctionName: 'step', Payload: { 'token.$': '$$.Task.Token', 'runId.$': '$.runId' } },
    TimeoutSeconds: 100,
    ResultPath: null,
    End: true,
    ...change,
  };
}

function aMachine(task: Record<string, unknown> = aTask(), change: Record<string, unknown> = {}) {
  return { StartAt: 'Step', TimeoutSeconds: 1000, States: { Step: task }, ...change };
}

/** Plays the machine; `answer` is called with each token, and its answer fails the task, or nothing happens. */
async function play(definition: unknown, answer: (call: number, execution: Execution, token: string) => string | null) {
  const clock = createVirtualClock(0);
  const calls: { at: number; payload: Record<string, unknown> }[] = [];
  const execution = createExecution(definition, {
    name: 'run-7-1',
    input: { runId: 7 },
    clock,
    async invoke(_, payload) {
      calls.push({ at: clock.now() / 1000, payload });
      const error = answer(calls.length, execution, String(payload.token));
      if (error !== null) execution.sendTaskFailure(String(payload.token), error);
    },
  });
  await clock.runUntil(() => execution.status() !== 'RUNNING', 100_000_000);
  return { clock, calls, execution };
}

describe('what it refuses', () => {
  it.each([
    ['a state it does not know', aMachine({ Type: 'Wait', Seconds: 5, End: true })],
    ['a field of the machine', aMachine(aTask(), { QueryLanguage: 'JSONata' })],
    ['a field of a state', aMachine(aTask({ HeartbeatSeconds: 5 }))],
    ['a field of a retrier', aMachine(aTask({ Retry: [{ ErrorEquals: ['A'], Delay: 5 }] }))],
    ['a resource', aMachine(aTask({ Resource: 'arn:aws:states:::sqs:sendMessage' }))],
    ['an intrinsic', aMachine(aTask({ Parameters: { FunctionName: 'f', Payload: { 'a.$': 'States.UUID()' } } }))],
    [
      'a JSONPath with a filter',
      aMachine(aTask({ Parameters: { FunctionName: 'f', Payload: { 'a.$': '$.a[?(@)]' } } })),
    ],
    ['an error of the state language', aMachine(aTask({ Retry: [{ ErrorEquals: ['States.Oops'] }] }))],
    ['States.ALL before others', aMachine(aTask({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }] }))],
    ['a next state that is not there', aMachine(aTask({ End: undefined, Next: 'Gone' }))],
    ['a state without an end', aMachine(aTask({ End: undefined }))],
    ['a result that would replace the input', aMachine(aTask({ ResultPath: '$.x' }))],
  ])('%s', (_, definition) => {
    expect(() =>
      createExecution(definition, { name: 'n', input: {}, clock: createVirtualClock(0), invoke: async () => {} }),
    ).toThrow();
  });
});

describe('a task with a token', () => {
  it('gets its token and its input, and ends when the token succeeds', async () => {
    const { calls, execution } = await play(aMachine(), (_, running, token) => {
      running.sendTaskSuccess(token);
      return null;
    });
    expect(calls).toEqual([{ at: 0, payload: { token: 'run-7-1/1', runId: 7 } }]);
    expect([execution.status(), execution.transitions, execution.historyEvents]).toEqual(['SUCCEEDED', 1, 8]);
    await execution.done;
  });

  it('waits as long as the retrier of its error says, then tries again with a new token', async () => {
    const Retry = [
      { ErrorEquals: ['Wait5s'], IntervalSeconds: 5, BackoffRate: 1, MaxAttempts: 2 },
      { ErrorEquals: ['Flaky'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 4, MaxDelaySeconds: 5 },
    ];
    const errors = ['Wait5s', 'Wait5s', 'Flaky', 'Flaky', 'Flaky', 'Wait5s'];
    const { calls, execution } = await play(aMachine(aTask({ Retry })), (call) => errors[call - 1] ?? null);
    expect(calls.map(({ at }) => at)).toEqual([0, 5, 10, 12, 16, 21]);
    expect(new Set(calls.map(({ payload }) => payload.token)).size).toBe(6);
    expect([execution.status(), execution.failure()?.error, execution.transitions]).toEqual(['FAILED', 'Wait5s', 6]);
  });

  it('asks no later retrier once the first that fits is used up', async () => {
    const Retry = [{ ErrorEquals: ['A'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }];
    expect((await play(aMachine(aTask({ Retry })), () => 'A')).execution.transitions).toBe(1);
  });

  it('times out, which States.TaskFailed does not catch', async () => {
    const Retry = [{ ErrorEquals: ['States.TaskFailed'] }];
    const { clock, execution } = await play(aMachine(aTask({ Retry })), () => null);
    expect([clock.now(), execution.failure()?.error]).toEqual([100_000, 'States.Timeout']);
  });

  it('goes where the catch says, which is one more state entered', async () => {
    const States = {
      Step: aTask({
        End: undefined,
        Next: 'Last',
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Last' }],
      }),
      Last: aTask({ Resource: invoke, Parameters: { FunctionName: 'last', Payload: {} } }),
    };
    const { execution } = await play(aMachine(undefined, { States }), (call) => (call === 1 ? 'Broken' : null));
    expect([execution.status(), execution.transitions]).toEqual(['SUCCEEDED', 2]);
  });

  it('is over as a whole when the machine times out', async () => {
    const { clock, execution } = await play(aMachine(aTask(), { TimeoutSeconds: 60 }), () => null);
    expect([clock.now(), execution.status()]).toEqual([60_000, 'TIMED_OUT']);
  });

  it('fails under the name of what the function throws', async () => {
    const clock = createVirtualClock(0);
    const execution = createExecution(aMachine(), {
      name: 'n',
      input: { runId: 1 },
      clock,
      invoke: async () => {
        throw Object.assign(new Error('later'), { name: 'UNAVAILABLE' });
      },
    });
    await clock.runFor(1000);
    expect(execution.failure()).toEqual({ error: 'UNAVAILABLE', cause: 'later' });
  });

  it('spreads retries with full jitter', async () => {
    const clock = createVirtualClock(0);
    const Retry = [{ ErrorEquals: ['A'], IntervalSeconds: 8, JitterStrategy: 'FULL', MaxAttempts: 1 }];
    const execution = createExecution(aMachine(aTask({ Retry })), {
      name: 'n',
      input: { runId: 1 },
      clock,
      random: () => 0.25,
      invoke: async () => {
        throw Object.assign(new Error(), { name: 'A' });
      },
    });
    await clock.runUntil(() => execution.status() === 'FAILED', 60_000);
    expect(clock.now()).toBe(2000);
  });
});

describe('tokens', () => {
  it('are refused when unknown, answered already, or of an earlier try', async () => {
    const Retry = [{ ErrorEquals: ['Again'], IntervalSeconds: 1, BackoffRate: 1 }];
    const seen: string[] = [];
    const trySending = (execution: Execution, token: string) => {
      try {
        execution.sendTaskSuccess(token);
      } catch (error) {
        seen.push(`${token} ${(error as Error).name}`);
      }
    };
    await play(aMachine(aTask({ Retry })), (call, execution, token) => {
      if (call === 1) {
        execution.sendTaskFailure(token, 'Again');
        trySending(execution, token);
        trySending(execution, 'made up');
        return null;
      }
      trySending(execution, 'run-7-1/1');
      trySending(execution, token);
      return null;
    });
    expect(seen).toEqual(['run-7-1/1 TaskTimedOut', 'made up InvalidToken', 'run-7-1/1 TaskTimedOut']);
  });
});

it('fails an execution whose history is full, as AWS does at 25,000 events', async () => {
  const Retry = [{ ErrorEquals: ['Again'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 99_999 }];
  const { execution } = await play(aMachine(aTask({ Retry }), { TimeoutSeconds: 90_000 }), () => 'Again');
  expect(execution.status()).toBe('FAILED');
  expect(execution.historyEvents).toBeGreaterThanOrEqual(25_000);
});

it('reads the machine out of a template, with logical ids for functions', () => {
  const DefinitionString = { 'Fn::Join': ['', ['{"a":"', { 'Fn::GetAtt': ['Step', 'Arn'] }, '"}']] };
  const Resources = { M: { Type: 'AWS::StepFunctions::StateMachine', Properties: { DefinitionString } } };
  expect(readStateMachine({ Resources })).toEqual({ a: 'Step' });
});
