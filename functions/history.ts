import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createGetCaseHistory, createGetHistory } from '../lib/http/native/history.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env);
const { services } = system;

export const handler = createHttpFunction(system, {
  'native.getHistory': createGetHistory(services),
  'native.getCaseHistory': createGetCaseHistory(services),
} satisfies Handlers<'history'>);
