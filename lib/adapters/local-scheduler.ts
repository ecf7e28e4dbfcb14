import type { Armed, LogEntry, Scheduler } from '../core/ports.ts';
import type { Timers } from './local-workflow.ts';

export interface LocalScheduler extends Scheduler {
  /** Fires nothing more; resolves when what is being fired is done. */
  close(): Promise<void>;
}

/** The longest a timer can hold, in milliseconds. */
const longestMs = 2 ** 31 - 1;

/** The embedded scheduler: one timer a schedule. Timers are gone when the process is; the next start arms them again. */
export function createLocalScheduler(options: {
  readonly fire: (scheduleId: number, scheduledAt: number) => Promise<void>;
  readonly timers: Timers;
  readonly log: (entry: LogEntry) => void;
}): LocalScheduler {
  const { fire, timers, log } = options;
  const armed = new Map<number, () => void>();
  const firing = new Set<Promise<void>>();
  let closed = false;

  const disarm = (scheduleId: number): void => {
    armed.get(scheduleId)?.();
    armed.delete(scheduleId);
  };

  const arm = (occurrence: Armed): void => {
    disarm(occurrence.scheduleId);
    if (closed) return;
    const ms = Math.min(longestMs, Math.max(0, occurrence.at - timers.now()));
    armed.set(
      occurrence.scheduleId,
      timers.after(ms, () => {
        // One that is further away than a timer reaches, or a clock that was put back.
        if (timers.now() < occurrence.at) return arm(occurrence);
        armed.delete(occurrence.scheduleId);
        const work = fireOne(occurrence).finally(() => firing.delete(work));
        firing.add(work);
        return work;
      }),
    );
  };

  const fireOne = async ({ scheduleId, scheduledAt }: Armed): Promise<void> => {
    try {
      await fire(scheduleId, scheduledAt);
    } catch (error) {
      // The sweeper fires what is due.
      log({ level: 'error', event: 'firing failed', scheduleId, error });
    }
  };

  return {
    arm: async (occurrence) => arm(occurrence),
    disarm: async (scheduleId) => disarm(scheduleId),
    async close() {
      closed = true;
      for (const cancel of armed.values()) cancel();
      armed.clear();
      await Promise.all(firing);
    },
  };
}
