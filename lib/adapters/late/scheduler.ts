import { once } from '../../core/once.ts';
import type { Scheduler } from '../../core/ports.ts';
import type { createScheduler as create, SchedulerTarget } from '../scheduler.ts';

/** The scheduler of `scheduler.ts`, whose client is loaded when the first schedule is armed or disarmed. */
export function createScheduler(config: Parameters<typeof create>[0], target: SchedulerTarget): Scheduler {
  const load = once(async () => (await import('../scheduler.ts')).createScheduler(config, target));
  return {
    arm: async (schedule) => (await load()).arm(schedule),
    disarm: async (scheduleId) => (await load()).disarm(scheduleId),
  };
}
