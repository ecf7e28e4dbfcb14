import { createEgress } from '../lib/adapters/late/egress.ts';
import { createSecretReader } from '../lib/adapters/late/secrets-manager.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createRerunRun } from '../lib/http/native/rerun-run.ts';
import { createTriggerRun } from '../lib/http/native/trigger-run.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createRerunPlan } from '../lib/http/testinium/rerun-plan.ts';
import { createRunPlan } from '../lib/http/testinium/run-plan.ts';
import { createTriggerRun as createTestsigmaTrigger } from '../lib/http/testsigma/trigger-run.ts';

const system = createAwsSystem(process.env, {
  machine: createMachine,
  readSecret: createSecretReader,
  egress: createEgress,
});
const { services, egress } = system;

export const handler = createHttpFunction(system, {
  'testsigma.trigger': createTestsigmaTrigger(services),
  'testinium.run': createRunPlan(services, system.testinium, egress.checkUrl),
  'testinium.rerun': createRerunPlan(services, system.testinium, egress.checkUrl),
  'native.triggerRun': createTriggerRun(services, egress.checkUrl),
  'native.rerunRun': createRerunRun(services),
} satisfies Handlers<'trigger'>);
