import type { Plan } from '../core/plan.ts';
import type { Services } from '../core/ports.ts';

/** The plans that wait for events, read again once they are older than `keepMs`. */
export function createEventPlans({ plans, now }: Services, keepMs: number): () => Promise<readonly Plan[]> {
  let known: { readonly plans: Promise<readonly Plan[]>; readonly readAt: number } | undefined;
  return () => {
    if (known !== undefined && now() - known.readAt < keepMs) return known.plans;
    const current = { plans: plans.listEventPlans(), readAt: now() };
    known = current;
    current.plans.catch(() => {
      if (known === current) known = undefined;
    });
    return current.plans;
  };
}
