import { createBus } from '../lib/adapters/event-bridge.ts';
import { createMachine } from '../lib/adapters/step-functions.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { busMessage } from '../lib/core/bus-message.ts';
import { parse } from '../lib/core/schema.ts';
import { createEventPlans } from '../lib/workflow/event-plans.ts';
import { startByEvent } from '../lib/workflow/start-by-event.ts';

/** A plan that is applied hears of events within this time. */
const keepMs = 30_000;

const { services, handle } = createAwsSystem(process.env, { machine: createMachine, bus: createBus });
const listEventPlans = createEventPlans(services, keepMs);

/** Rules on both buses: starts the runs an event asks for. What is thrown is retried by the rule, then dead-lettered. */
export const handler = handle((event: unknown) => startByEvent(services, listEventPlans, parse(busMessage, event)));
