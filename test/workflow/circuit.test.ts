import { afterEach, describe, expect, it } from 'vitest';
import { targetOf } from '../../lib/core/circuit.ts';
import { ServiceError } from '../../lib/core/errors.ts';
import type { AttemptEnd, Dispatch } from '../../lib/core/executor.ts';
import type { Run } from '../../lib/core/run.ts';
import { dispatchAttempt } from '../../lib/workflow/dispatch-attempt.ts';
import { aCase } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const second = 1000;
const minute = 60 * second;
const patient = { overlap: 'allow', redispatch: { max: 0 }, deadlines: { startSeconds: 3600 } };
const lost: AttemptEnd = { problem: { reason: 'executorLost', message: 'The runner vanished.' } };

describe.each([loop, machine])('an executor that fails, on the $name', (driver) => {
  let world: World;
  let down: boolean;
  let calls: { readonly at: number; readonly runId: number }[];
  afterEach(() => world.close());

  /** A world whose executor is down from the start. */
  const open = async (
    plan: Record<string, unknown> = patient,
    onDown?: (dispatch: Dispatch) => void,
  ): Promise<void> => {
    down = true;
    calls = [];
    world = await createWorld(driver, plan, {
      job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')], end: {} }] }),
      onStart(dispatch) {
        calls.push({ at: world.clock.now(), runId: dispatch.runId });
        if (!down) return;
        onDown?.(dispatch);
        throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner is down.', { nothingStarted: true });
      },
    });
  };
  const triggerMany = async (count: number): Promise<Run[]> => {
    const runs = [];
    for (let i = 0; i < count; i++) runs.push(await world.trigger());
    return runs;
  };
  const logged = (event: string) => world.logs.filter((entry) => entry.event === event);
  /** So many attempts have failed just now; three of them opened its circuit. */
  const hasFailed = async (failures: number): Promise<void> => {
    const now = world.clock.now();
    const known = { version: 1, failures, since: now, lastAt: now, kind: 'dispatch', opened: 0 } as const;
    const { id = '' } = targetOf(world.plan.executor) ?? {};
    const isOpen = failures >= 3 ? { opened: 1, openUntil: now + 30 * second } : {};
    await world.stores.circuits.putCircuit(id, undefined, { ...known, ...isOpen });
  };
  const circuit = async () => world.stores.circuits.getCircuit(targetOf(world.plan.executor)?.id ?? '');

  it('makes later runs wait without using up their tries, until one of them finds that it works again', async () => {
    await open();
    const first = await triggerMany(3);
    for (const { id } of first) expect((await world.finish(id)).run.reason).toBe('dispatchFailed');
    expect(logged('circuit opened')).toMatchObject([{ executor: 'http runner.example' }]);
    const before = calls.length;
    const later = await triggerMany(3);
    await world.clock.runFor(20 * second);
    expect(calls).toHaveLength(before);
    for (const { id } of later) {
      expect(await world.getRun(id)).toMatchObject({ status: 'queued', dispatchTries: 0 });
    }
    down = false;
    for (const { id } of later) expect((await world.finish(id)).run.result).toBe('passed');
    expect(logged('circuit closed')).toHaveLength(1);
    expect(await circuit()).toMatchObject({ failures: 0 });
  });

  it('is tried by one run at a time, more and more seldom', async () => {
    await open();
    await hasFailed(3);
    await triggerMany(2);
    await world.clock.runFor(9 * minute);
    const gaps = calls.slice(1).map(({ at }, i) => (at - (calls[i]?.at ?? 0)) / second);
    expect(gaps.length).toBeGreaterThanOrEqual(2);
    for (const [i, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual([60, 120, 300][i] ?? 300);
  });

  it('costs waiting runs no more than their start deadline', async () => {
    await open({ ...patient, deadlines: { startSeconds: 120 } });
    await hasFailed(3);
    const { id, createdAt } = await world.trigger();
    const { run } = await world.finish(id);
    expect(run.reason).toBe('startDeadline');
    expect((run.endedAt ?? 0) - createdAt).toBeLessThanOrEqual(240 * second);
  });

  it('is alive if it says when to come again: that opens nothing and holds the run as long', async () => {
    await open(patient, () => {
      throw new ServiceError('EXECUTOR_UNAVAILABLE', 'Too many jobs.', { retryAfterSeconds: 100 });
    });
    await hasFailed(2);
    expect((await world.finish((await world.trigger()).id)).run.reason).toBe('dispatchFailed');
    expect(await circuit()).toMatchObject({ version: 1, failures: 2 });
    expect(calls).toHaveLength(6);
    for (const [i, { at }] of calls.slice(1).entries()) {
      expect(at - (calls[i]?.at ?? 0)).toBeGreaterThanOrEqual(100 * second);
    }
  });

  it('that takes attempts and loses them makes others wait, and works again with the first that ends well', async () => {
    down = false;
    let losing = true;
    world = await createWorld(
      driver,
      { ...patient, overlap: 'queue' },
      {
        job: () => ({ callbacks: [{ afterMs: second, cases: [aCase('pays')], end: losing ? lost : {} }] }),
      },
    );
    for (let i = 0; i < 3; i++)
      expect((await world.finish((await world.trigger()).id)).run.reason).toBe('executorLost');
    expect(logged('circuit opened')).toHaveLength(1);
    // It takes the next one, after its time: closed, but one more loss opens it at once.
    const next = await world.finish((await world.trigger()).id);
    expect((next.run.startedAt ?? 0) - next.run.createdAt).toBeGreaterThanOrEqual(10 * second);
    expect(logged('circuit opened')).toHaveLength(2);
    losing = false;
    await world.finish((await world.trigger()).id);
    expect(await circuit()).toMatchObject({ failures: 0 });
    const last = await world.finish((await world.trigger()).id);
    expect((last.run.startedAt ?? 0) - last.run.createdAt).toBeLessThanOrEqual(2 * second);
  });

  it('is not blamed for jobs that were stopped', async () => {
    world = await createWorld(driver, patient, {
      capabilities: { callsBack: false, polls: true },
      stopsAfterMs: second,
      job: () => ({ cases: [], end: lost }),
    });
    const stopped = async (): Promise<void> => {
      const { id } = await world.trigger();
      world.stopAfter(2 * minute, id);
      expect((await world.finish(id)).run.result).toBe('stopped');
    };
    for (let i = 0; i < 3; i++) await stopped();
    expect(logged('circuit opened')).toEqual([]);
    expect((await circuit())?.failures ?? 0).toBe(0);
  });

  it('stays on probation while the job it took was stopped', async () => {
    world = await createWorld(driver, patient, { job: () => ({}) });
    const now = world.clock.now();
    const known = { version: 1, failures: 3, since: now, lastAt: now, kind: 'attempt', opened: 1 } as const;
    await world.stores.circuits.putCircuit(targetOf(world.plan.executor)?.id ?? '', undefined, {
      ...known,
      openUntil: now,
    });
    const { id } = await world.trigger();
    world.stopAfter(2 * minute, id);
    const { run } = await world.finish(id);
    expect(run).toMatchObject({ result: 'stopped', onProbation: true });
    expect((await circuit())?.failures).toBeGreaterThan(0);
  });

  it('does not keep runs of other executors', async () => {
    await open();
    await hasFailed(3);
    down = false;
    const plan = await world.addPlan({
      ...patient,
      name: 'Search',
      executor: { type: 'http', url: 'https://other.example/' },
    });
    const { id } = await world.trigger({ planId: plan.id });
    const { run } = await world.finish(id);
    expect((run.startedAt ?? 0) - run.createdAt).toBeLessThanOrEqual(2 * second);
  });
});

describe('the circuit of an executor', () => {
  let world: World;
  afterEach(() => world.close());

  it('lets one of twenty runs that look in the same moment try it', async () => {
    let starts = 0;
    world = await createWorld(loop, patient, {
      job: () => ({}),
      onStart() {
        starts += 1;
        throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner is down.', { nothingStarted: true });
      },
    });
    const { id = '' } = targetOf(world.plan.executor) ?? {};
    const { circuits } = world.stores;
    const now = world.clock.now();
    const circuit = {
      version: 7,
      failures: 3,
      since: now - 60_000,
      lastAt: now - 30_000,
      kind: 'dispatch',
      opened: 1,
    } as const;
    await circuits.putCircuit(id, undefined, { ...circuit, openUntil: now });
    // The executions never start: what happens is what is called here.
    world.faults.failingStarts = 1000;
    const runs = [];
    for (let i = 0; i < 20; i++) runs.push(await world.trigger());
    await Promise.all(runs.map((run) => dispatchAttempt(world.services, run)));
    expect(starts).toBe(1);
    expect(await circuits.getCircuit(id)).toMatchObject({ opened: 2, openUntil: now + 60_000 });
    const after = await world.services.runs.getRuns(runs.map((run) => run.id));
    expect(
      after
        .map(({ dispatchTries }) => dispatchTries)
        .sort()
        .slice(-2),
    ).toEqual([0, 1]);
    expect(after.every(({ dispatchAfter = 0 }) => dispatchAfter > now)).toBe(true);
  });

  it('costs a dispatch one read, and nothing for a command', async () => {
    world = await createWorld(
      loop,
      {},
      { job: () => ({ callbacks: [{ afterMs: second, cases: [aCase('pays')], end: {} }] }) },
    );
    const calls: string[] = [];
    for (const name of ['getCircuit', 'putCircuit'] as const) {
      const of = world.stores.circuits;
      const original = of[name].bind(of) as (...given: unknown[]) => unknown;
      const counted = (...given: unknown[]) => {
        calls.push(name);
        return original(...given);
      };
      Object.assign(of, { [name]: counted });
    }
    await world.finish((await world.trigger()).id);
    expect(calls).toEqual(['getCircuit']);
    const command = await world.addPlan({ name: 'Search', executor: { type: 'command', command: 'true' } });
    await world.finish((await world.trigger({ planId: command.id })).id);
    expect(calls).toEqual(['getCircuit']);
  });

  it('is no reason to lose what happened to a run', async () => {
    world = await createWorld(loop, patient, {
      job: () => ({ callbacks: [{ afterMs: second, cases: [aCase('pays')], end: lost }] }),
    });
    Object.assign(world.stores.circuits, {
      putCircuit: async () => {
        throw new Error('throttled');
      },
    });
    const { run } = await world.finish((await world.trigger()).id);
    expect(run.reason).toBe('executorLost');
    expect(world.logs.map(({ event }) => event)).toContain('circuit not recorded');
  });
});
