import type { Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';

/** Where a run stands among the runs of its plan, as its lock is now. */
export interface QueuePlace {
  /** The active runs and those that waited longer, ascending. */
  readonly waitsFor: readonly number[];
  /** 1 is the next to begin. */
  readonly position: number;
}

/** The places of the runs that wait for earlier runs of their plan; one read for each plan that has some. */
export async function readPlaces(services: Services, runs: readonly Run[]): Promise<ReadonlyMap<number, QueuePlace>> {
  const waiting = runs.filter(({ status, waitsFor }) => status === 'queued' && waitsFor !== undefined);
  const planIds = [...new Set(waiting.map(({ planId }) => planId))];
  const locks = new Map(await Promise.all(planIds.map(async (id) => [id, await services.runs.readLock(id)] as const)));
  const places = new Map<number, QueuePlace>();
  for (const { id, planId } of waiting) {
    const { active = new Set<number>(), waiting: others = new Set<number>() } = locks.get(planId) ?? {};
    const older = [...others].filter((other) => other < id);
    const ahead = [...active].filter((other) => other !== id);
    places.set(id, { waitsFor: [...ahead, ...older].sort((a, b) => a - b), position: older.length + 1 });
  }
  return places;
}
