import { createBus } from '../lib/adapters/late/event-bridge.ts';
import { createScheduler } from '../lib/adapters/late/scheduler.ts';
import { createMachine } from '../lib/adapters/late/step-functions.ts';
import type { FireRequest } from '../lib/adapters/scheduler.ts';
import { createAwsSystem } from '../lib/aws.ts';
import { fireSchedule } from '../lib/workflow/fire-schedule.ts';
import { sweepSchedules } from '../lib/workflow/sweep-schedules.ts';

const { services, handle } = createAwsSystem(process.env, {
  machine: createMachine,
  bus: createBus,
  scheduler: createScheduler,
});

/**
 * Called at the time an occurrence is armed for, and every minute for whatever is due: the safety net under both. Nobody waits
 * for the answer: what is thrown is tried twice more, then dead-lettered.
 */
export const handler = handle(async (event: FireRequest | Record<string, never>) => {
  if ('scheduleId' in event) await fireSchedule(services, event.scheduleId, event.scheduledAt);
  else await sweepSchedules(services);
});
