import { type Catalog, idOf, nameOf } from '../../core/catalog.ts';
import type { CaseState } from '../../core/report.ts';
import { resultIdAt } from '../../core/run.ts';
import type { RunView } from '../../workflow/read-run.ts';
import { type ShownEnvironment, toEnvironmentInfo, toEnvironmentObject } from './environment.ts';
import type { WriteTime } from './execution-object.ts';
import { isFinal, type Level, levelOf } from './levels.ts';
import type { TestiniumSettings } from './settings.ts';

/** One result (contracts/testinium.md 3.8). `maxMessage` bounds its text. */
export function toResultObject(
  view: RunView,
  testCase: CaseState,
  environment: ShownEnvironment | undefined,
  { settings, write, maxMessage }: { settings: TestiniumSettings; write: WriteTime; maxMessage: number },
) {
  const { run, catalog } = view;
  const id = resultIdAt(run, testCase.position);
  const scenarioId = idOf(catalog, testCase.position);
  const companyId = settings.company.id;
  const level = levelOf(run, testCase);
  const onEnvironment = environment === undefined ? '' : `-ENV:${environment.id}`;
  return {
    id,
    level,
    ...toTimes(view, testCase, level, write),
    message: messageOf(view, testCase, level).slice(0, maxMessage),
    session_id: `e${run.id}-r${id}`,
    test_key: `TEST-C${companyId}-P${run.planId}-E${run.id}-S${scenarioId}${onEnvironment}`,
    company_id: companyId,
    project_id: run.projectId,
    plan_id: run.planId,
    execution_id: run.id,
    scenario_id: scenarioId,
    ...(environment === undefined ? {} : { environment_id: environment.id }),
    project: { id: run.projectId },
    test_plan: { id: run.planId },
    test_execution: { id: run.id },
    test_scenario: { id: scenarioId, scenario_name: scenarioName(catalog, testCase.position) },
    ...(environment === undefined ? {} : { environment: toEnvironmentObject(environment) }),
    environment_info: toEnvironmentInfo(environment),
    screenshots_enabled: false,
    video_enabled: false,
    performance_data_enabled: false,
    test_result_commands: [],
  };
}

/** As the vendor's `/scenarios/{id}` calls it: results name a scenario by id alone, and here no other route tells its name. */
function scenarioName(catalog: Catalog, position: number): string {
  const { suite, name } = nameOf(catalog, position);
  return suite === '' ? name : `${suite} › ${name}`;
}

/**
 * Proctor keeps how long a case took, not when it began: it is shown from the start of its run on. One that never began has
 * the start of its execution, and ends with it.
 */
function toTimes({ run }: RunView, { attempt, durationMs }: CaseState, level: Level, write: WriteTime) {
  const begun = attempt > 0;
  const start = begun ? (run.startedAt ?? run.createdAt) : run.createdAt;
  const end = begun ? start + durationMs : (run.endedAt ?? start);
  const isOver = isFinal(level);
  return {
    start_date: write(start),
    ...(isOver ? { end_date: write(end) } : {}),
    runtime: isOver && begun ? durationMs : 0,
  };
}

/** What ended without a word of its own says why its run ended. */
function messageOf({ run }: RunView, { message }: CaseState, level: Level): string {
  return message ?? (level === 'ERROR' ? (run.explanation ?? '') : '');
}
