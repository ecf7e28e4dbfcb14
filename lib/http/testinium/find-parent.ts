import type { Services } from '../../core/ports.ts';

/** Parents are few and seldom change: what was read of them is used this long. */
const maxAgeMs = 30_000;
/** Plans read at a time. */
const walk = 50;

interface Known {
  readonly parents: Promise<ReadonlyMap<number, number>>;
  readonly readAt: number;
}
const known = new WeakMap<Services, Known>();

/** The plan that has this one among its children, the first if there are several; as it was at most 30 s ago. */
export async function findParent(services: Services, planId: number): Promise<number | undefined> {
  const now = services.now();
  const earlier = known.get(services);
  const isFresh = earlier !== undefined && now >= earlier.readAt && now < earlier.readAt + maxAgeMs;
  const current = isFresh ? earlier : { parents: readParents(services), readAt: now };
  known.set(services, current);
  current.parents.catch(() => known.delete(services));
  return (await current.parents).get(planId);
}

async function readParents(services: Services): Promise<ReadonlyMap<number, number>> {
  const parents = new Map<number, number>();
  for (let after = 0; ; ) {
    const plans = await services.plans.listPlans(after, walk);
    for (const { id, executor } of plans) {
      if (executor.type !== 'group') continue;
      for (const child of executor.children) if (!parents.has(child)) parents.set(child, id);
    }
    const last = plans.at(-1);
    if (last === undefined) return parents;
    after = last.id;
  }
}
