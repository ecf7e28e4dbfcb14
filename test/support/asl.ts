import { parseMachine, type Retrier, type TaskState } from './asl-definition.ts';

interface Clock {
  now(): number;
  /** Calls `fn` once, `ms` from now, and awaits it; the answer cancels that. */
  after(ms: number, fn: () => void | Promise<void>): () => void;
}

type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';

export interface Execution {
  readonly name: string;
  status(): ExecutionStatus;
  /** As AWS bills them: states entered, and one for each retry. */
  readonly transitions: number;
  /** AWS ends an execution at 25,000 of them. */
  readonly historyEvents: number;
  /** How often each error was retried. */
  readonly retries: ReadonlyMap<string, number>;
  /** Why it failed. */
  failure(): { readonly error: string; readonly cause: string } | undefined;
  /** Throws InvalidToken for a token it never gave, TaskTimedOut for one whose task is over. */
  sendTaskSuccess(token: string, output?: unknown): void;
  sendTaskFailure(token: string, error: string, cause?: string): void;
  /** Resolves when it is over, however it ended. */
  readonly done: Promise<void>;
}

export interface ExecutionOptions {
  readonly input: unknown;
  readonly name: string;
  readonly invoke: (functionName: string, payload: Record<string, unknown>) => Promise<unknown>;
  readonly clock: Clock;
  /** For jitter: 0 to below 1. */
  readonly random?: () => number;
}

const historyLimit = 25_000;

/** One try of a task: open until it has an outcome. */
interface Try {
  readonly token: string;
  readonly state: TaskState;
  /** How often each retrier of the state was used since it was entered. */
  readonly used: number[];
  open: boolean;
  /** An outcome from outside is on its way. */
  answered: boolean;
  readonly cancelTimeout: () => void;
}

/**
 * Plays a state machine of Lambda tasks the way AWS does: task tokens, retries with backoff and jitter, catches, timeouts.
 * Everything happens inside callbacks of the clock. Throws at once if the definition uses anything it does not know.
 */
export function createExecution(definition: unknown, options: ExecutionOptions): Execution {
  const machine = parseMachine(definition);
  const { clock, invoke, random = () => 0.5 } = options;
  const retries = new Map<string, number>();
  const tokens = new Set<string>();
  let status: ExecutionStatus = 'RUNNING';
  let failure: { error: string; cause: string } | undefined;
  let transitions = 0;
  let historyEvents = 1;
  let current: Try | undefined;
  let cancelRetry = (): void => {};
  let resolveDone = (): void => {};
  const done = new Promise<void>((resolve) => {
    resolveDone = resolve;
  });

  const finish = (ending: Exclude<ExecutionStatus, 'RUNNING'>, why?: { error: string; cause: string }): void => {
    if (status !== 'RUNNING') return;
    status = ending;
    failure = why;
    historyEvents += 1;
    close();
    cancelRetry();
    cancelDeadline();
    resolveDone();
  };

  const close = (): void => {
    if (current) current.open = false;
    current?.cancelTimeout();
  };

  const enter = async (name: string): Promise<void> => {
    if (status !== 'RUNNING') return;
    transitions += 1;
    historyEvents += 1;
    const state = machine.States[name] as TaskState;
    const used = state.Retry.map(() => 0);
    await attempt(state, used);
  };

  const attempt = async (state: TaskState, used: number[]): Promise<void> => {
    if (historyEvents > historyLimit) return finish('FAILED', { error: 'States.Runtime', cause: 'history limit' });
    historyEvents += 2;
    const token = `${options.name}/${tokens.size + 1}`;
    tokens.add(token);
    const cancelTimeout = clock.after(state.TimeoutSeconds * 1000, () => fail(mine, 'States.Timeout', ''));
    const mine: Try = { token, state, used, open: true, answered: false, cancelTimeout };
    current = mine;
    const waits = state.Resource.endsWith('.waitForTaskToken');
    try {
      await invoke(state.Parameters.FunctionName, fill(state.Parameters.Payload, options, token));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
      return fail(mine, name, message);
    }
    if (waits) historyEvents += 1;
    else await succeed(mine);
  };

  const succeed = async (mine: Try): Promise<void> => {
    if (!mine.open || status !== 'RUNNING') return;
    close();
    historyEvents += 2;
    if (mine.state.Next === undefined) finish('SUCCEEDED');
    else await enter(mine.state.Next);
  };

  const fail = async (mine: Try, error: string, cause: string): Promise<void> => {
    if (!mine.open || status !== 'RUNNING') return;
    close();
    historyEvents += 1;
    const { state, used } = mine;
    // The first retrier that names the error decides; when it is used up, no later one is asked.
    const i = state.Retry.findIndex(({ ErrorEquals }) => matches(ErrorEquals, error));
    const retrier = state.Retry[i];
    const tries = used[i] ?? 0;
    if (retrier && tries < retrier.MaxAttempts) {
      used[i] = tries + 1;
      cancelRetry = clock.after(delayMs(retrier, tries, random), async () => {
        transitions += 1;
        retries.set(error, (retries.get(error) ?? 0) + 1);
        await attempt(state, used);
      });
      return;
    }
    const catcher = state.Catch.find(({ ErrorEquals }) => matches(ErrorEquals, error));
    if (catcher === undefined) return finish('FAILED', { error, cause });
    historyEvents += 1;
    await enter(catcher.Next);
  };

  const receive = (token: string, outcome: (mine: Try) => Promise<void>): void => {
    if (!tokens.has(token)) throw named('InvalidToken', 'Invalid token');
    const mine = current;
    if (mine?.token !== token || !mine.open || mine.answered || status !== 'RUNNING') {
      throw named('TaskTimedOut', 'Task Timed Out: the task is over');
    }
    mine.answered = true;
    clock.after(0, () => outcome(mine));
  };

  const cancelDeadline = clock.after(machine.TimeoutSeconds * 1000, () =>
    finish('TIMED_OUT', { error: 'States.Timeout', cause: '' }),
  );
  clock.after(0, () => enter(machine.StartAt));

  return {
    name: options.name,
    status: () => status,
    get transitions() {
      return transitions;
    },
    get historyEvents() {
      return historyEvents;
    },
    retries,
    failure: () => failure,
    sendTaskSuccess: (token) => receive(token, succeed),
    sendTaskFailure: (token, error, cause = '') => receive(token, (mine) => fail(mine, error, cause)),
    done,
  };
}

/** The machine of a synthesized template, with the logical ids of its functions as their names. */
export function readStateMachine(template: { readonly Resources: Record<string, unknown> }): unknown {
  const machines = Object.values(template.Resources)
    .map((resource) => resource as { Type: string; Properties: { DefinitionString: unknown } })
    .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
  if (machines.length !== 1) throw new Error(`${machines.length} state machines in the template`);
  return JSON.parse(resolveText(machines[0]?.Properties.DefinitionString));
}

function resolveText(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[intrinsic, operand] = []] = Object.entries(value as Record<string, unknown>);
  if (intrinsic === 'Fn::Join') return ((operand as [string, unknown[]])[1] ?? []).map(resolveText).join('');
  if (intrinsic === 'Fn::GetAtt') return String((operand as string[])[0]);
  if (intrinsic === 'Ref') return String(operand).replace('AWS::Partition', 'aws');
  throw new Error(`${intrinsic} in the definition of the state machine`);
}

/** States.TaskFailed stands for every failure but a timeout; States.Runtime cannot be caught at all. */
function matches(names: readonly string[], error: string): boolean {
  if (error === 'States.Runtime') return false;
  if (names.includes(error) || names.includes('States.ALL')) return true;
  return names.includes('States.TaskFailed') && error !== 'States.Timeout';
}

function delayMs(retrier: Retrier, tries: number, random: () => number): number {
  const { IntervalSeconds, BackoffRate, MaxDelaySeconds = Number.POSITIVE_INFINITY, JitterStrategy } = retrier;
  const seconds = Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** tries);
  return Math.round(seconds * 1000 * (JitterStrategy === 'FULL' ? random() : 1));
}

function fill(template: unknown, options: ExecutionOptions, token: string): Record<string, unknown> {
  const entries = Object.entries(template as Record<string, unknown>).map(([key, value]) => {
    if (key.endsWith('.$')) return [key.slice(0, -2), lookUp(String(value), options, token)];
    return [
      key,
      typeof value === 'object' && value !== null && !Array.isArray(value) ? fill(value, options, token) : value,
    ];
  });
  return Object.fromEntries(entries);
}

function lookUp(path: string, { input, name }: ExecutionOptions, token: string): unknown {
  if (path === '$$.Task.Token') return token;
  if (path === '$$.Execution.Name') return name;
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, key) => {
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, key)) {
        return (value as Record<string, unknown>)[key];
      }
      throw named('States.Runtime', `the path ${path} finds nothing in the input`);
    }, input);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
