import * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import type { RerunType } from '../../core/run.ts';
import { id, parse } from '../../core/schema.ts';
import type { RerunPick } from '../../workflow/rerun-run.ts';
import { rerunTypeOf } from './words.ts';

export interface RerunBody {
  /** Any run of the chain. */
  readonly runId: number;
  readonly type: RerunType;
  readonly picks: readonly RerunPick[];
}

/** What makes a trigger a rerun (contracts/testsigma.md 3.3). VALIDATION_FAILED for what is missing or of the wrong type. */
export function readRerun(value: unknown): RerunBody {
  const { executionResultId, reRunType, testCaseResultRequests } = parse(rerunSchema, value);
  const type = rerunTypeOf(reRunType);
  if (type === undefined) {
    throw invalidField('reRunType', 'must be ALL_TESTS, ONLY_FAILED_TESTS, … or USER_PICKED', reRunType.slice(0, 100));
  }
  const requests = testCaseResultRequests ?? [];
  if (type !== 'picked' && requests.length > 0) {
    throw invalidField('testCaseResultRequests', `goes with USER_PICKED; leave it out with ${reRunType}`);
  }
  if (type === 'picked' && requests.length === 0) {
    throw invalidField('testCaseResultRequests', 'must name at least one test case result with USER_PICKED');
  }
  return { runId: executionResultId, type, picks: requests.map(toPick) };
}

const iterations = { ALL: 'all', FAILED: 'failed', PASSED: 'passed' } as const;

const caseRequest = z.object(
  {
    id,
    iterationReRunType: z.optional(
      z.nullable(
        z.enum(['ALL', 'FAILED', 'PASSED', 'USER_PICKED'], { error: 'must be ALL, FAILED, PASSED or USER_PICKED' }),
      ),
    ),
    iterationResultIds: z.optional(
      z.nullable(z.array(id, { error: 'must be an array of ids' }).check(z.maxLength(1000))),
    ),
  },
  { error: 'must be an object with the id of a test case result' },
);

const rerunSchema = z.object({
  executionResultId: id,
  reRunType: z.string({ error: 'is required: ALL_TESTS, ONLY_FAILED_TESTS, … or USER_PICKED' }),
  testCaseResultRequests: z.optional(
    z.nullable(z.array(caseRequest, { error: 'must be an array' }).check(z.maxLength(20_000))),
  ),
});

function toPick({ id, iterationReRunType, iterationResultIds }: z.output<typeof caseRequest>, i: number): RerunPick {
  const field = `testCaseResultRequests[${i}]`;
  const which = iterationReRunType ?? 'ALL';
  if (which !== 'USER_PICKED') return { testCase: id, iterations: iterations[which], field };
  if (!iterationResultIds?.length) {
    throw invalidField(`${field}.iterationResultIds`, 'must name at least one iteration with USER_PICKED');
  }
  return { testCase: id, iterations: iterationResultIds, field };
}
