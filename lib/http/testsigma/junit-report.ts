import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import { settleCase } from '../../core/settle.ts';
import { readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import { answerJUnit, type WriteJUnit } from '../junit.ts';
import type { Handler } from '../message.ts';
import { shapeOf } from './answer.ts';
import { caseWord, messageOf } from './words.ts';

/**
 * `GET /api/v1/reports/junit/{id}` (contracts/testsigma.md 3.9). RUN_ACTIVE until the run is completed, and ready from then
 * on, because the completing write names results that are stored already (T15).
 */
export function createJUnitReport(services: Services, writeJUnit: WriteJUnit): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'id'));
    if (run.status !== 'completed') {
      const hint = 'fetch the report once its status is STATUS_COMPLETED';
      throw new ServiceError('RUN_ACTIVE', `run ${run.id} is still active; ${hint}`, { runId: run.id });
    }
    const view = await readRunView(services, run);
    return answerJUnit(writeJUnit, view, {
      runUrl: `${shapeOf(services, request).baseUrl}/runs/${run.id}`,
      message: messageOf(view.run),
      title: view.plan.executor.type,
      show: (result) => ({ result: settleCase(view.run, result), label: caseWord(view.run, result) }),
    });
  };
}
