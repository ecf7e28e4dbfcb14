import { writeJUnit } from '../lib/adapters/junit/write-junit.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction, getHealth } from '../lib/aws-http.ts';
import { createGetOutput, createListAttempts } from '../lib/http/native/attempts.ts';
import { createListCases } from '../lib/http/native/cases.ts';
import { createExplainRun } from '../lib/http/native/explain.ts';
import { createGetJunit } from '../lib/http/native/junit.ts';
import { createGetRun, createListRuns } from '../lib/http/native/runs.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createIsRunning } from '../lib/http/testinium/is-running.ts';
import {
  createGetExecution,
  createGetTestExecution,
  createListExecutions,
} from '../lib/http/testinium/read-executions.ts';
import { createGetResult, createGetTestResult } from '../lib/http/testinium/read-results.ts';
import { createCaseResults } from '../lib/http/testsigma/case-results.ts';
import { createJUnitReport } from '../lib/http/testsigma/junit-report.ts';
import { createListRuns as createListTestsigmaRuns } from '../lib/http/testsigma/list-runs.ts';
import { createReadRun } from '../lib/http/testsigma/read-run.ts';

const system = createAwsSystem(process.env);
const { services } = system;
/** Output is kept where the executor ran. */
const noOutput = async (): Promise<undefined> => undefined;

export const handler = createHttpFunction(system, {
  'testsigma.listRuns': createListTestsigmaRuns(services),
  'testsigma.getRun': createReadRun(services),
  'testsigma.listCases': createCaseResults(services),
  'testsigma.getJunit': createJUnitReport(services, writeJUnit),
  'testinium.isRunning': createIsRunning(services, system.testinium),
  'testinium.listExecutions': createListExecutions(services, system.testinium),
  'testinium.getExecution': createGetExecution(services, system.testinium),
  'testinium.getTestExecution': createGetTestExecution(services, system.testinium),
  'testinium.getResult': createGetResult(services, system.testinium),
  'testinium.getTestResult': createGetTestResult(services, system.testinium),
  'native.listRuns': createListRuns(services),
  'native.getRun': createGetRun(services),
  'native.explainRun': createExplainRun(services),
  'native.listCases': createListCases(services),
  'native.listAttempts': createListAttempts(services),
  'native.getOutput': createGetOutput(services, noOutput),
  'native.getJunit': createGetJunit(services, writeJUnit),
  'system.getHealth': getHealth,
} satisfies Handlers<'read-runs'>);
