import { createBus } from '../lib/adapters/event-bridge.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createStopRun } from '../lib/http/native/stop-run.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createStopPlan } from '../lib/http/testinium/stop-plan.ts';
import { createStopRun as createTestsigmaStop } from '../lib/http/testsigma/stop-run.ts';

const system = createAwsSystem(process.env, { machine: createMachine, bus: createBus });

export const handler = createHttpFunction(system, {
  'testsigma.stopRun': createTestsigmaStop(system.services),
  'testinium.stop': createStopPlan(system.services, system.testinium),
  'native.stopRun': createStopRun(system.services),
} satisfies Handlers<'stop-run'>);
