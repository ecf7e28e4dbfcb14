import { idOf, machineOf, nameOf, suiteOf } from '../../core/catalog.ts';
import type { Services } from '../../core/ports.ts';
import type { CaseState } from '../../core/report.ts';
import { isFinished } from '../../core/results.ts';
import { resultIdAt } from '../../core/run.ts';
import { settleCase } from '../../core/settle.ts';
import { type RunView, readRunView } from '../../workflow/read-run.ts';
import { findRun, readParam } from '../find.ts';
import type { Handler } from '../message.ts';
import { answerJson } from './answer.ts';
import { caseWord, resultWord, statusWord } from './words.ts';

/** `GET /api/v1/execution_results/{id}/test_case_results` (contracts/testsigma.md 3.6). */
export function createCaseResults(services: Services): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'id'));
    const view = await readRunView(services, run);
    return answerJson({
      executionId: run.planId,
      executionResultId: run.id,
      result: resultWord(view.run),
      status: statusWord(run),
      testCases: view.cases.map((testCase) => toCaseObject(view, testCase)),
    });
  };
}

/** The machine is the executor itself for a case that is on none of the plan's. */
function toCaseObject({ run, plan, catalog }: RunView, testCase: CaseState) {
  const { position, iterations } = testCase;
  const { suite, name, machine = plan.executor.type } = nameOf(catalog, position);
  const machinePosition = machineOf(catalog, position);
  const suitePosition = suiteOf(catalog, position);
  return {
    testCaseId: idOf(catalog, position),
    testCaseName: name,
    testCaseResultId: resultIdAt(run, position),
    result: caseWord(run, testCase.result),
    isDataDrivenCase: iterations.length > 0,
    iterationResults: iterations.map((iteration) => ({
      iterationResultId: resultIdAt(run, iteration.position),
      setName: catalog.entries[iteration.position]?.name ?? '',
      result: caseWord(run, iteration.result),
    })),
    testSuiteId: idOf(catalog, suitePosition),
    testSuiteName: suite,
    testSuiteResultId: resultIdAt(run, suitePosition),
    machineId: machinePosition === undefined ? run.planId : idOf(catalog, machinePosition),
    machineTitle: machine,
    machineResultId: machinePosition === undefined ? run.id : resultIdAt(run, machinePosition),
    message: testCase.message ?? null,
    duration: testCase.attempt > 0 && isFinished(settleCase(run, testCase.result)) ? testCase.durationMs : null,
  };
}
