import { afterEach, describe, expect, it } from 'vitest';
import type { Environment } from '../../lib/core/ports.ts';
import type { Run } from '../../lib/core/run.ts';
import { environmentKey } from '../../lib/core/slots.ts';
import { checkAvailability } from '../../lib/workflow/look-for-slots.ts';
import { stopRun } from '../../lib/workflow/stop-run.ts';
import { tendPlan } from '../../lib/workflow/tend-plan.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const second = 1000;
const minute = 60 * second;
/** A job of ten minutes. */
const script: Script = { job: () => ({ callbacks: [{ afterMs: 10 * minute, cases: [aCase('pays')], end: {} }] }) };

describe.each([loop, machine])('slots on the $name', (driver) => {
  let world: World;
  let environment: Environment;
  afterEach(() => world.close());

  /** Plans that run on one environment of the capacity given. */
  const open = async (count: number, capacity: number, plan: Record<string, unknown> = {}) => {
    world = await createWorld(driver, {}, script);
    const input = { name: 'staging', description: null, project: 'default', variables: [] };
    environment = await world.stores.environments.createEnvironment({ ...input, capacity }, 1, world.clock.now());
    const ids: number[] = [];
    for (let i = 0; i < count; i++) {
      ids.push((await world.addPlan({ name: `plan ${i}`, environment: environment.id, ...plan })).id);
    }
    return ids as [number, ...number[]];
  };
  const change = async (before: Environment, to: Partial<Environment>): Promise<Environment> => {
    const after = { ...before, ...to, version: before.version + 1 };
    await world.stores.environments.putEnvironment(after);
    return after;
  };
  const slots = async () => (await world.stores.slots.readSlots([`environment#${environment.id}`]))[0];
  const holders = async () => [...((await slots())?.holders.keys() ?? [])];
  const startOrder = () => world.executor.starts.map(({ runId }) => runId);
  const trigger = (planId: number | undefined, more: object = {}) => world.trigger({ planId: planId ?? 0, ...more });
  /** Until the run waits for a slot. */
  const waiting = async ({ id }: Run): Promise<Run> => {
    await world.clock.runUntil(async () => (await world.getRun(id)).waitsForSlots !== undefined, minute);
    return world.getRun(id);
  };

  it('let the runs of two plans with one slot go one after the other, the next as soon as it is free', async () => {
    const [a, b] = await open(2, 1);
    const first = await trigger(a);
    const second = await trigger(b);
    expect(await waiting(second)).toMatchObject({
      status: 'queued',
      waitsForSlots: [`environment#${environment.id}`],
      deadlineAt: second.createdAt + 86_400 * 1000,
    });
    const ended = await world.finish(first.id);
    const next = await world.finish(second.id);
    expect([ended.run.result, next.run.result]).toEqual(['passed', 'passed']);
    expect(startOrder()).toEqual([first.id, second.id]);
    const gap = (next.run.startedAt ?? 0) - (ended.run.endedAt ?? 0);
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThanOrEqual(3000);
    expect(await slots()).toMatchObject({ holders: new Map(), waiting: new Set() });
  });

  it('go to the oldest that waits, and one that is stopped waits no more', async () => {
    const [a, b, c, d] = await open(4, 1);
    const runs = [];
    for (const plan of [a, b, c, d]) runs.push(await trigger(plan));
    const [first, second, third, last] = runs as [Run, Run, Run, Run];
    for (const run of [second, third, last]) await waiting(run);
    expect(await world.stop(second.id)).toMatchObject({ status: 'completed', result: 'stopped', reason: 'requested' });
    expect((await slots())?.waiting).toEqual(new Set([third.id, last.id]));
    await world.finish(first.id);
    await world.finish(third.id);
    await world.finish(last.id);
    expect(startOrder()).toEqual([first.id, third.id, last.id]);
  });

  it('are waited for until the queue deadline, and no longer', async () => {
    const [a, b] = await open(2, 1, { deadlines: { queueSeconds: 300 } });
    const first = await trigger(a);
    const second = await trigger(b);
    const { run } = await world.finish(second.id);
    expect([run.result, run.reason]).toEqual(['timedOut', 'queueDeadline']);
    expect((run.endedAt ?? 0) - run.createdAt).toBeGreaterThanOrEqual(300 * 1000);
    expect((run.endedAt ?? 0) - run.createdAt).toBeLessThanOrEqual(420 * 1000);
    expect((await world.finish(first.id)).run.result).toBe('passed');
    expect(startOrder()).toEqual([first.id]);
  });

  it('are found by the sweeper though every wake-up is lost', async () => {
    const [a, b] = await open(2, 1);
    const first = await trigger(a);
    const second = await waiting(await trigger(b));
    world.clock.after(9 * minute, () => {
      world.faults.wakesLost = true;
    });
    world.clock.after(20 * minute, () => {
      world.faults.wakesLost = false;
    });
    const ended = await world.finish(first.id);
    const next = await world.finish(second.id);
    expect((next.run.startedAt ?? 0) - (ended.run.endedAt ?? 0)).toBeLessThanOrEqual(12 * minute);
  });

  it('are taken by who is stepped again after its process died between taking and dispatch', async () => {
    for (const diesAt of ['takeSlot', 'holdSlots', 'claimDispatch']) {
      const [a, b] = await open(2, 1);
      world.faults.diesAt = diesAt;
      const first = await trigger(a);
      const second = await trigger(b);
      await world.finish(first.id);
      await world.finish(second.id);
      expect(world.faults.diesAt).toBeUndefined();
      expect([...startOrder()].sort()).toEqual([first.id, second.id]);
      expect(await slots()).toMatchObject({ holders: new Map(), waiting: new Set() });
      if (diesAt !== 'claimDispatch') await world.close();
    }
  });

  it('are free again when the process of a demanding trigger died before admission', async () => {
    const [a, b] = await open(2, 1);
    const { admit } = world.services.runs;
    (world.services.runs as { admit: typeof admit }).admit = async () => {
      throw new Error('killed');
    };
    await expect(trigger(a, { demandSlots: true })).rejects.toThrow('killed');
    (world.services.runs as { admit: typeof admit }).admit = admit;
    expect(await holders()).toHaveLength(1);
    await world.clock.runFor(3 * minute);
    expect(await holders()).toEqual([]);
    const next = await trigger(b, { demandSlots: true });
    expect((await world.finish(next.id)).run.result).toBe('passed');
  });

  it('are for two that demand them at once, though a run that ended has not given back its own', async () => {
    const [a, b, c] = await open(3, 2);
    const ended = await trigger(a, { demandSlots: true });
    await world.finish(ended.id);
    const key = environmentKey(environment.id);
    await world.stores.slots.takeSlot({ key, slots: 2 }, ended.id, 1, 0);
    // Both look before either takes.
    const { takeSlot } = world.services.slots;
    const looked = new Set<number>();
    let go: (() => void) | undefined;
    const both = new Promise<void>((resolve) => {
      go = resolve;
    });
    (world.services.slots as { takeSlot: typeof takeSlot }).takeSlot = async (...given) => {
      if (looked.add(given[1]).size === 2) go?.();
      await both;
      return takeSlot(...given);
    };
    const runs = await Promise.all([b, c].map((plan) => trigger(plan, { demandSlots: true })));
    expect(await holders()).toEqual(runs.map(({ id }) => id).sort((one, other) => one - other));
  });

  it('are demanded or waited for, as the trigger says', async () => {
    const [a, b] = await open(2, 1);
    const first = await trigger(a, { demandSlots: true });
    expect([first.slotsHeld, await holders()]).toEqual([true, [first.id]]);
    const list = [{ id: environment.id, name: 'staging' }];
    await expect(trigger(b, { demandSlots: true })).rejects.toMatchObject({
      code: 'ENVIRONMENT_UNAVAILABLE',
      environments: list,
    });
    const plan = (await world.stores.plans.getPlan(b ?? 0)) ?? world.plan;
    expect(await checkAvailability(world.services, plan)).toEqual(list);
    expect((await world.stores.runs.readLock(plan.id)).active.size).toBe(0);
    const forced = await waiting(await trigger(b));
    await world.finish(first.id);
    await world.finish(forced.id);
    expect(startOrder()).toEqual([first.id, forced.id]);
    expect(await checkAvailability(world.services, plan)).toEqual([]);
  });

  it('of a disabled environment are none: a demand is refused, a run waits until it is enabled', async () => {
    const [a] = await open(1, 5);
    environment = await change(environment, { enabled: false });
    const list = [{ id: environment.id, name: 'staging' }];
    await expect(trigger(a, { demandSlots: true })).rejects.toMatchObject({ environments: list });
    const run = await waiting(await trigger(a));
    environment = await change(environment, { enabled: true });
    expect((await world.finish(run.id)).run.result).toBe('passed');
  });

  it('are all taken or none, and kept for the older run that waits for several', async () => {
    const [a, b, c] = await open(3, 1);
    const limited = { parallelLimit: 1 };
    const busy = await trigger(world.plan.id, limited);
    await world.clock.runFor(second);
    // It needs the environment, which is free, and a slot of its key, which is not.
    const older = await waiting(await trigger(a, limited));
    expect([older.waitsForSlots, await holders()]).toEqual([['key#key'], []]);
    const younger = await waiting(await trigger(b));
    expect(younger.waitsForSlots).toEqual([`environment#${environment.id}`]);
    await expect(trigger(c, { demandSlots: true })).rejects.toMatchObject({ code: 'ENVIRONMENT_UNAVAILABLE' });
    for (const { id } of [busy, older, younger]) await world.finish(id);
    expect(startOrder()).toEqual([busy.id, older.id, younger.id]);
  });

  it('never block a plan under reject for good', async () => {
    const [a, b] = await open(2, 1, { overlap: 'reject' });
    const first = await trigger(a);
    const second = await waiting(await trigger(b));
    await expect(trigger(b)).rejects.toMatchObject({ code: 'ALREADY_RUNNING', runId: second.id });
    await expect(trigger(a)).rejects.toMatchObject({ code: 'ALREADY_RUNNING', runId: first.id });
    await world.finish(first.id);
    await world.finish(second.id);
    expect((await world.finish((await trigger(b)).id)).run.result).toBe('passed');
  });

  it('of a run that is gone are free on sight', async () => {
    const [a] = await open(1, 1);
    const need = { key: `environment#${environment.id}`, slots: 1 } as const;
    expect(await world.stores.slots.takeSlot(need, 999, 1, 0)).toBe(true);
    await world.stores.slots.waitForSlot(need.key, 1);
    const run = await trigger(a, { demandSlots: true });
    expect((await world.finish(run.id)).run.result).toBe('passed');
  });

  it('are not asked for by a run without limits', async () => {
    world = await createWorld(driver, {}, script);
    world.faults.diesAt = 'readSlots';
    const { run } = await world.finish((await world.trigger()).id);
    expect(run).toMatchObject({ result: 'passed', overlap: 'queue' });
    expect(world.faults.diesAt).toBe('readSlots');
    expect(run.slots).toBeUndefined();
  });

  it('the overlap a plan leaves open is that of the API, and the run says which', async () => {
    world = await createWorld(driver, {}, script);
    const first = await world.trigger({ overlapUnlessSet: 'reject' });
    expect(first.overlap).toBe('reject');
    await expect(world.trigger({ overlapUnlessSet: 'reject' })).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect((await world.trigger()).overlap).toBe('queue');
    const allowed = await world.addPlan({ name: 'side by side', overlap: 'allow' });
    expect((await world.trigger({ planId: allowed.id, overlapUnlessSet: 'reject' })).overlap).toBe('allow');
  });
});

describe('a run that waits for its plan', () => {
  it('raced between its stop and its release is stopped, or runs and is stopping; the next one is never stuck', async () => {
    const world = await createWorld(loop, {}, script);
    for (let round = 0; round < 5; round++) {
      const { id: planId } = await world.addPlan({ name: `raced ${round}` });
      const runs = [];
      for (let i = 0; i < 3; i++) runs.push(await world.trigger({ planId }));
      const [first, second, third] = runs as [Run, Run, Run];
      const stop = stopRun(world.services, second.id);
      const [stopped] = await Promise.all([stop, stopRun(world.services, first.id), tendPlan(world.services, planId)]);
      expect(['completed', 'stopping']).toContain(stopped.status);
      await world.clock.runFor(minute);
      expect((await world.getRun(second.id)).result).toBe('stopped');
      await world.stop(third.id);
      await world.clock.runFor(minute);
      const lock = await world.stores.runs.readLock(planId);
      expect([lock.active.size, lock.waiting.size]).toEqual([0, 0]);
      expect((await world.getRun(third.id)).waitsFor).toBeUndefined();
    }
    await world.close();
  });
});
