import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import {
  createCreateConfig,
  createDeleteConfig,
  createGetConfig,
  createListConfigs,
  createUpdateConfig,
} from '../lib/http/native/configs.ts';
import { createGetPlan, createListPlans } from '../lib/http/native/plans.ts';
import {
  createGetProject as createGetNativeProject,
  createListProjects as createListNativeProjects,
  createUpdateProject,
} from '../lib/http/native/projects.ts';
import type { Handlers } from '../lib/http/routes.ts';
import {
  createFilterPlans,
  createGetActivePlan,
  createGetPlan as createGetTestiniumPlan,
  createListProjectPlans,
  createListPlans as createListTestiniumPlans,
} from '../lib/http/testinium/list-plans.ts';
import {
  createGetCompany,
  createGetProject as createGetTestiniumProject,
  createListCompanies,
  createListProjects as createListTestiniumProjects,
} from '../lib/http/testinium/projects.ts';
import { createSelectApp } from '../lib/http/testinium/select-app.ts';
import { createListPlans as createListTestsigmaPlans } from '../lib/http/testsigma/list-plans.ts';
import { createListConfigs as createListTestsigmaConfigs } from '../lib/http/testsigma/saved-configs.ts';

const system = createAwsSystem(process.env);
const { services } = system;

export const handler = createHttpFunction(system, {
  'testsigma.listPlans': createListTestsigmaPlans(services),
  'testsigma.listConfigs': createListTestsigmaConfigs(services),
  'testinium.listPlans': createListTestiniumPlans(services, system.testinium),
  'testinium.filterPlans': createFilterPlans(services, system.testinium),
  'testinium.getPlan': createGetTestiniumPlan(services, system.testinium),
  'testinium.getActivePlan': createGetActivePlan(services, system.testinium),
  'testinium.selectAndroidApp': createSelectApp(services, system.testinium, 'android'),
  'testinium.selectIosApp': createSelectApp(services, system.testinium, 'ios'),
  'testinium.listProjects': createListTestiniumProjects(services, system.testinium),
  'testinium.getProject': createGetTestiniumProject(services, system.testinium),
  'testinium.listProjectPlans': createListProjectPlans(services, system.testinium),
  'testinium.listActivePlans': createListProjectPlans(services, system.testinium, true),
  'testinium.getCompany': createGetCompany(system.testinium),
  'testinium.listCompanies': createListCompanies(system.testinium),
  'native.listPlans': createListPlans(services),
  'native.getPlan': createGetPlan(services),
  'native.listConfigs': createListConfigs(services),
  'native.createConfig': createCreateConfig(services),
  'native.getConfig': createGetConfig(services),
  'native.updateConfig': createUpdateConfig(services),
  'native.deleteConfig': createDeleteConfig(services),
  'native.listProjects': createListNativeProjects(services),
  'native.getProject': createGetNativeProject(services),
  'native.updateProject': createUpdateProject(services),
} satisfies Handlers<'plans'>);
