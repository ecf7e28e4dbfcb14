import type { Plan } from '../core/plan.ts';
import type { Environment, Services } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import { environmentKey, environmentNeeds, environmentsOf, type SlotNeed } from '../core/slots.ts';
import { lookForSlots, readEnvironments, type SlotView } from './look-for-slots.ts';
import { takeAll } from './take-slots.ts';

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

/** Looks at the sets: a slot that was there may go to others meanwhile, while ended runs still hold theirs. */
const looks = 5;

/**
 * Takes what is demanded for a run that is not admitted yet (E21 before E4); answers the environments that are unavailable,
 * ascending. Some may be taken even then: the run names them all, so rejecting it and giving them back leaves none behind.
 */
export async function takeDemanded(
  services: Services,
  run: Run,
  { environments, needs }: Demand,
): Promise<{ id: number; name: string }[]> {
  let full: SlotView[] = [];
  for (let look = 0; look < looks; look++) {
    const views = await lookForSlots(services, run.id, needs);
    full = views.filter(({ room }) => !room);
    if (full.length > 0) break;
    const refused = await takeAll(services, run, views);
    if (refused === undefined) return [];
    full = [refused];
  }
  const refused = new Set(full.map(({ need }) => need.key));
  return environments
    .filter(({ id }) => refused.has(environmentKey(id)))
    .map(({ id, name }) => ({ id, name }))
    .sort((a, b) => a.id - b.id);
}
