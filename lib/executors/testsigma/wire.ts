import * as z from 'zod/mini';
import { ServiceError } from '../../core/errors.ts';

/** A number or decimal text, as text: the tenant's ids may be larger than ours. */
const wireId = z.pipe(
  z.union([z.int().check(z.positive()), z.string().check(z.regex(/^\s*[1-9][0-9]{0,15}\s*$/))]),
  z.transform((value) => String(value).trim()),
);
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
/** What is only shown, or only hints at something: of another type it counts as absent. */
const lenient = <T extends z.ZodMiniType>(schema: T) => z.catch(absent(schema), null);
const count = lenient(z.int().check(z.gte(0)));

/** The run object (contracts/testsigma.md 3.1), as far as it is read. Counts may be null. */
const runObject = z.object({
  id: wireId,
  executionId: absent(wireId),
  status: absent(z.string()),
  result: absent(z.string()),
  message: lenient(z.string()),
  buildNo: lenient(z.union([z.string(), z.number()])),
  environmentId: lenient(wireId),
  startTime: lenient(z.number()),
  endTime: lenient(z.number()),
  reRunParentId: lenient(wireId),
  executionConfig: z.optional(z.unknown()),
  totalCount: count,
  passedCount: count,
  failedCount: count,
  abortedCount: count,
  stoppedCount: count,
  notExecutedCount: count,
  preRequisiteFailedCount: count,
  app_url: lenient(z.string()),
});
export type TenantRun = z.output<typeof runObject>;

const page = z.union([
  z.object({ content: z.array(runObject), last: lenient(z.boolean()) }),
  z.pipe(
    z.array(runObject),
    z.transform((content) => ({ content, last: true })),
  ),
]);
export type TenantPage = z.output<typeof page>;

const caseRow = z.object({
  testCaseName: z.string(),
  testCaseResultId: wireId,
  result: absent(z.string()),
  iterationResults: absent(
    z.array(z.object({ iterationResultId: wireId, setName: absent(z.string()), result: absent(z.string()) })),
  ),
  testSuiteName: absent(z.string()),
  machineTitle: absent(z.string()),
  message: lenient(z.string()),
  duration: lenient(z.number().check(z.gte(0))),
});
export type TenantCase = z.output<typeof caseRow>;

const caseResults = z.object({ executionResultId: absent(wireId), testCases: absent(z.array(caseRow)) });

/** Each reads the answer to one call, or throws EXECUTOR_PROTOCOL. What was answered is in no message. */
export const readRun = reader(runObject, 'run');
export const readPage = reader(page, 'list of runs');
export const readCaseResults = reader(caseResults, 'case results');

function reader<T extends z.ZodMiniType>(schema: T, what: string): (value: unknown) => z.output<T> {
  return (value) => {
    const outcome = z.safeParse(schema, value);
    if (outcome.success) return outcome.data;
    const where = outcome.error.issues[0]?.path.map(String).join('.') ?? '';
    const field = where === '' ? '' : ` (${where.slice(0, 100)})`;
    throw new ServiceError('EXECUTOR_PROTOCOL', `The tenant's ${what} makes no sense${field}.`);
  };
}

/** The tenant's id of a run in a reference, undefined if it is none. */
export function runIdIn(ref: string): string | undefined {
  return /^[1-9][0-9]{0,15}$/.test(ref) ? ref : undefined;
}
