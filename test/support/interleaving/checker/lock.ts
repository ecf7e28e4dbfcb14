import type { Item } from '../../../../lib/adapters/dynamodb/table.ts';
import type { Known } from '../checker.ts';

export type Runs = Map<number, Known>;

/**
 * I2: whoever comes into `active` finds no live run of the plan that goes on, unless it joins them; nobody who came later comes
 * before those that wait.
 */
export function checkLock(runs: Runs, before: Item | undefined, after: Item | undefined): string | undefined {
  const [had, has] = [membersOf(before?.active), membersOf(after?.active)];
  const waited = membersOf(before?.waiting);
  for (const runId of membersOf(after?.waiting)) {
    const known = runs.get(runId);
    if (known !== undefined && !waited.has(runId))
      known.waitsSince ??= [...runs.values()].filter(({ waitsSince }) => waitsSince !== undefined).length;
  }
  for (const runId of has) {
    if (had.has(runId)) continue;
    const run = runs.get(runId)?.item;
    if (run === undefined) return `run ${runId} is in the lock before it is stored`;
    if (run.overlap === 'allow') continue;
    const other = [...runs.values()].find(
      ({ item }) => item.planId === run.planId && item.id !== runId && goesOn(item),
    );
    if (other) return `run ${runId} took the lock while run ${other.runId} went on`;
    // One that is not admitted yet has it as well.
    const holder = [...had].find((one) => !isOver(runs.get(one)?.item));
    if (holder !== undefined) return `run ${runId} took the lock that run ${holder} has`;
    const ahead = [...waited].filter((one) => one !== runId && !isOver(runs.get(one)?.item));
    const sinceOf = (one: number): number => runs.get(one)?.waitsSince ?? 0;
    const overtaken = waited.has(runId) ? ahead.find((one) => one < runId && sinceOf(one) < sinceOf(runId)) : ahead[0];
    if (overtaken !== undefined) return `run ${runId} overtook run ${overtaken}, which waits`;
  }
  return undefined;
}

/** Admitted, not over, and waiting for nobody of its plan. */
export function goesOn({ status, waitsFor }: Item): boolean {
  return (status === 'queued' && waitsFor === undefined) || status === 'running' || status === 'stopping';
}

function isOver(item: Item | undefined): boolean {
  return item === undefined || item.status === 'completed' || item.status === 'rejected';
}

function membersOf(set: unknown): ReadonlySet<number> {
  return new Set([...((set ?? new Set()) as Set<string>)].map(Number));
}
