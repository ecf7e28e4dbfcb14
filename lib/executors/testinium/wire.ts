import * as z from 'zod/mini';
import { id } from '../../core/schema.ts';
import { garbage } from './tenant.ts';

/** Absent, null and what is not understood alike: extra keys and odd values of others must not cost a result. */
const lenient = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(z.nullable(schema)), undefined);
const flag = z.catch(z.optional(z.boolean()), undefined);

/** ISO text or epoch milliseconds (contracts/testinium.md T21). `at` is absent if only that there is a date is known. */
const date = z.pipe(
  z.union([z.number(), z.string()]),
  z.transform((value) => {
    const at = typeof value === 'number' ? value : Date.parse(value);
    return Number.isNaN(at) ? {} : { at };
  }),
);
/** `""` is no date. */
const someDate = z.optional(
  z.nullable(
    z.pipe(
      z.unknown(),
      z.pipe(
        z.transform((value) => (value === '' ? null : value)),
        z.nullable(date),
      ),
    ),
  ),
);

/** Both spellings (T1); the newer clients' and the older ones'. */
const runAnswer = z.object({
  execution_id: lenient(id),
  successful: flag,
  succesful: flag,
  already_running: flag,
  running_execution_id: lenient(id),
  unavailable_env_list: lenient(z.array(z.object({ id }))),
});

const named = lenient(z.object({ id: lenient(id), name: lenient(z.string()), browser_type: lenient(z.string()) }));
const environmentInfo = lenient(
  z.object({ id: lenient(id), browsers: lenient(z.array(z.object({ browser_name: lenient(z.string()) }))) }),
);

const result = z.object({
  id,
  level: z.string(),
  runtime: lenient(z.number()),
  message: lenient(z.string()),
  scenario_id: lenient(id),
  test_scenario: lenient(z.object({ id: lenient(id), scenario_name: lenient(z.string()) })),
  environment: named,
  environment_info: environmentInfo,
});
/** One result, of either shape. */
export type WireResult = z.output<typeof result>;

const execution = z.object({
  id,
  username: lenient(z.string()),
  plan_name: lenient(z.string()),
  start_date: someDate,
  end_date: someDate,
  result_summary: lenient(z.record(z.string(), z.number())),
  /** Ids in the cloud shape, whole results in the enterprise one. */
  test_results: lenient(z.array(z.union([id, result]))),
  test_results_truncated: flag,
  error_code: lenient(z.string()),
  error_definition: lenient(z.string()),
});
/** One execution, of either shape. It has ended exactly if it has an `end_date`. */
export type WireExecution = z.output<typeof execution>;

const page = z.object({ item_list: z.array(execution) });
const scenario = z.object({ scenario_name: lenient(z.string()) });

export const readRunAnswer = reader(runAnswer);
export const readExecution = reader(execution);
export const readPage = reader(page);
export const readResult = reader(result);
export const readScenario = reader(scenario);

/** True once nothing more is expected of it. */
export function isEnded({ end_date }: WireExecution): boolean {
  return end_date !== undefined && end_date !== null;
}

function reader<T extends z.ZodMiniType>(schema: T): (value: unknown, verb: string) => z.output<T> {
  return (value, verb) => {
    const outcome = z.safeParse(schema, value);
    if (outcome.success) return outcome.data;
    const [issue] = outcome.error.issues;
    throw garbage(verb, `${issue?.path.map(String).join('.') || 'it'} is not as documented`);
  };
}
