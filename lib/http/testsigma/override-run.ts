import * as z from 'zod/mini';
import { ServiceError } from '../../core/errors.ts';
import type { OverrideResult } from '../../core/override.ts';
import type { Services } from '../../core/ports.ts';
import { id, parse } from '../../core/schema.ts';
import { overrideRun } from '../../workflow/override-run.ts';
import { findRun, readParam } from '../find.ts';
import { readJson } from '../json.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';

/**
 * `PUT /api/v1/execution_results/{id}/override` (contracts/testsigma.md 3.13): 200 also when only some of the ids are of the
 * run, FOREIGN_RESULT when none is.
 */
export function createOverrideRun(services: Services): Handler {
  return async (request, principal) => {
    const body = parse(bodySchema, readJson(request) ?? null);
    const run = await findRun(services, principal, readParam(request, 'id'));
    const { foreign } = await overrideRun(services, run.id, {
      cases: body.map(({ testCaseResultId, result, comment }) => ({
        resultId: testCaseResultId,
        result: results[result],
        ...(comment ? { comment } : {}),
      })),
      keyId: principal.keyId,
      ownerId: principal.ownerId,
      partial: true,
    });
    const errors = foreign.map(
      (resultId) => `Given test case result id ${resultId} is not related to execution run ${run.id}`,
    );
    if (foreign.length === body.length) {
      throw new ServiceError('FOREIGN_RESULT', `Failed to override the result, cause :${errors.join(', ')}`);
    }
    const message = `Overridden the ${errors.length === 0 ? 'results successfully' : 'result partially'}`;
    return answerJson({ errors, message });
  };
}

/** What is overridden as not executed counts as skipped: it keeps no run from passing, and makes none pass. */
const results = {
  SUCCESS: 'passed',
  PASSED: 'passed',
  FAILURE: 'failed',
  FAILED: 'failed',
  NOT_EXECUTED: 'skipped',
} as const satisfies Readonly<Record<string, OverrideResult>>;
const words = Object.keys(results) as [keyof typeof results];

const bodySchema = z
  .array(
    z.object(
      {
        testCaseResultId: id,
        result: z.enum(words, { error: 'must be SUCCESS, FAILURE or NOT_EXECUTED' }),
        comment: z.optional(z.nullable(z.string({ error: 'must be text' }).check(z.maxLength(2000)))),
      },
      { error: 'must be an object' },
    ),
    { error: 'must be an array' },
  )
  .check(z.minLength(1), z.maxLength(5000));
