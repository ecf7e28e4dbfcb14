import type { Plan } from './plan.ts';
import type { Environment } from './ports.ts';
import type { Run } from './run.ts';

/** What limits how many runs go on at once. */
export type SlotKind = 'environment' | 'project' | 'key';
/** Names a set of slots: by what is limited. Runs take theirs in ascending order of these. */
export type SlotKey = `${SlotKind}#${string}`;

/** One slot a run needs, out of so many; 0 while the environment is disabled. */
export interface SlotNeed {
  readonly key: SlotKey;
  readonly slots: number;
}

/** Who has a slot and who waits for one. */
export interface SlotSet {
  /** Run ids, each with the version of the run at which it began to take its slots. */
  readonly holders: ReadonlyMap<number, number>;
  readonly waiting: ReadonlySet<number>;
  /** How many there are, as the last run that took one saw it. */
  readonly slots?: number;
}

export const emptySlotSet: SlotSet = { holders: new Map(), waiting: new Set() };

/** The environments a run occupies: its own or its plan's, and those of the plan's machines. */
export function environmentsOf(
  plan: Pick<Plan, 'environment' | 'machines'>,
  run: Pick<Run, 'environmentId'>,
): number[] {
  const ids = [run.environmentId ?? plan.environment, ...plan.machines.map(({ environment }) => environment)];
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The slots a run needs before it may be dispatched, in the order in which they are taken. */
export function slotNeeds(
  run: Pick<Run, 'project' | 'trigger'>,
  limits: { readonly environments: readonly Environment[]; readonly project?: number; readonly key?: number },
): SlotNeed[] {
  const needs = environmentNeeds(limits.environments);
  if (limits.project !== undefined) needs.push({ key: `project#${run.project}`, slots: limits.project });
  if (limits.key !== undefined) needs.push({ key: `key#${run.trigger.keyId}`, slots: limits.key });
  return needs.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** One slot of each environment that is limited, or disabled. */
export function environmentNeeds(environments: readonly Environment[]): SlotNeed[] {
  const needs = new Map<SlotKey, number>();
  for (const { id, capacity, enabled } of environments) {
    if (!enabled) needs.set(environmentKey(id), 0);
    else if (capacity !== null) needs.set(environmentKey(id), capacity);
  }
  return [...needs].map(([key, slots]) => ({ key, slots }));
}

export function environmentKey(id: number): SlotKey {
  return `environment#${id}`;
}

/** The kind and the id or name of what is limited. */
export function partsOf(key: SlotKey): { readonly kind: SlotKind; readonly id: string } {
  const at = key.indexOf('#');
  return { kind: key.slice(0, at) as SlotKind, id: key.slice(at + 1) };
}

/**
 * How many slots the run may see: those of older waiting runs are not for it. A run that waits for several sets at once thus
 * finds its slot in each of them when the last is free, however many younger ones need one of them only.
 */
export function slotsFor(set: SlotSet, runId: number, slots: number): number {
  return slots - [...set.waiting].filter((other) => other < runId).length;
}

/** True if the run has a slot of the set, or may take one. */
export function hasRoom(set: SlotSet, runId: number, slots: number): boolean {
  return set.holders.has(runId) || set.holders.size < slotsFor(set, runId, slots);
}
