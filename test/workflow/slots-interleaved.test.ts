import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLive } from '../../lib/core/run.ts';
import type { SlotNeed } from '../../lib/core/slots.ts';
import { takeDemanded } from '../../lib/workflow/demand-slots.ts';
import { giveBackSlots } from '../../lib/workflow/give-back-slots.ts';
import { lookForSlots } from '../../lib/workflow/look-for-slots.ts';
import { takeSlots } from '../../lib/workflow/take-slots.ts';
import { createMemorySlots } from '../support/memory-slots.ts';

const limits: readonly SlotNeed[] = [
  { key: 'environment#1', slots: 1 },
  { key: 'environment#2', slots: 2 },
  { key: 'project#shop', slots: 2 },
];
/** What each run needs, by id. The last two are demanded by their triggers. */
const needsOf: Readonly<Record<number, readonly SlotNeed[]>> = {
  1: limits.slice(0, 1),
  2: limits.slice(0, 2),
  3: limits,
  4: limits.slice(1),
  5: limits.slice(0, 1),
  6: limits.slice(0, 2),
};
const ids = [1, 2, 3, 4, 5, 6];
const demanding = new Set([5, 6]);

type Act = { readonly act: 'step' | 'step twice' | 'end' | 'sweep' | 'go on' | 'crash'; readonly which: number };

const anyAct: fc.Arbitrary<Act> = fc.record({
  act: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('step' as const, 'step twice' as const) },
    { weight: 2, arbitrary: fc.constantFrom('end' as const, 'sweep' as const) },
    { weight: 14, arbitrary: fc.constant('go on' as const) },
    { weight: 1, arbitrary: fc.constant('crash' as const) },
  ),
  which: fc.nat(50),
});

describe('runs that take, hold and give back slots in any order', () => {
  const check = async (acts: readonly Act[]): Promise<void> => {
    const pending: (() => void)[] = [];
    const world = createMemorySlots(() => new Promise((go) => pending.push(go)));
    const { services, runs } = world;
    for (const id of ids) {
      const slots = needsOf[id]?.map(({ key }) => key) ?? [];
      world.add(id, demanding.has(id) ? { status: 'new', slots } : {});
    }
    let crashed = false;

    const step = async (id: number): Promise<void> => {
      const run = await services.runs.getRun(id);
      if (run?.status === 'new') return admit(id);
      if (run?.status !== 'queued' || run.dispatch !== 'due') return;
      if (run.slotsHeld !== true) await takeSlots(services, run, needsOf[id] ?? []);
      // E14
      world.change(
        id,
        ({ status, slotsHeld }) => status === 'queued' && slotsHeld === true,
        () => ({
          status: 'running',
          dispatch: 'accepted',
        }),
      );
    };
    const admit = async (id: number): Promise<void> => {
      const run = await services.runs.getRun(id);
      if (run?.status !== 'new') return;
      const environments = [1, 2].map((number) => ({ id: number, name: '' }) as never);
      const unavailable = await takeDemanded(services, run, { environments, needs: needsOf[id] ?? [] });
      const isNew = ({ status }: { status: string }) => status === 'new';
      const admitted =
        unavailable.length === 0 && world.change(id, isNew, () => ({ status: 'queued', slotsHeld: true }));
      if (admitted) return;
      const rejected = world.change(id, isNew, () => ({ status: 'rejected' }));
      if (rejected || runs.get(id)?.status === 'rejected') await giveBackSlots(services, run);
    };
    const end = async (id: number): Promise<void> => {
      const over = world.change(
        id,
        (run) => isLive(run),
        () => ({ status: 'completed', outbox: new Set(['completed']) }),
      );
      if (over) await forget(id);
    };
    /** The effects of an end, until its event is out. */
    const forget = async (id: number): Promise<void> => {
      const run = await services.runs.getRun(id);
      if (run === undefined || (run.status === 'completed' && run.outbox === undefined)) return;
      await giveBackSlots(services, run);
      world.change(
        id,
        ({ status }) => status === 'completed',
        ({ outbox: _, ...rest }) => ({ ...rest, outbox: undefined as never }),
      );
    };
    const sweep = async (id: number): Promise<void> => {
      const status = runs.get(id)?.status;
      if (status === 'new')
        world.change(
          id,
          (run) => run.status === 'new',
          () => ({ status: 'rejected' }),
        );
      if (status === 'new' || status === 'rejected' || status === 'completed') return forget(id);
      return step(id);
    };
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const within = (): void => {
      for (const { key, slots } of limits) expect(world.going(key).length).toBeLessThanOrEqual(slots);
    };
    const drain = async (): Promise<void> => {
      for (;;) {
        await settle();
        const go = pending.shift();
        if (go === undefined) return;
        go();
        within();
      }
    };

    for (const { act, which } of acts) {
      const id = ids[which % ids.length] ?? 1;
      if (act === 'step' || act === 'step twice') void step(id);
      if (act === 'step twice') void step(id);
      if (act === 'end') void end(id);
      if (act === 'sweep') void sweep(id);
      if (act === 'go on' || act === 'crash') {
        const [go] = pending.splice(which % Math.max(1, pending.length), 1);
        if (act === 'go on') go?.();
        else crashed ||= go !== undefined;
      }
      await settle();
      within();
    }
    // Nobody is stuck: with every run looked after now and then, all of them come to an end by themselves.
    for (let round = 0; [...runs.values()].some((run) => run.status === 'new' || isLive(run)); round++) {
      expect(round).toBeLessThan(2 * ids.length);
      for (const id of ids) void (runs.get(id)?.status === 'running' ? end(id) : sweep(id));
      await drain();
    }
    for (const id of ids) void sweep(id);
    await drain();
    if (!crashed)
      for (const { holders, waiting } of world.sets.values()) expect([holders.size, waiting.size]).toEqual([0, 0]);
    // After a crash a run that is over may be left in a set: it keeps nobody away.
    await useAll(world, drain);
  };

  /** As many new runs as there are slots of a set find one each. */
  const useAll = async (world: ReturnType<typeof createMemorySlots>, drain: () => Promise<void>): Promise<void> => {
    let next = 100;
    for (const need of limits) {
      for (let taken = 0; taken < need.slots; taken++) {
        next += 1;
        world.add(next);
        const run = world.runs.get(next);
        if (run !== undefined) void takeSlots(world.services, run, [need]);
        await drain();
        expect(world.runs.get(next)?.slotsHeld).toBe(true);
      }
      const views = lookForSlots(world.services, next + 1, [need]);
      await drain();
      expect((await views)[0]?.set.holders.size).toBe(need.slots);
    }
  };

  it('are never more than there are slots, are never stuck, and leave none taken', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyAct, { minLength: 20, maxLength: 150 }), check), { numRuns: 300 });
  });
});
