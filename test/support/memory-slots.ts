import type { RunStore, Services, SlotStore } from '../../lib/core/ports.ts';
import { isLive, type Run } from '../../lib/core/run.ts';
import type { SlotKey, SlotSet } from '../../lib/core/slots.ts';
import { aRun } from './runs.ts';

interface MemorySet {
  readonly holders: Map<number, number>;
  readonly waiting: Set<number>;
  slots?: number;
}

/**
 * What the procedures of slots use of the stores, in memory, so that thousands of interleavings take a second. `turn` is awaited
 * before each call: whoever runs a test decides who goes on, and who never does.
 */
export function createMemorySlots(turn: () => Promise<void>) {
  const runs = new Map<number, Run>();
  const sets = new Map<SlotKey, MemorySet>();
  const setOf = (key: SlotKey): MemorySet => {
    const set: MemorySet = sets.get(key) ?? { holders: new Map(), waiting: new Set() };
    sets.set(key, set);
    return set;
  };
  const seen = (key: SlotKey): SlotSet => {
    const { holders, waiting, ...rest } = setOf(key);
    return { holders: new Map(holders), waiting: new Set(waiting), ...rest };
  };
  /** One conditional write to a run. */
  const change = (runId: number, holds: (run: Run) => boolean, to: (run: Run) => Partial<Run>): Run | undefined => {
    const run = runs.get(runId);
    if (run === undefined || !holds(run)) return undefined;
    const changed = { ...run, version: run.version + 1, ...to(run) };
    runs.set(runId, changed);
    return changed;
  };
  const undispatched = (run: Run) => run.status === 'queued' && run.dispatch === 'due';
  const inTurn =
    <A extends unknown[], T>(act: (...given: A) => T) =>
    async (...given: A): Promise<T> => {
      await turn();
      return act(...given);
    };

  const slotStore: Partial<SlotStore> = {
    readSlots: inTurn((keys) => keys.map(seen)),
    takeSlot: inTurn(({ key, slots }, runId, since, ahead) => {
      const set = setOf(key);
      const mine = set.holders.get(runId);
      if (mine === undefined ? set.holders.size >= slots - ahead : mine > since) return false;
      set.holders.set(runId, since);
      set.waiting.delete(runId);
      set.slots = slots;
      return true;
    }),
    untakeSlot: inTurn((key, runId, since) => {
      if ((setOf(key).holders.get(runId) ?? Number.POSITIVE_INFINITY) > since) return undefined;
      setOf(key).holders.delete(runId);
      return seen(key);
    }),
    waitForSlot: inTurn((key, runId) => void setOf(key).waiting.add(runId)),
    stopWaiting: inTurn((key, runId) => void setOf(key).waiting.delete(runId)),
    leaveSlots: inTurn((key, runId) => {
      setOf(key).holders.delete(runId);
      setOf(key).waiting.delete(runId);
      return seen(key);
    }),
  };
  const runStore: Partial<RunStore> = {
    getRun: inTurn((runId) => runs.get(runId)),
    getRuns: inTurn((runIds) => runIds.flatMap((runId) => runs.get(runId) ?? [])),
    beginSlots: inTurn(({ id }, slots) =>
      change(
        id,
        (run) => undispatched(run) && run.slotsHeld === undefined,
        () => ({ slots }),
      ),
    ),
    holdSlots: inTurn(({ id, version }) => {
      const held = change(
        id,
        (run) => run.version === version && undispatched(run),
        (run) => ({ slotsHeld: true, wakeSeq: run.wakeSeq + 1 }),
      );
      if (held !== undefined) runs.set(id, withoutWait(held));
      return held && withoutWait(held);
    }),
    waitForSlots: inTurn(({ id, version }, { slots, waitsForSlots }) =>
      change(
        id,
        (run) => run.version === version && undispatched(run) && run.slotsHeld === undefined,
        () => ({ slots, waitsForSlots }),
      ),
    ),
    callWaiter: inTurn((runId) =>
      change(
        runId,
        (run) => run.status === 'queued' && run.waitsForSlots !== undefined,
        (run) => ({ version: run.version, wakeSeq: run.wakeSeq + 1 }),
      ),
    ),
  };
  const services = {
    slots: slotStore,
    runs: runStore,
    workflow: { wake: async () => {} },
    now: () => 5000,
    log: () => {},
  } as unknown as Services;

  return {
    services,
    runs,
    sets,
    /** Without a turn: for the tests' own steps. */
    change,
    add: (id: number, to: Partial<Run> = {}) => runs.set(id, aRun(id, { status: 'queued', ...to })),
    /** Live runs that may go on because they have their slots, of those that need one of the set. */
    going: (key: SlotKey) =>
      [...runs.values()].filter((run) => run.slotsHeld === true && isLive(run) && run.slots?.includes(key)),
  };
}

function withoutWait({ waitsForSlots: _, ...run }: Run): Run {
  return run;
}
