import type { Services } from '../../../lib/core/ports.ts';
import type { Handler } from '../../../lib/http/message.ts';
import type { Operation } from '../../../lib/http/routes.ts';
import type { CheckUrl } from '../../../lib/http/testinium/callback-url.ts';
import { createIsRunning } from '../../../lib/http/testinium/is-running.ts';
import {
  createFilterPlans,
  createGetActivePlan,
  createGetPlan,
  createListPlans,
  createListProjectPlans,
} from '../../../lib/http/testinium/list-plans.ts';
import {
  createGetCompany,
  createGetProject,
  createListCompanies,
  createListProjects,
} from '../../../lib/http/testinium/projects.ts';
import {
  createGetExecution,
  createGetTestExecution,
  createListExecutions,
} from '../../../lib/http/testinium/read-executions.ts';
import { createGetResult, createGetTestResult } from '../../../lib/http/testinium/read-results.ts';
import { createRerunPlan } from '../../../lib/http/testinium/rerun-plan.ts';
import { createRunPlan } from '../../../lib/http/testinium/run-plan.ts';
import { createSelectApp } from '../../../lib/http/testinium/select-app.ts';
import type { TestiniumSettings } from '../../../lib/http/testinium/settings.ts';
import { createStopPlan } from '../../../lib/http/testinium/stop-plan.ts';
import { createIssueToken } from '../../../lib/http/testinium/token.ts';

type TestiniumOperation = Extract<Operation, `testinium.${string}`>;

/** Every handler of the API, as the wirings make them. */
export function createHandlers(
  services: Services,
  settings: TestiniumSettings,
  checkUrl: CheckUrl,
): Readonly<Record<TestiniumOperation, Handler>> {
  return {
    'testinium.run': createRunPlan(services, settings, checkUrl),
    'testinium.rerun': createRerunPlan(services, settings, checkUrl),
    'testinium.stop': createStopPlan(services, settings),
    'testinium.isRunning': createIsRunning(services, settings),
    'testinium.listExecutions': createListExecutions(services, settings),
    'testinium.getExecution': createGetExecution(services, settings),
    'testinium.getTestExecution': createGetTestExecution(services, settings),
    'testinium.getResult': createGetResult(services, settings),
    'testinium.getTestResult': createGetTestResult(services, settings),
    'testinium.listPlans': createListPlans(services, settings),
    'testinium.filterPlans': createFilterPlans(services, settings),
    'testinium.getPlan': createGetPlan(services, settings),
    'testinium.getActivePlan': createGetActivePlan(services, settings),
    'testinium.selectAndroidApp': createSelectApp(services, settings, 'android'),
    'testinium.selectIosApp': createSelectApp(services, settings, 'ios'),
    'testinium.listProjects': createListProjects(services, settings),
    'testinium.getProject': createGetProject(services, settings),
    'testinium.listProjectPlans': createListProjectPlans(services, settings),
    'testinium.listActivePlans': createListProjectPlans(services, settings, true),
    'testinium.getCompany': createGetCompany(settings),
    'testinium.listCompanies': createListCompanies(settings),
    'testinium.token': createIssueToken(services, settings),
  };
}
