import type { Plan } from '../core/plan.ts';
import type { Environment, Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import {
  environmentKey,
  environmentNeeds,
  environmentsOf,
  type SlotKey,
  type SlotNeed,
  slotsFor,
} from '../core/slots.ts';
import { lookForSlots, readEnvironments } from './look-for-slots.ts';

/** What a trigger takes within its commit. */
export interface Demand {
  readonly environments: readonly Environment[];
  readonly needs: readonly SlotNeed[];
}

/** The slots of the run's environments. */
export async function readDemand(services: Services, plan: Plan, run: Pick<Run, 'environmentId'>): Promise<Demand> {
  const environments = await readEnvironments(services, environmentsOf(plan, run));
  const needs = [...environmentNeeds(environments)].sort((a, b) => (a.key < b.key ? -1 : 1));
  return { environments, needs };
}

/**
 * Takes what is demanded for a run that is not admitted yet (E21 before E4); answers the environments that are unavailable,
 * ascending. Some may be taken even then: the run names them all, so rejecting it and giving them back leaves none behind.
 */
export async function takeDemanded(
  services: Services,
  run: Run,
  { environments, needs }: Demand,
): Promise<{ id: number; name: string }[]> {
  const views = await lookForSlots(services, run.id, needs);
  const refused = new Set<SlotKey>(views.flatMap(({ room, need }) => (room ? [] : need.key)));
  for (const { need, set } of refused.size > 0 ? [] : views) {
    const ahead = need.slots - slotsFor(set, run.id, need.slots);
    if (await services.slots.takeSlot(need, run.id, run.version, ahead)) continue;
    refused.add(need.key);
    break;
  }
  return environments
    .filter(({ id }) => refused.has(environmentKey(id)))
    .map(({ id, name }) => ({ id, name }))
    .sort((a, b) => a.id - b.id);
}
