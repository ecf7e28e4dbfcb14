import * as z from 'zod/mini';

const count = z.int().check(z.minimum(0));
const seconds = z.int().check(z.minimum(1), z.maximum(99_999_999));
/** Only the context and input fields below are known; every other path would be a guess. */
const path = z.string().check(z.regex(/^(\$(\.[A-Za-z_]\w*)+|\$\$\.(Task\.Token|Execution\.Name))$/));
const payload = z.record(z.string(), z.unknown());
const reservedErrors = ['States.ALL', 'States.TaskFailed', 'States.Timeout'];
const errorNames = z
  .array(z.string().check(z.refine((name) => !name.startsWith('States.') || reservedErrors.includes(name))))
  .check(z.minLength(1));

const retrier = z.strictObject({
  Comment: z.optional(z.string()),
  ErrorEquals: errorNames,
  IntervalSeconds: z._default(seconds, 1),
  MaxAttempts: z._default(count, 3),
  BackoffRate: z._default(z.number().check(z.minimum(1)), 2),
  MaxDelaySeconds: z.optional(seconds),
  JitterStrategy: z._default(z.enum(['NONE', 'FULL']), 'NONE'),
});

const catcher = z.strictObject({
  Comment: z.optional(z.string()),
  ErrorEquals: errorNames,
  Next: z.string(),
  ResultPath: z.null(),
});

const task = z.strictObject({
  Comment: z.optional(z.string()),
  Type: z.literal('Task'),
  Resource: z.enum(['arn:aws:states:::lambda:invoke', 'arn:aws:states:::lambda:invoke.waitForTaskToken']),
  Parameters: z.strictObject({ FunctionName: z.string(), Payload: payload }),
  TimeoutSeconds: seconds,
  Retry: z._default(z.array(retrier), []),
  Catch: z._default(z.array(catcher), []),
  ResultPath: z.null(),
  Next: z.optional(z.string()),
  End: z.optional(z.literal(true)),
});

const machine = z.strictObject({
  Comment: z.optional(z.string()),
  StartAt: z.string(),
  TimeoutSeconds: seconds,
  States: z.record(z.string(), task),
});

export type Machine = z.output<typeof machine>;
export type TaskState = z.output<typeof task>;
export type Retrier = z.output<typeof retrier>;

/** The part of the Amazon States Language that `asl.ts` plays. Throws at whatever it does not know, wherever it is. */
export function parseMachine(definition: unknown): Machine {
  const parsed = machine.parse(definition);
  const exists = (name: string): void => {
    if (!Object.hasOwn(parsed.States, name)) throw new Error(`there is no state ${name}`);
  };
  exists(parsed.StartAt);
  for (const [name, state] of Object.entries(parsed.States)) {
    if ((state.Next === undefined) === (state.End === undefined)) throw new Error(`${name}: either Next or End`);
    for (const next of [state.Next, ...state.Catch.map(({ Next }) => Next)]) if (next !== undefined) exists(next);
    for (const rules of [state.Retry, state.Catch]) checkOrder(name, rules);
    checkPaths(state.Parameters.Payload);
  }
  return parsed;
}

/** States.ALL stands alone and last, or the state language refuses it. */
function checkOrder(name: string, rules: readonly { readonly ErrorEquals: readonly string[] }[]): void {
  for (const [i, { ErrorEquals }] of rules.entries()) {
    if (!ErrorEquals.includes('States.ALL')) continue;
    if (ErrorEquals.length > 1 || i < rules.length - 1) throw new Error(`${name}: States.ALL is alone and last`);
  }
}

function checkPaths(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key.endsWith('.$')) path.parse(inner);
    else checkPaths(inner);
  }
}
