import { writeJUnit } from '../lib/adapters/junit/write-junit.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction, getHealth } from '../lib/aws-http.ts';
import { createGetOutput, createListAttempts } from '../lib/http/native/attempts.ts';
import { createListCases } from '../lib/http/native/cases.ts';
import { createExplainRun } from '../lib/http/native/explain.ts';
import { createGetJunit } from '../lib/http/native/junit.ts';
import { createGetRun, createListRuns } from '../lib/http/native/runs.ts';
import type { Handlers } from '../lib/http/routes.ts';
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
  'native.listRuns': createListRuns(services),
  'native.getRun': createGetRun(services),
  'native.explainRun': createExplainRun(services),
  'native.listCases': createListCases(services),
  'native.listAttempts': createListAttempts(services),
  'native.getOutput': createGetOutput(services, noOutput),
  'native.getJunit': createGetJunit(services, writeJUnit),
  'system.getHealth': getHealth,
} satisfies Handlers<'read-runs'>);
