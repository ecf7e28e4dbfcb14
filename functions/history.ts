import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createGetCaseHistory, createGetHistory } from '../lib/http/native/history.ts';
import { createGetReportCsv, createGetReportHtml } from '../lib/http/native/reports.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env);
const { services } = system;

export const handler = createHttpFunction(system, {
  'native.getHistory': createGetHistory(services),
  'native.getCaseHistory': createGetCaseHistory(services),
  'native.getReportCsv': createGetReportCsv(services),
  'native.getReportHtml': createGetReportHtml(services),
} satisfies Handlers<'history'>);
