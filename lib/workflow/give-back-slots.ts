import type { Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import type { SlotKey, SlotSet } from '../core/slots.ts';

/**
 * Gives back every slot of a run that ended, and its places among those that wait. May be repeated; without slots it costs
 * nothing. Who is next is woken.
 */
export async function giveBackSlots(services: Services, run: Pick<Run, 'id' | 'slots'>): Promise<void> {
  for (const key of run.slots ?? []) await callWaiters(services, key, await services.slots.leaveSlots(key, run.id));
}

/**
 * Wakes the oldest waiting runs, as many as there are free slots: only these may take one. Each is told in its own item first,
 * so one that is about to wait looks again (E18). What is lost here the sweeper finds a minute later.
 */
export async function callWaiters(services: Services, key: SlotKey, set: SlotSet): Promise<void> {
  let free = (set.slots ?? 1) - set.holders.size;
  for (const runId of [...set.waiting].sort((a, b) => a - b)) {
    if (free <= 0) return;
    const called = await services.runs.callWaiter(runId);
    if (called === undefined) {
      await services.slots.stopWaiting(key, runId);
      continue;
    }
    free -= 1;
    try {
      await services.workflow.wake(called, 'look');
    } catch (error) {
      services.log({ level: 'warn', event: 'wake failed', runId, error });
    }
  }
}
