import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createRerunRun } from '../lib/http/native/rerun-run.ts';
import { createTriggerRun } from '../lib/http/native/trigger-run.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createTriggerRun as createTestsigmaTrigger } from '../lib/http/testsigma/trigger-run.ts';

const system = createAwsSystem(process.env, { machine: createMachine });

export const handler = createHttpFunction(system, {
  'testsigma.trigger': createTestsigmaTrigger(system.services),
  'native.triggerRun': createTriggerRun(system.services),
  'native.rerunRun': createRerunRun(system.services),
} satisfies Handlers<'trigger'>);
