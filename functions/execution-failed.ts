import { createBus } from '../lib/adapters/event-bridge.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { continueRun } from '../lib/workflow/continue-run.ts';

const { services, handle } = createAwsSystem(process.env, { machine: createMachine, bus: createBus });

/** Rule on executions that failed, timed out or were aborted. What is thrown is retried by the rule, then dead-lettered. */
export const handler = handle((event: { readonly detail: { readonly name: string } }) =>
  continueRun(services, event.detail.name),
);
