import type * as z from 'zod/mini';
import { invalidField } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { type RerunPick, rerunRun } from '../../workflow/rerun-run.ts';
import { findRun, readParam } from '../find.ts';
import type { Handler } from '../message.ts';
import { readObject } from './read-object.ts';
import { rerunBody } from './schemas.ts';
import { answerStarted, given, startedBy } from './trigger-run.ts';

/**
 * `POST /v1/runs/{runId}/rerun`: 202 with a new run at the end of the run's chain, of the cases that did not pass unless
 * `which` says otherwise. What the body leaves out is taken over from the run named.
 */
export function createRerunRun(services: Services): Handler {
  return async (request, principal) => {
    const { which, cases, ...settings } = await readObject(request, rerunBody, ['runtimeData']);
    if (which !== 'picked' && cases != null) throw invalidField('cases', 'goes with `which: picked`', which);
    if (which === 'picked' && !cases?.length) throw invalidField('cases', 'must name the cases to run with `picked`');
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const answer = await rerunRun(services, {
      ...startedBy(request, principal, 'POST /v1/runs/{runId}/rerun'),
      ...given(settings),
      run,
      type: which,
      picks: (cases ?? []).map(toPick),
    });
    return answerStarted(services, answer, request);
  };
}

type GivenCase = NonNullable<z.output<typeof rerunBody>['cases']>[number];

function toPick(testCase: GivenCase, i: number): RerunPick {
  const { iterations, ...named } = testCase;
  return { testCase: 'resultId' in named ? named.resultId : named, iterations, field: `cases[${i}]` };
}
