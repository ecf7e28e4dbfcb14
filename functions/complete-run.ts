import { createBus } from '../lib/adapters/event-bridge.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { concludeRun } from '../lib/workflow/conclude-run.ts';

const { services, handle } = createAwsSystem(process.env, { machine: createMachine, bus: createBus });

/** State `Complete`: the last thing an execution does. */
export const handler = handle((event: { readonly runId: number }) => concludeRun(services, event.runId));
