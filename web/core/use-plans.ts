import { api, need } from '../api.ts';
import { type Live, useLive } from './use-live.ts';

export interface PlanName {
  readonly id: number;
  readonly name: string;
  readonly project: string;
  readonly enabled: boolean;
}

/** The plans by name, 200 at most: who has more finds them by the address. */
export function usePlans(): Live<readonly PlanName[]> {
  return useLive('plans', loadPlans, () => null);
}

async function loadPlans(signal: AbortSignal): Promise<readonly PlanName[]> {
  const { plans } = await need(api.GET('/v1/plans', { params: { query: { limit: 200 } }, signal }));
  return [...plans].sort((a, b) => a.name.localeCompare(b.name));
}
