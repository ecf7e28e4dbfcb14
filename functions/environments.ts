import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import {
  createCreateEnvironment,
  createDeleteEnvironment,
  createGetEnvironment,
  createListEnvironments,
  createUpdateEnvironment,
} from '../lib/http/native/environments.ts';
import type { Handlers } from '../lib/http/routes.ts';
import * as testsigma from '../lib/http/testsigma/environments.ts';

const system = createAwsSystem(process.env);
const { services } = system;

export const handler = createHttpFunction(system, {
  'testsigma.listEnvironments': testsigma.createListEnvironments(services),
  'testsigma.createEnvironment': testsigma.createCreateEnvironment(services),
  'testsigma.getEnvironment': testsigma.createGetEnvironment(services),
  'native.listEnvironments': createListEnvironments(services),
  'native.createEnvironment': createCreateEnvironment(services),
  'native.getEnvironment': createGetEnvironment(services),
  'native.updateEnvironment': createUpdateEnvironment(services),
  'native.deleteEnvironment': createDeleteEnvironment(services),
} satisfies Handlers<'environments'>);
