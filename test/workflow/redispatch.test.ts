import { afterEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../lib/core/errors.ts';
import type { AttemptEnd, Dispatch } from '../../lib/core/executor.ts';
import { redispatchesUsed, rerunsUsed } from '../../lib/core/run.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const second = 1000;
const minute = 60 * second;
const lost: AttemptEnd = { problem: { reason: 'executorLost', message: 'The runner vanished.' } };
const suites = [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }, { name: 'ships' }] }];
const polls = { callsBack: false, polls: true };

/** What each attempt reports after a minute, and how it ends. */
type Told = readonly [cases: readonly ReturnType<typeof aCase>[], end?: AttemptEnd];

describe.each([loop, machine])('a redispatch, on the $name', (driver) => {
  let world: World;
  afterEach(() => world.close());

  const run = async (plan: Record<string, unknown>, script: Script) => {
    world = await createWorld(driver, plan, script);
    const { id } = await world.trigger();
    return world.finish(id);
  };
  const tells = (...attempts: Told[]): Script => ({
    job: ({ attempt }) => {
      const [cases, end = {}] = attempts[attempt - 1] ?? [[]];
      return { callbacks: [{ afterMs: minute, cases, end }] };
    },
  });
  const asked = () => world.executor.starts.map(({ selection }) => selection?.map(({ name }) => name) ?? null);
  const expectEnd = (ended: Awaited<ReturnType<typeof run>>, result: string, reason: string): void => {
    expect([ended.run.result, ended.run.reason]).toEqual([result, reason]);
  };

  it('runs everything again after a lost executor, under a key of its own and without using up a rerun', async () => {
    const ended = await run({}, tells([[aCase('pays')], lost], [[aCase('pays'), aCase('refunds')]]));
    expectEnd(ended, 'passed', 'allPassed');
    expect(ended.run).toMatchObject({ attempt: 2, redispatches: [1], counts: { passed: 2, flaky: 0 } });
    expect([rerunsUsed(ended.run), redispatchesUsed(ended.run)]).toEqual([0, 1]);
    expect(asked()).toEqual([null, null]);
    expect(world.executor.starts.map(({ key }) => key)).toEqual([`run-${ended.run.id}-a1`, `run-${ended.run.id}-a2`]);
  });

  it('asks for what is left where the plan declares its cases', async () => {
    const told = tells([[aCase('pays'), aCase('refunds', 'failed')], lost], [[aCase('ships')]]);
    const ended = await run({ suites }, told);
    expect(asked()).toEqual([null, ['ships']]);
    expectEnd(ended, 'failed', 'casesFailed');
    expect(ended.results).toEqual({
      'Checkout › pays': 'passed',
      'Checkout › refunds': 'failed',
      'Checkout › ships': 'passed',
    });
  });

  it('leaves what failed before the loss to the reruns', async () => {
    const failed = [aCase('pays'), aCase('refunds', 'failed')];
    const told = tells([failed, lost], [[aCase('ships')]], [[aCase('refunds')]]);
    const ended = await run({ suites, rerun: { max: 1 } }, told);
    expectEnd(ended, 'passed', 'allPassed');
    expect(asked()).toEqual([null, ['ships'], ['refunds']]);
    expect([rerunsUsed(ended.run), redispatchesUsed(ended.run)]).toEqual([1, 1]);
    expect(ended.run.counts).toMatchObject({ passed: 3, flaky: 1 });
  });

  it('never makes a failure good that came before the loss, though everything runs again', async () => {
    const ended = await run({}, tells([[aCase('pays', 'failed')], lost], [[aCase('pays'), aCase('refunds')]]));
    expectEnd(ended, 'failed', 'casesFailed');
    expect(ended.results).toEqual({ 'Checkout › pays': 'failed', 'Checkout › refunds': 'passed' });
  });

  it('wants all of everything reported once more', async () => {
    const ended = await run({}, tells([[aCase('pays')], lost], [[aCase('refunds')]]));
    expectEnd(ended, 'errored', 'casesMissing');
  });

  it('runs again what passed if the executor was lost after its last case', async () => {
    const all = [aCase('pays'), aCase('refunds'), aCase('ships')];
    const ended = await run({ suites }, tells([all, lost], [all]));
    expectEnd(ended, 'passed', 'allPassed');
    expect(asked()).toEqual([null, ['pays', 'refunds', 'ships']]);
  });

  it('ends as lost when the budget is used up, or there is none', async () => {
    const twice = await run({ redispatch: { max: 2 } }, tells([[], lost], [[], lost], [[aCase('pays')], lost]));
    expectEnd(twice, 'errored', 'executorLost');
    expect([twice.run.attempt, twice.run.redispatches]).toEqual([3, [1, 2]]);
    await world.close();
    const none = await run({ redispatch: { max: 0 } }, tells([[], lost]));
    expectEnd(none, 'errored', 'executorLost');
    expect(none.run.attempt).toBe(1);
  });

  it('does not repeat what the tests or the plan are to blame for', async () => {
    const unreadable: AttemptEnd = { problem: { reason: 'reportUnreadable', message: 'No XML.' } };
    expectEnd(await run({}, tells([[], unreadable])), 'errored', 'reportUnreadable');
    expect(world.executor.starts).toHaveLength(1);
  });

  it('tries another dispatch when six tries found no executor, and tells of a start only once one took it', async () => {
    const ended = await run(
      {},
      {
        ...tells([[]], [[aCase('pays')]]),
        onStart({ attempt }) {
          if (attempt === 1) throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner is down.');
        },
      },
    );
    expectEnd(ended, 'passed', 'allPassed');
    expect(world.executor.starts.map(({ attempt }) => attempt)).toEqual([2]);
    const started = world.published.find(({ detailType }) => detailType === 'Run Started');
    expect(started?.time ?? 0).toBeGreaterThan(ended.run.createdAt + 45 * second);
  });

  it('keeps the start deadline while nobody took an attempt', async () => {
    const ended = await run(
      { redispatch: { max: 5 } },
      {
        job: () => ({}),
        onStart() {
          throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner is down.');
        },
      },
    );
    expectEnd(ended, 'timedOut', 'startDeadline');
    expect((ended.run.endedAt ?? 0) - ended.run.createdAt).toBeLessThanOrEqual(420 * second);
    expect(ended.run.startedAt).toBeUndefined();
  });

  it('stops the job that was lost, and refuses what it still sends', async () => {
    world = await createWorld(
      driver,
      { suites, deadlines: { inactivitySeconds: 7200 } },
      {
        stopsAfterMs: 30 * minute,
        job: ({ attempt }) =>
          attempt === 1
            ? {
                endsAfterMs: 1000 * minute,
                callbacks: [
                  { afterMs: minute, cases: [aCase('pays')], end: lost },
                  { afterMs: 3 * minute, cases: [aCase('refunds', 'failed')] },
                ],
              }
            : { callbacks: [{ afterMs: 5 * minute, cases: [aCase('refunds'), aCase('ships')], end: {} }] },
      },
    );
    const { id } = await world.trigger();
    const ended = await world.finish(id);
    expectEnd(ended, 'passed', 'allPassed');
    expect(world.executor.answers).toEqual(['taken', 'ATTEMPT_REPLACED', 'taken']);
    expect(world.executor.aliveJobs()).toBe(0);
    expect(ended.run.cancelPending).toBeUndefined();
  });

  it('knows what counts of the replaced attempt when it is sent again, before and after the run is over', async () => {
    const known = { cases: [aCase('pays')], batchId: 'one' };
    const ending = { cases: [aCase('packs')], end: lost };
    const late = { cases: [aCase('refunds', 'failed')], batchId: 'two' };
    const changed = { cases: [aCase('pays', 'failed')], batchId: 'one' };
    const sent = [known, ending, known, ending, late, changed];
    world = await createWorld(
      driver,
      { deadlines: { inactivitySeconds: 7200 } },
      {
        stopsAfterMs: 30 * minute,
        job: ({ attempt }) =>
          attempt === 1
            ? {
                endsAfterMs: 1000 * minute,
                callbacks: [
                  ...sent.map((callback, i) => ({ afterMs: (i + 1) * minute, ...callback })),
                  ...[known, ending, late].map((callback, i) => ({ afterMs: (i + 15) * minute, ...callback })),
                ],
              }
            : { callbacks: [{ afterMs: 8 * minute, cases: [aCase('pays'), aCase('packs')], end: {} }] },
      },
    );
    const { id } = await world.trigger();
    const ended = await world.finish(id);
    expectEnd(ended, 'passed', 'allPassed');
    expect(ended.run).toMatchObject({ attempt: 2, counts: { total: 2, passed: 2 } });
    const before = ['taken', 'taken', 'taken', 'taken', 'ATTEMPT_REPLACED', 'ATTEMPT_REPLACED'];
    expect(world.executor.answers).toEqual([...before, 'taken', 'folded', 'folded', 'ATTEMPT_REPLACED']);
    // What does not count teaches the plan no names either.
    const { entries } = await world.stores.plans.readCatalog(world.plan.id);
    expect(entries.map(({ name }) => name)).not.toContain('refunds');
  });

  it('takes the place of a silent attempt after its job was asked to stop', async () => {
    const ended = await run(
      { suites, deadlines: { inactivitySeconds: 600 } },
      {
        job: ({ attempt }) =>
          attempt === 1
            ? { callbacks: [{ afterMs: minute, cases: [aCase('pays')] }] }
            : { callbacks: [{ afterMs: minute, cases: [aCase('refunds'), aCase('ships')], end: {} }] },
      },
    );
    expectEnd(ended, 'passed', 'allPassed');
    expect(asked()).toEqual([null, ['refunds', 'ships']]);
    expect(world.executor.stops.length).toBeGreaterThan(0);
    expect(world.executor.aliveJobs()).toBe(0);
  });

  it('does not begin again when the run deadline leaves no room for another silence', async () => {
    const ended = await run({ deadlines: { runSeconds: 1000, inactivitySeconds: 600 } }, { job: () => ({}) });
    expectEnd(ended, 'timedOut', 'inactivity');
    expect(ended.run.attempt).toBe(1);
  });

  it('goes on with the stages of a plan with prerequisites', async () => {
    const chain = [
      {
        name: 'Checkout',
        cases: [
          { name: 'logs in' },
          { name: 'browses' },
          { name: 'pays', prerequisites: ['logs in'] },
          { name: 'refunds', prerequisites: ['pays'] },
        ],
      },
    ];
    const told = tells(
      [[aCase('logs in')], lost],
      [[aCase('browses')]],
      [[], lost],
      [[aCase('pays')]],
      [[aCase('refunds', 'failed')]],
      [[aCase('refunds')]],
    );
    const ended = await run({ suites: chain, rerun: { max: 1 }, redispatch: { max: 2 } }, told);
    expectEnd(ended, 'passed', 'allPassed');
    expect(asked()).toEqual([['logs in', 'browses'], ['browses'], ['pays'], ['pays'], ['refunds'], ['refunds']]);
    expect(ended.run).toMatchObject({ attempt: 6, stages: 2, redispatches: [1, 3] });
    expect(rerunsUsed(ended.run)).toBe(1);
  });

  it('asks each machine for what it has left', async () => {
    const on = (name: string, machine: string) => ({ ...aCase(name), machine });
    const ended = await run(
      { suites: [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }], machines: ['linux', 'mac'] },
      tells([[on('pays', 'linux'), on('refunds', 'linux'), on('pays', 'mac')], lost], [[on('refunds', 'mac')]]),
    );
    expectEnd(ended, 'passed', 'allPassed');
    expect(world.executor.starts[1]?.selection).toEqual([expect.objectContaining({ name: 'refunds', machine: 'mac' })]);
    expect(world.executor.starts[1]?.machines.map(({ title }) => title)).toEqual(['mac']);
    expect(ended.run.counts).toMatchObject({ total: 4, passed: 4 });
  });

  it('asks for the iterations that are left', async () => {
    const ended = await run(
      { suites: [{ name: 'Checkout', cases: [{ name: 'pays', iterations: ['visa', 'cash', 'gift'] }] }] },
      tells(
        [[aCase('pays', 'passed', 'visa'), aCase('pays', 'failed', 'cash')], lost],
        [[aCase('pays', 'passed', 'gift')]],
      ),
    );
    expect(world.executor.starts[1]?.selection).toEqual([expect.objectContaining({ iterations: ['gift'] })]);
    expectEnd(ended, 'failed', 'casesFailed');
  });

  it('redispatches an automatic rerun as that rerun', async () => {
    const told = tells([[aCase('pays', 'failed'), aCase('refunds')]], [[], lost], [[aCase('pays')]]);
    const ended = await run({ rerun: { max: 1 } }, told);
    expectEnd(ended, 'passed', 'allPassed');
    expect(asked()).toEqual([null, ['pays'], ['pays']]);
    expect(ended.run.counts).toMatchObject({ passed: 2, flaky: 1 });
    expect(rerunsUsed(ended.run)).toBe(1);
  });

  it('counts announced cases by the attempt that announces them', async () => {
    const ended = await run(
      { suites },
      tells(
        [[aCase('pays')], { ...lost, expectedCases: 3 }],
        [[aCase('refunds'), aCase('ships')], { expectedCases: 2 }],
      ),
    );
    expectEnd(ended, 'passed', 'allPassed');
  });

  it('is stopped during a redispatch, and leaves no job behind', async () => {
    world = await createWorld(
      driver,
      {},
      {
        job: ({ attempt }) => (attempt === 1 ? { callbacks: [{ afterMs: minute, cases: [], end: lost }] } : {}),
      },
    );
    const { id } = await world.trigger();
    world.stopAfter(5 * minute, id);
    const ended = await world.finish(id);
    expectEnd(ended, 'stopped', 'requested');
    expect(ended.run.attempt).toBe(2);
    expect(world.executor.aliveJobs()).toBe(0);
  });

  it('goes on asking for the end of the job that was lost while nobody knows what the next dispatch started', async () => {
    world = await createWorld(
      driver,
      { deadlines: { inactivitySeconds: 7200 } },
      {
        stopsAfterMs: 1000 * minute,
        job: () => ({ endsAfterMs: 1000 * minute, callbacks: [{ afterMs: minute, cases: [], end: lost }] }),
        async onStart({ attempt, runId }) {
          if (attempt === 1) return;
          await world.stop(runId);
          throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The answer was lost.');
        },
      },
    );
    const { id } = await world.trigger();
    await world.clock.runFor(30 * minute);
    const run = await world.getRun(id);
    expect(run).toMatchObject({ status: 'completed', reason: 'backendUnconfirmed', cancelPending: true });
    const later = world.executor.stops.filter((at) => at > (run.endedAt ?? 0));
    expect(later.length).toBeGreaterThan(5);
  });

  it('stops at once a job whose attempt was replaced while its dispatch was open', async () => {
    world = await createWorld(
      driver,
      { deadlines: { inactivitySeconds: 7200 } },
      {
        job: ({ attempt }) =>
          attempt === 1 ? {} : { callbacks: [{ afterMs: 60 * minute, cases: [aCase('pays')], end: {} }] },
        async onStart({ attempt, runId }) {
          if (attempt > 1) return;
          const request = { attempt: 2, why: 'redispatch', requested: null } as const;
          await world.stores.runs.nextAttempt(await world.getRun(runId), request, world.clock.now());
        },
      },
    );
    const { id } = await world.trigger();
    await world.clock.runFor(5 * minute);
    expect(await world.getRun(id)).toMatchObject({ status: 'running', attempt: 2, redispatches: [1] });
    expect(world.executor.stops).toHaveLength(1);
    // The job of the second attempt.
    expect(world.executor.aliveJobs()).toBe(1);
    expectEnd(await world.finish(id), 'passed', 'allPassed');
  });

  it('is made once, though the process dies while it is made', async () => {
    world = await createWorld(
      driver,
      {},
      {
        ...tells([[], lost], [[aCase('pays')]]),
        capabilities: { callsBack: true, polls: true },
      },
    );
    const { id } = await world.trigger();
    world.faults.diesAt = 'nextAttempt';
    const ended = await world.finish(id);
    expectEnd(ended, 'passed', 'allPassed');
    expect(ended.run.redispatches).toEqual([1]);
    expect(world.executor.starts.map(({ attempt }: Dispatch) => attempt)).toEqual([1, 2]);
  });

  it('keeps its item below two kilobytes after five redispatches', async () => {
    let largest = 0;
    world = await createWorld(
      driver,
      { redispatch: { max: 5 } },
      {
        capabilities: polls,
        job: () => ({ endsAfterMs: second, end: lost }),
        async onStart({ runId, attempt }, nth) {
          largest = Math.max(largest, JSON.stringify(await world.getRun(runId)).length);
          if (attempt === 6 && nth <= 5) throw new ServiceError('EXECUTOR_UNAVAILABLE', 'x'.repeat(300));
        },
      },
    );
    const { id } = await world.trigger();
    const { run: over } = await world.finish(id);
    expect(over.redispatches).toHaveLength(5);
    expect(Math.max(largest, JSON.stringify(over).length)).toBeLessThan(2048);
  });
});
