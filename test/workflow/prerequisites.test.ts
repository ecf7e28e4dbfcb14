import { afterEach, describe, expect, it } from 'vitest';
import type { Dispatch } from '../../lib/core/executor.ts';
import type { ReportableResult } from '../../lib/core/results.ts';
import { readRunView } from '../../lib/workflow/read-run.ts';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { rerunRun } from '../../lib/workflow/rerun-run.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const second = 1000;
const minute = 60 * second;
const patient = { deadlines: { inactivitySeconds: 7200 } };
const goOn = { onCasePrerequisiteFail: 'Continue', onSuitePrerequisiteFail: 'Continue' };

/** `logs in`, then `pays`, then `refunds`; `browses` needs nothing. */
const chain = {
  suites: [
    {
      name: 'Checkout',
      cases: [
        { name: 'logs in' },
        { name: 'browses' },
        { name: 'pays', prerequisites: ['logs in'] },
        { name: 'refunds', prerequisites: ['pays'] },
      ],
    },
  ],
};

/** Runs what it is asked to; cases, and iterations, end as said by name at the nth time, else passed. */
function runner(
  outcomes: Record<string, readonly ReportableResult[]> = {},
  dataSets: Record<string, readonly string[]> = {},
): Script {
  const times = new Map<string, number>();
  const outcome = (name: string): ReportableResult => {
    const nth = times.get(name) ?? 0;
    times.set(name, nth + 1);
    return outcomes[name]?.[nth] ?? 'passed';
  };
  return {
    job({ selection }) {
      const cases = (selection ?? []).flatMap(({ suite, name, iterations = [] }) => {
        const sets = iterations.length > 0 ? iterations : dataSets[name];
        if (sets === undefined) return [{ ...aCase(name, outcome(name)), suite }];
        return sets.map((iteration) => ({ ...aCase(name, outcome(iteration), iteration), suite }));
      });
      return { callbacks: [{ afterMs: minute, cases, end: {} }] };
    },
  };
}

describe.each([loop, machine])('with prerequisites, on the $name', (driver) => {
  let world: World;
  afterEach(() => world.close());

  const run = async (plan: Record<string, unknown>, script: Script) => {
    world = await createWorld(driver, plan, script);
    const { id } = await world.trigger();
    return world.finish(id);
  };
  /** The names each dispatch asked for; null is everything. */
  const dispatched = (): (string[] | null)[] =>
    world.executor.starts.map(({ selection }) => selection?.map(({ name }) => name) ?? null);
  const expectEnd = (ended: Awaited<ReturnType<typeof run>>, result: string, reason: string): void => {
    expect([ended.run.result, ended.run.reason]).toEqual([result, reason]);
  };

  it('runs a chain in stages, each once what it needs has passed', async () => {
    const ended = await run(chain, runner());
    expectEnd(ended, 'passed', 'allPassed');
    expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    expect(ended.run).toMatchObject({ attempt: 3, stages: 2, counts: { total: 4, passed: 4, flaky: 0 } });
    const transitions = world.transitions(ended.run.id);
    if (transitions !== undefined) expect(transitions).toBeLessThanOrEqual(2 * 3);
  });

  it('shows what waits for its stage as queued', async () => {
    world = await createWorld(driver, chain, runner());
    const { id } = await world.trigger();
    await world.clock.runFor(minute + 30 * second);
    const { counts } = await readRunView(world.services, await world.getRun(id));
    expect(counts).toMatchObject({ passed: 2, queued: 2, notExecuted: 0, blocked: 0 });
  });

  it('blocks what needs a failed case, and what needs that, and says why', async () => {
    const ended = await run(chain, runner({ 'logs in': ['failed'] }));
    expectEnd(ended, 'failed', 'casesFailed');
    expect(dispatched()).toEqual([['logs in', 'browses']]);
    expect(ended.results).toEqual({
      'Checkout › logs in': 'failed',
      'Checkout › browses': 'passed',
      'Checkout › pays': 'blocked',
      'Checkout › refunds': 'blocked',
    });
    expect(ended.cases.map(({ message }) => message)).toEqual([
      'logs in did not work',
      undefined,
      'Not run: its prerequisite Checkout › logs in did not pass.',
      'Not run: its prerequisite Checkout › pays was not run for the same reason.',
    ]);
    expect(ended.run.explanation).toBe(
      '3 of 4 cases did not pass in the last attempt, first Checkout › logs in; 2 of them blocked by a prerequisite.',
    );
  });

  it('blocks what needs a skipped case', async () => {
    const ended = await run(chain, runner({ 'logs in': ['skipped'] }));
    expectEnd(ended, 'failed', 'casesFailed');
    expect(ended.cases[2]?.message).toBe('Not run: its prerequisite Checkout › logs in was skipped.');
  });

  it('runs what needs a failed case all the same under Continue, after it', async () => {
    const ended = await run({ ...chain, settings: goOn }, runner({ 'logs in': ['failed'] }));
    expectEnd(ended, 'failed', 'casesFailed');
    expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    expect(ended.run.counts).toMatchObject({ passed: 3, failed: 1, blocked: 0 });
  });

  describe('of a suite', () => {
    const suites = [
      { name: 'Checkout', prerequisites: ['Setup'], cases: [{ name: 'pays' }, { name: 'ships' }] },
      { name: 'Setup', cases: [{ name: 'seeds' }, { name: 'logs in', iterations: ['admin', 'guest'] }] },
    ];

    const dataSets = { 'logs in': ['admin', 'guest'] };

    it('runs the suite once the other has passed, after a rerun of one iteration of it', async () => {
      const ended = await run({ suites, rerun: { max: 1 } }, runner({ guest: ['failed'] }, dataSets));
      expectEnd(ended, 'passed', 'allPassed');
      expect(dispatched()).toEqual([['seeds', 'logs in'], ['logs in'], ['pays', 'ships']]);
      const [first, second] = world.executor.starts.map(({ selection }) => selection?.at(-1));
      expect([first?.iterations, second?.iterations]).toEqual([[], ['guest']]);
      expect(ended.run.counts).toMatchObject({ total: 4, passed: 4, flaky: 1 });
    });

    it('blocks the suite when a case of the other failed', async () => {
      const ended = await run({ suites }, runner({ seeds: ['errored'] }, dataSets));
      expectEnd(ended, 'failed', 'casesFailed');
      expect(ended.results).toMatchObject({ 'Checkout › pays': 'blocked', 'Checkout › ships': 'blocked' });
      expect(ended.cases[0]?.message).toBe('Not run: its prerequisite suite Setup did not pass.');
    });

    it('is all an executor is given that selects whole suites', async () => {
      const [checkout, setup] = suites;
      const cases = [{ name: 'pays' }, { name: 'ships', prerequisites: ['pays'] }];
      const script = { ...runner({}, dataSets), capabilities: { selects: 'suites' as const } };
      expectEnd(await run({ suites: [{ ...checkout, cases }, setup] }, script), 'passed', 'allPassed');
      expect(dispatched()).toEqual([
        ['seeds', 'logs in'],
        ['pays', 'ships'],
      ]);
    });
  });

  describe('and automatic reruns', () => {
    it('runs what was blocked once the rerun made its prerequisite pass', async () => {
      const ended = await run({ ...chain, rerun: { max: 1 } }, runner({ 'logs in': ['failed'] }));
      expectEnd(ended, 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['logs in'], ['pays'], ['refunds']]);
      expect(ended.run).toMatchObject({ attempt: 4, stages: 2, counts: { passed: 4, flaky: 1 } });
      const transitions = world.transitions(ended.run.id);
      if (transitions !== undefined) expect(transitions).toBeLessThanOrEqual(2 * 4);
    });

    it('runs what is ready before it reruns anything', async () => {
      const ended = await run({ ...chain, rerun: { max: 1 } }, runner({ browses: ['failed'] }));
      expectEnd(ended, 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds'], ['browses']]);
    });

    it('does not spend reruns on stages, and no more reruns than there are', async () => {
      const outcomes = { 'logs in': ['failed'], pays: ['failed', 'failed'], refunds: ['failed'] } as const;
      const ended = await run({ ...chain, rerun: { max: 2 } }, runner(outcomes));
      expectEnd(ended, 'failed', 'casesFailed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['logs in'], ['pays'], ['pays']]);
      expect(ended.results).toMatchObject({ 'Checkout › pays': 'failed', 'Checkout › refunds': 'blocked' });
    });
  });

  describe('and an executor that selects nothing', () => {
    const everything: Pick<Script, 'capabilities'> = { capabilities: { selects: 'nothing' } };

    it('runs everything at once, tells the prerequisites, and what was reported stands', async () => {
      const cases = [aCase('logs in', 'failed'), aCase('browses'), aCase('pays'), aCase('refunds', 'blocked')];
      const ended = await run(chain, {
        ...everything,
        job: () => ({ callbacks: [{ afterMs: minute, cases, end: {} }] }),
      });
      expectEnd(ended, 'failed', 'casesFailed');
      expect(dispatched()).toEqual([null]);
      expect(ended.run.counts).toMatchObject({ passed: 2, failed: 1, blocked: 1 });
      const before = { suite: 'Checkout', className: '' };
      expect(world.executor.starts[0]?.prerequisites).toEqual([
        { ...before, name: 'pays', prerequisites: [{ ...before, name: 'logs in' }] },
        { ...before, name: 'refunds', prerequisites: [{ ...before, name: 'pays' }] },
      ]);
    });

    it('takes from the rerun what the runner did not run because of what failed', async () => {
      const others = [aCase('browses'), aCase('refunds')];
      const ended = await run(
        { ...chain, rerun: { max: 1 } },
        {
          ...everything,
          job: ({ attempt }) => {
            const cases =
              attempt === 1
                ? [aCase('logs in', 'failed'), aCase('pays', 'blocked'), ...others]
                : [aCase('logs in'), aCase('pays'), ...others];
            return { callbacks: [{ afterMs: minute, cases, end: {} }] };
          },
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(dispatched()).toEqual([null, ['logs in', 'pays']]);
    });
  });

  it('leaves out what a coarse runner reports before its stage', async () => {
    const all = ['logs in', 'browses', 'pays', 'refunds'];
    const ended = await run(chain, {
      job: ({ attempt }) => ({
        callbacks: [
          {
            afterMs: minute,
            cases: all.map((name) => aCase(name, attempt === 1 && name === 'pays' ? 'failed' : 'passed')),
            end: {},
          },
        ],
      }),
    });
    expectEnd(ended, 'passed', 'allPassed');
    expect(ended.cases.map(({ attempt, flaky }) => [attempt, flaky])).toEqual([
      [1, false],
      [1, false],
      [2, false],
      [3, false],
    ]);
  });

  describe('and picked cases', () => {
    const pick = (name: string) => ({ suite: 'Checkout', className: '', name });

    it('runs what they need with them, before them', async () => {
      world = await createWorld(driver, chain, runner());
      const { id } = await world.trigger({ choose: async () => ({ picked: [pick('refunds')] }) });
      const ended = await world.finish(id);
      expectEnd(ended, 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in'], ['pays'], ['refunds']]);
      expect(ended.run).toMatchObject({ requestedCases: 3, counts: { total: 3, passed: 3 } });
    });

    it('runs in a rerun only what has not passed of what they need, and takes the rest as met', async () => {
      world = await createWorld(driver, chain, runner({ pays: ['failed', 'failed'] }));
      const first = await world.trigger();
      expectEnd(await world.finish(first.id), 'failed', 'casesFailed');
      const rerun = async (name: string) => {
        const { run: again } = await rerunRun(world.services, {
          run: await world.getRun(first.id),
          type: 'picked',
          picks: [{ testCase: pick(name), iterations: 'all', field: 'cases[0]' }],
          maySee: () => true,
          trigger: first.trigger,
        });
        return world.finish(again.id);
      };
      const second = await rerun('refunds');
      expectEnd(second, 'failed', 'casesFailed');
      expect(second.results).toEqual({ 'Checkout › pays': 'failed', 'Checkout › refunds': 'blocked' });
      expectEnd(await rerun('refunds'), 'passed', 'allPassed');
      expectEnd(await rerun('refunds'), 'passed', 'allPassed');
      expect(dispatched().slice(2)).toEqual([['pays'], ['pays'], ['refunds'], ['refunds']]);
    });
  });

  it('is errored when a stage cannot be read, and nothing further is run', async () => {
    const problem = { reason: 'executorLost', message: 'Gone.' } as const;
    const ended = await run(
      { ...chain, redispatch: { max: 0 } },
      {
        job: ({ selection }) => ({
          callbacks: [{ afterMs: minute, cases: (selection ?? []).map(({ name }) => aCase(name)), end: { problem } }],
        }),
      },
    );
    expectEnd(ended, 'errored', 'executorLost');
    expect(dispatched()).toHaveLength(1);
    expect(ended.run.counts).toMatchObject({ passed: 2, notExecuted: 2 });
  });

  it('is errored when a prerequisite reports nothing, and what needs it is blocked', async () => {
    const ended = await run(chain, {
      job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('browses')], end: {} }] }),
    });
    expectEnd(ended, 'errored', 'casesMissing');
    expect(ended.run.counts).toMatchObject({ passed: 1, notExecuted: 1, blocked: 2 });
    expect(ended.cases[2]?.message).toBe('Not run: its prerequisite Checkout › logs in reported no result.');
  });

  it('runs out of time when its deadline comes before the last stage', async () => {
    const deadlines = { runSeconds: 90, inactivitySeconds: 7200 };
    const ended = await run({ ...chain, deadlines }, runner());
    expectEnd(ended, 'timedOut', 'runDeadline');
    expect(ended.run.counts).toMatchObject({ passed: 2, notExecuted: 2 });
    expect(world.executor.aliveJobs()).toBe(0);
  });

  describe('when it is stopped', () => {
    const stoppedAfter = async (ms: number, script: Script) => {
      world = await createWorld(driver, { ...chain, ...patient }, script);
      const { id } = await world.trigger();
      world.stopAfter(ms, id);
      const ended = await world.finish(id);
      expect([ended.run.result, world.executor.aliveJobs()]).toEqual(['stopped', 0]);
      return ended;
    };

    it('in its second stage, keeps the first and stops the rest', async () => {
      const ended = await stoppedAfter(90 * second, runner());
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays']]);
      expect(ended.run.counts).toMatchObject({ passed: 2, stopped: 2, blocked: 0 });
    });

    it('in its first stage, calls nothing blocked that waited for what was stopped', async () => {
      const ended = await stoppedAfter(30 * second, runner());
      expect(ended.run.counts).toMatchObject({ stopped: 4 });
      expect(ended.cases.map(({ message }) => message)).toEqual([undefined, undefined, undefined, undefined]);
    });

    it('keeps blocked what a failure had blocked before', async () => {
      const failing = runner({ 'logs in': ['failed'] });
      const slow: Script = {
        job: (dispatch: Dispatch) => (dispatch.attempt === 1 ? failing.job(dispatch) : {}),
      };
      world = await createWorld(driver, { ...chain, ...patient, rerun: { max: 1 } }, slow);
      const { id } = await world.trigger();
      world.stopAfter(5 * minute, id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'requested');
      expect(ended.run.counts).toMatchObject({ failed: 1, passed: 1, blocked: 2 });
    });
  });

  describe('when something breaks', () => {
    it('goes on with the next stage after a crash between two', async () => {
      world = await createWorld(driver, chain, runner());
      const { id } = await world.trigger();
      world.clock.after(minute - second, () => {
        world.faults.stepsFail = true;
      });
      world.clock.after(minute + 20 * second, () => {
        world.faults.stepsFail = false;
      });
      expectEnd(await world.finish(id), 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    });

    it('goes on after a crash in the dispatch of a stage', async () => {
      world = await createWorld(driver, chain, {
        ...runner(),
        onStart({ attempt }, nth) {
          if (attempt !== 2 || nth > 1) return;
          world.faults.stepsFail = true;
          world.clock.after(10 * second, () => {
            world.faults.stepsFail = false;
          });
          throw new Error('the process died');
        },
      });
      const { id } = await world.trigger();
      expectEnd(await world.finish(id), 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    });

    it('goes on though every wake-up is lost', async () => {
      world = await createWorld(driver, chain, runner());
      world.faults.wakesLost = true;
      const { id } = await world.trigger();
      world.clock.after(40 * minute, () => {
        world.faults.wakesLost = false;
      });
      expectEnd(await world.finish(id), 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    });

    it('repeats a dispatch that is over before it has answered, rather than end without the other stages', async () => {
      const script = runner();
      world = await createWorld(driver, chain, {
        job: (dispatch) => (dispatch.attempt === 1 ? { endsAfterMs: 0 } : script.job(dispatch)),
        async onStart({ runId, attempt }, nth) {
          if (attempt > 1) return;
          if (nth > 1) return;
          const { markRunning } = world.services.runs;
          // The process dies between the acknowledgement of the results and what follows it.
          (world.services.runs as { markRunning: typeof markRunning }).markRunning = () =>
            Promise.reject(new Error('killed'));
          const cases = [aCase('logs in'), aCase('browses')];
          await recordResults(world.services, { runId, attempt, cases, end: {}, wake: true }).catch(() => {});
          (world.services.runs as { markRunning: typeof markRunning }).markRunning = markRunning;
          throw new Error('the connection broke');
        },
      });
      const { id } = await world.trigger();
      expectEnd(await world.finish(id), 'passed', 'allPassed');
      expect(dispatched()).toEqual([['logs in', 'browses'], ['pays'], ['refunds']]);
    });
  });
});
