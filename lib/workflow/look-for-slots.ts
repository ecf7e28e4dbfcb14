import type { Plan } from '../core/plan.ts';
import type { Environment, Services } from '../core/ports.ts';
import { isLive, type Run } from '../core/run.ts';
import {
  emptySlotSet,
  environmentKey,
  environmentNeeds,
  environmentsOf,
  hasRoom,
  type SlotKey,
  type SlotNeed,
  type SlotSet,
  slotNeeds,
} from '../core/slots.ts';
import { callWaiters } from './give-back-slots.ts';

/** A set of slots as it was found, for a run that needs one of it. */
export interface SlotView {
  readonly need: SlotNeed;
  readonly set: SlotSet;
  /** The run has a slot of it, or may take one. */
  readonly room: boolean;
}

/** What the run needs before its first dispatch, by the limits in force now. Reads nothing but its environments for a run without limits. */
export async function readNeeds(services: Services, plan: Plan, run: Run): Promise<SlotNeed[]> {
  // Its children run, each in slots of its own: a parent that held one could keep them from ever ending.
  if (plan.executor.type === 'group') return [];
  const environments = await readEnvironments(services, environmentsOf(plan, run));
  const project =
    run.limits?.project === undefined ? undefined : (await services.slots.getProjectLimits()).get(run.projectId);
  const key = run.limits?.key;
  return slotNeeds(run, {
    environments,
    ...(project === undefined ? {} : { project }),
    ...(key === undefined ? {} : { key }),
  });
}

/**
 * The sets as they are, each with whether the run finds a slot in it. Where it does not, ended and forgotten runs are put out
 * on sight (L3), as `tend` does it with a plan's lock.
 */
export async function lookForSlots(services: Services, runId: number, needs: readonly SlotNeed[]): Promise<SlotView[]> {
  const sets = await services.slots.readSlots(needs.map(({ key }) => key));
  const views: SlotView[] = [];
  for (const [i, need] of needs.entries()) {
    let set = sets[i] ?? emptySlotSet;
    if (need.slots > 0 && !hasRoom(set, runId, need.slots)) set = await tendSlots(services, runId, need, set);
    views.push({ need, set, room: hasRoom(set, runId, need.slots) });
  }
  return views;
}

/** The environments a run of the plan would find without a free slot, or disabled; ascending. */
export async function checkAvailability(
  services: Services,
  plan: Plan,
  run: Pick<Run, 'environmentId'> = {},
): Promise<{ id: number; name: string }[]> {
  const environments = await readEnvironments(services, environmentsOf(plan, run));
  const needs = environmentNeeds(environments);
  // Whoever comes now comes after everyone who waits.
  const views = await lookForSlots(services, Number.MAX_SAFE_INTEGER, needs);
  const full = new Set<SlotKey>(views.flatMap(({ room, need }) => (room ? [] : need.key)));
  return environments
    .filter(({ id }) => full.has(environmentKey(id)))
    .map(({ id, name }) => ({ id, name }))
    .sort((a, b) => a.id - b.id);
}

export async function readEnvironments(services: Services, ids: readonly number[]): Promise<Environment[]> {
  const found = await Promise.all(ids.map((id) => services.environments.getEnvironment(id)));
  return found.flatMap((environment) => environment ?? []);
}

async function tendSlots(services: Services, runId: number, { key }: SlotNeed, set: SlotSet): Promise<SlotSet> {
  const older = [...set.waiting].filter((other) => other < runId);
  const seen = [...set.holders.keys(), ...older];
  const runs = new Map((await services.runs.getRuns(seen)).map((run) => [run.id, run]));
  let left = set;
  for (const other of set.holders.keys()) {
    const run = runs.get(other);
    if (run === undefined || !(run.status === 'new' || isLive(run))) left = await services.slots.leaveSlots(key, other);
  }
  const gone = older.filter(
    (other) => runs.get(other)?.waitsForSlots === undefined || runs.get(other)?.status !== 'queued',
  );
  for (const other of gone) await services.slots.stopWaiting(key, other);
  const tended = { ...left, waiting: new Set([...left.waiting].filter((other) => !gone.includes(other))) };
  if (left !== set) await callWaiters(services, key, tended);
  return tended;
}
