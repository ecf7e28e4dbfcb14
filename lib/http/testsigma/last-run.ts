import type { Services } from '../../core/ports.ts';

/** Id of the plan's newest run, for show only: polling goes on when its index is busy or behind. */
export async function readLastRunId(services: Services, planId: number): Promise<number | null> {
  try {
    const [newest] = await services.runs.listByPlan(planId, 2 ** 31, 1);
    return newest ?? null;
  } catch (error) {
    services.log({ level: 'warn', event: 'last run unknown', planId, error });
    return null;
  }
}
