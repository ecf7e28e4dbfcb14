import { createEgress } from '../lib/adapters/late/egress.ts';
import { createScheduler } from '../lib/adapters/late/scheduler.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { createHttpFunction } from '../lib/aws-http.ts';
import { createApplyPlan, createUpdatePlan } from '../lib/http/native/apply-plan.ts';
import { createDeletePlan } from '../lib/http/native/plans.ts';
import type { Handlers } from '../lib/http/routes.ts';

const system = createAwsSystem(process.env, { egress: createEgress, scheduler: createScheduler });
const { services, egress } = system;

export const handler = createHttpFunction(system, {
  'native.applyPlan': createApplyPlan(services, egress.checkUrl),
  'native.updatePlan': createUpdatePlan(services, egress.checkUrl),
  'native.deletePlan': createDeletePlan(services),
} satisfies Handlers<'edit-plans'>);
