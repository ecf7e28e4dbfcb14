import type { Plan } from '../core/plan.ts';
import type { PlanStore } from '../core/ports.ts';

/**
 * The same plans, of which those that wait for events are read again only after one was written: a run has three events, and
 * nobody but this process writes the table.
 */
export function keepEventPlans(plans: PlanStore): PlanStore {
  let kept: Promise<Plan[]> | undefined;

  // Before and after: what was read meanwhile may be of either.
  const forgetting =
    <A extends unknown[], T>(write: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      kept = undefined;
      try {
        return await write(...given);
      } finally {
        kept = undefined;
      }
    };

  return {
    ...plans,
    createPlan: forgetting(plans.createPlan),
    updatePlan: forgetting(plans.updatePlan),
    deletePlan: forgetting(plans.deletePlan),
    listEventPlans() {
      const reading = kept ?? plans.listEventPlans();
      kept = reading;
      reading.catch(() => {
        if (kept === reading) kept = undefined;
      });
      return reading;
    },
  };
}
