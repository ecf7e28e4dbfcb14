import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createListOverrides, createOverrideRun } from '../lib/http/native/overrides.ts';
import type { Handlers } from '../lib/http/routes.ts';
import { createOverrideRun as createTestsigmaOverride } from '../lib/http/testsigma/override-run.ts';

const system = createAwsSystem(process.env);

export const handler = createHttpFunction(system, {
  'testsigma.overrideRun': createTestsigmaOverride(system.services),
  'native.overrideRun': createOverrideRun(system.services),
  'native.listOverrides': createListOverrides(system.services),
} satisfies Handlers<'overrides'>);
