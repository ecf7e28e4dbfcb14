import { afterEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../lib/core/errors.ts';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const polls = { callsBack: false, polls: true };
const once = { rerun: { max: 1 } };
const never = { redispatch: { max: 0 } };

describe.each([loop, machine])('on the $name', (driver) => {
  let world: World;
  afterEach(() => world.close());

  /** One run from trigger to end. */
  const run = async (plan: Record<string, unknown>, script: Script) => {
    world = await createWorld(driver, plan, script);
    const { id } = await world.trigger();
    return world.finish(id);
  };
  const expectTransitions = (runId: number, most: number): void => {
    const transitions = world.transitions(runId);
    if (transitions !== undefined) expect(transitions).toBeLessThanOrEqual(most);
  };
  const callsBack = (afterMs: number, ...cases: ReturnType<typeof aCase>[]) => ({
    callbacks: [{ afterMs, cases, end: {} }],
  });
  const reports = (first: ReturnType<typeof aCase>[], ...others: ReturnType<typeof aCase>[][]): Script => ({
    job: ({ attempt }) => ({ callbacks: [{ afterMs: minute, cases: [first, ...others][attempt - 1] ?? [], end: {} }] }),
  });
  const expectEnd = (ended: Awaited<ReturnType<typeof run>>, result: string, reason: string): void => {
    expect([ended.run.result, ended.run.reason]).toEqual([result, reason]);
  };

  describe('results', () => {
    it('passes when the executor calls back that all cases passed', async () => {
      const patient = { deadlines: { inactivitySeconds: 7200 } };
      const ended = await run(patient, { job: () => callsBack(hour, aCase('pays'), aCase('refunds')) });
      expectEnd(ended, 'passed', 'allPassed');
      expect(ended.results).toEqual({ 'Checkout › pays': 'passed', 'Checkout › refunds': 'passed' });
      expect(world.executor.starts).toHaveLength(1);
      expectTransitions(ended.run.id, 2);
    });

    it('is not looked at while its executor gives signs of life, and times out once they end', async () => {
      const deadlines = { inactivitySeconds: 180 };
      const signs = [2, 4, 6, 8].map((n) => ({ afterMs: n * minute, cases: [aCase(`case ${n}`)] }));
      const last = { afterMs: 10 * minute, cases: [aCase('last')], end: {} };
      const ended = await run({ deadlines }, { job: () => ({ callbacks: [...signs, last] }) });
      expectEnd(ended, 'passed', 'allPassed');
      expectTransitions(ended.run.id, 2);
      await world.close();
      const silent = await run({ deadlines, redispatch: { max: 0 } }, { job: () => ({ callbacks: signs }) });
      expectEnd(silent, 'timedOut', 'inactivity');
      // Three minutes after the last sign, and what the sweeper takes to come by.
      expect((silent.run.endedAt ?? 0) - (silent.run.startedAt ?? 0)).toBeLessThanOrEqual(13 * minute);
    });

    it('reruns the failed case only, then passes and names it flaky', async () => {
      const ended = await run(once, reports([aCase('pays'), aCase('refunds', 'failed')], [aCase('refunds')]));
      expectEnd(ended, 'passed', 'allPassed');
      expect(ended.run).toMatchObject({ attempt: 2, counts: { passed: 2, flaky: 1 } });
      expect(ended.cases.find(({ flaky }) => flaky)?.attempt).toBe(2);
      expect(world.executor.starts[1]?.selection).toEqual([
        expect.objectContaining({ suite: 'Checkout', name: 'refunds' }),
      ]);
      expectTransitions(ended.run.id, 4);
    });

    it('fails when the rerun fails again', async () => {
      const ended = await run(once, reports([aCase('pays'), aCase('refunds', 'failed')], [aCase('refunds', 'failed')]));
      expectEnd(ended, 'failed', 'casesFailed');
      expect(ended.run).toMatchObject({ attempt: 2, counts: { passed: 1, failed: 1, flaky: 0 } });
    });

    it('fails at once when no rerun is allowed', async () => {
      const ended = await run({}, reports([aCase('pays', 'failed')]));
      expectEnd(ended, 'failed', 'casesFailed');
      expect(world.executor.starts).toHaveLength(1);
    });

    it('stops rerunning at the limit', async () => {
      const bad = [aCase('pays', 'failed')];
      const ended = await run({ rerun: { max: 2 } }, reports(bad, bad, bad, bad));
      expectEnd(ended, 'failed', 'casesFailed');
      expect(world.executor.starts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    });

    it('reruns only the iteration that failed', async () => {
      const suites = [{ name: 'Checkout', cases: [{ name: 'pays', iterations: ['visa', 'cash'] }] }];
      const ended = await run(
        { ...once, suites },
        reports([aCase('pays', 'passed', 'visa'), aCase('pays', 'failed', 'cash')], [aCase('pays', 'passed', 'cash')]),
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(world.executor.starts[1]?.selection).toEqual([
        expect.objectContaining({ name: 'pays', iterations: ['cash'] }),
      ]);
      expect(ended.run.counts).toMatchObject({ total: 1, passed: 1, flaky: 1 });
    });

    it('has no tests when nothing was reported', async () => {
      expectEnd(await run(once, reports([])), 'noTests', 'nothingReported');
    });

    it('has no tests when every case was skipped', async () => {
      expectEnd(await run({}, reports([aCase('pays', 'skipped')])), 'noTests', 'nothingReported');
    });

    it('is errored when the report cannot be read', async () => {
      const problem = { reason: 'reportUnreadable', message: 'The report is no XML.' } as const;
      const ended = await run(once, {
        job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')], end: { problem } }] }),
      });
      expectEnd(ended, 'errored', 'reportUnreadable');
      expect(ended.results).toEqual({ 'Checkout › pays': 'passed' });
      expect(world.executor.starts).toHaveLength(1);
    });

    it('is errored when a declared case was not reported', async () => {
      const suites = [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }];
      const ended = await run({ suites }, reports([aCase('pays')]));
      expectEnd(ended, 'errored', 'casesMissing');
      expect(ended.results).toEqual({ 'Checkout › pays': 'passed', 'Checkout › refunds': 'notExecuted' });
    });

    it('waits for announced cases, and takes those that come within the grace', async () => {
      const ended = await run(
        {},
        {
          job: () => ({
            callbacks: [
              { afterMs: minute, cases: [aCase('pays')], end: { expectedCases: 2 } },
              { afterMs: minute + 20 * second, cases: [aCase('refunds')] },
            ],
          }),
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(ended.run.counts).toMatchObject({ passed: 2 });
    });

    it('is errored when announced cases do not come within the grace', async () => {
      const ended = await run(
        {},
        {
          job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')], end: { expectedCases: 2 } }] }),
        },
      );
      expectEnd(ended, 'errored', 'casesMissing');
      const waited = (ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0) - minute;
      expect(waited).toBeGreaterThanOrEqual(30 * second);
      expect(waited).toBeLessThanOrEqual(120 * second);
    });
  });

  describe('callbacks', () => {
    it('counts a callback that comes twice once', async () => {
      const batch = { cases: [aCase('pays')], batchId: 'b1' };
      const ended = await run(
        {},
        {
          job: () => ({
            callbacks: [
              { afterMs: second, ...batch },
              { afterMs: 2 * second, ...batch },
              { afterMs: 3 * second, cases: [aCase('refunds')], end: {} },
            ],
          }),
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(world.executor.answers).toEqual(['taken', 'taken', 'taken']);
      expect(ended.run.counts).toMatchObject({ total: 2, passed: 2 });
    });

    it('refuses a batch id that was used for other results', async () => {
      await run(
        {},
        {
          job: () => ({
            callbacks: [
              { afterMs: second, cases: [aCase('pays')], batchId: 'b1' },
              { afterMs: 2 * second, cases: [aCase('pays', 'failed')], batchId: 'b1' },
              { afterMs: 3 * second, cases: [], end: {} },
            ],
          }),
        },
      );
      expect(world.executor.answers).toEqual(['taken', 'BATCH_ID_REUSED', 'taken']);
    });

    it('refuses results after completion, and nothing changes', async () => {
      const ended = await run(
        {},
        {
          job: () => ({
            callbacks: [
              { afterMs: second, cases: [aCase('pays')], end: {}, batchId: 'last' },
              { afterMs: minute * 5, cases: [aCase('pays', 'failed')] },
              { afterMs: minute * 5, cases: [aCase('pays')], end: {}, batchId: 'last' },
            ],
          }),
        },
      );
      await world.clock.runFor(10 * minute);
      expect(world.executor.answers).toEqual(['taken', 'RUN_COMPLETED', 'folded']);
      expect(await world.getRun(ended.run.id)).toEqual(ended.run);
    });

    it('never lets a late result of an older attempt beat a newer one', async () => {
      const ended = await run(once, {
        job: ({ attempt }) =>
          attempt === 1
            ? { callbacks: [{ afterMs: second, cases: [aCase('pays', 'failed')], end: {} }] }
            : {
                callbacks: [
                  { afterMs: minute, cases: [aCase('pays')] },
                  { afterMs: 2 * minute, cases: [aCase('pays', 'errored')], attempt: 1, seq: 99 },
                  { afterMs: 3 * minute, cases: [], end: {} },
                ],
              },
      });
      expectEnd(ended, 'passed', 'allPassed');
    });

    it('is running from the first results, though the dispatch has not answered yet', async () => {
      world = await createWorld(
        driver,
        {},
        {
          async onStart(dispatch) {
            await recordResults(world.services, {
              runId: dispatch.runId,
              attempt: 1,
              cases: [aCase('pays')],
              end: {},
              wake: true,
            });
          },
          job: () => ({ endsAfterMs: 0 }),
        },
      );
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expectEnd(ended, 'passed', 'allPassed');
      expect(world.published.map(({ id: event }) => event)).toEqual([0, 1, 2].map((n) => `evt_${id}_${n}`));
    });

    it('ends at the inactivity deadline when the callback is lost, and stops the job', async () => {
      const ended = await run({ ...never, deadlines: { inactivitySeconds: 600 } }, { job: () => ({}) });
      expectEnd(ended, 'timedOut', 'inactivity');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(720 * second);
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('keeps finished cases when the executor falls silent', async () => {
      const suites = [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }];
      const ended = await run(
        { suites },
        { job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')] }] }) },
      );
      expectEnd(ended, 'timedOut', 'inactivity');
      expect(ended.results).toEqual({ 'Checkout › pays': 'passed', 'Checkout › refunds': 'notExecuted' });
    });
  });

  describe('polling', () => {
    it('finds the end by asking', async () => {
      const ended = await run(
        {},
        { capabilities: polls, job: () => ({ endsAfterMs: 3 * minute, cases: [aCase('pays')] }) },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(4 * minute);
    });

    it('asks more and more seldom over an hour', async () => {
      const ended = await run({}, { capabilities: polls, job: () => ({ endsAfterMs: hour, cases: [aCase('pays')] }) });
      expectEnd(ended, 'passed', 'allPassed');
      const times = world.executor.polls;
      const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(61 * second);
      expect(gaps.at(-1)).toBeGreaterThan(gaps[0] ?? 0);
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0) - hour).toBeLessThanOrEqual(minute);
      expectTransitions(ended.run.id, 70);
    });

    it('asks seldom until the plan’s usual duration is nearly over', async () => {
      world = await createWorld(
        driver,
        {},
        {
          capabilities: polls,
          job: () => ({ endsAfterMs: hour, cases: [aCase('pays')] }),
        },
      );
      const first = await world.trigger();
      await world.finish(first.id);
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expectEnd(ended, 'passed', 'allPassed');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0) - hour).toBeLessThanOrEqual(minute);
      expectTransitions(id, 30);
    });

    it('finds by asking, one interval later at most, what a lost callback did not tell', async () => {
      const ended = await run(
        {},
        {
          capabilities: { polls: true },
          job: () => ({ endsAfterMs: 5 * minute, cases: [aCase('pays')] }),
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(5 * minute + 120 * second);
    });

    it('takes a job that says nothing for hours as alive while it answers', async () => {
      const ended = await run(
        { deadlines: { inactivitySeconds: 300 } },
        {
          capabilities: polls,
          job: () => ({ endsAfterMs: 40 * minute, cases: [aCase('pays')] }),
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
    });

    it('asks again when the executor says, whoever wakes the run before', async () => {
      world = await createWorld(
        driver,
        {},
        {
          capabilities: { polls: true },
          job: () => ({ endsAfterMs: 9 * minute, cases: [aCase('pays')] }),
          onPoll: (_dispatch, nth) => (nth <= 2 ? { state: 'running', cases: [], retryAfterSeconds: 200 } : undefined),
        },
      );
      const started = await world.trigger();
      for (const at of [1, 2, 5]) {
        world.clock.after(at * minute, async () => {
          await world.services.workflow.wake(await world.getRun(started.id), 'look');
        });
      }
      expectEnd(await world.finish(started.id), 'passed', 'allPassed');
      const gaps = world.executor.polls.slice(1, 3).map((at, i) => at - (world.executor.polls[i] ?? 0));
      for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(200 * second);
      for (const gap of gaps) expect(gap).toBeLessThanOrEqual(360 * second);
    });

    it('puts off the next question of an executor that is busy, but no deadline', async () => {
      const ended = await run(
        { ...never, deadlines: { runSeconds: 500 } },
        {
          capabilities: polls,
          job: () => ({}),
          onPoll() {
            throw new ServiceError('EXECUTOR_UNAVAILABLE', 'Too many requests.', { retryAfterSeconds: 1000 });
          },
        },
      );
      expectEnd(ended, 'timedOut', 'runDeadline');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(620 * second);
      const asked = world.executor.polls;
      expect(asked.length).toBeLessThanOrEqual(3);
      expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(300 * second);
    });

    it.each([undefined, 120])(
      'ends by inactivity when the executor is unavailable for ever, Retry-After %s',
      async (after) => {
        const ended = await run(never, {
          capabilities: polls,
          job: () => ({}),
          onPoll() {
            throw new ServiceError(
              'EXECUTOR_UNAVAILABLE',
              'Down.',
              after === undefined ? {} : { retryAfterSeconds: after },
            );
          },
        });
        expectEnd(ended, 'timedOut', 'inactivity');
        expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(1020 * second);
      },
    );

    it('never takes an executor that answers for silent, however short the inactivity deadline is', async () => {
      const ended = await run(
        { ...never, deadlines: { inactivitySeconds: 10 } },
        { capabilities: polls, job: () => ({ endsAfterMs: 12 * minute, cases: [aCase('pays')] }) },
      );
      expectEnd(ended, 'passed', 'allPassed');
    });

    it('gives an executor up after three answers that make no sense', async () => {
      const ended = await run(never, {
        capabilities: polls,
        job: () => ({}),
        onPoll: () => {
          throw new ServiceError('EXECUTOR_PROTOCOL', 'no status');
        },
      });
      expectEnd(ended, 'errored', 'executorProtocol');
      expect(world.executor.polls).toHaveLength(3);
      // Answers that make no sense do not say that the job is over.
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('stops the job of each attempt whose executor makes no sense, however slowly it goes', async () => {
      const ended = await run(
        { ...never, rerun: { max: 1 } },
        {
          capabilities: polls,
          job: () => ({}),
          stopsAfterMs: 3 * minute,
          onPoll: () => {
            throw new ServiceError('EXECUTOR_PROTOCOL', 'no status');
          },
        },
      );
      expectEnd(ended, 'errored', 'executorProtocol');
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('goes on asking a job to stop whose executor makes no sense', async () => {
      world = await createWorld(driver, never, {
        capabilities: polls,
        job: () => ({}),
        stopsAfterMs: 20_000,
        onPoll: () => {
          throw new ServiceError('EXECUTOR_PROTOCOL', 'no status');
        },
      });
      const { id } = await world.trigger();
      world.stopAfter(5000, id);
      expectEnd(await world.finish(id), 'stopped', 'requested');
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('goes on asking a job to stop that was given up for its silence, when its run is stopped then', async () => {
      const plan = { redispatch: { max: 1 }, deadlines: { inactivitySeconds: 60 } };
      world = await createWorld(driver, plan, { job: () => ({}), stopsAfterMs: 20_000 });
      const { id } = await world.trigger();
      world.faults.diesAt = 'nextAttempt';
      await world.clock.runUntil(async () => world.faults.diesAt === undefined, 600_000);
      await world.stop(id);
      expectEnd(await world.finish(id), 'stopped', 'requested');
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('forgives an answer that makes no sense once the next one does', async () => {
      const ended = await run(
        {},
        {
          capabilities: polls,
          job: () => ({ endsAfterMs: 10 * minute, cases: [aCase('refunds')] }),
          onPoll(_dispatch, nth) {
            if (nth === 5) return { state: 'running', cases: [aCase('pays')] };
            if (nth < 8) throw new ServiceError(nth % 5 < 3 ? 'EXECUTOR_PROTOCOL' : 'EXECUTOR_UNAVAILABLE', 'nonsense');
            return undefined;
          },
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(ended.run.counts).toMatchObject({ passed: 2 });
    });

    it('is errored when the executor lost the job', async () => {
      const problem = { reason: 'executorLost', message: 'The runner does not know the job.' } as const;
      const ended = await run(once, {
        capabilities: polls,
        job: () => ({}),
        onPoll: () => ({ state: 'ended', cases: [], end: { problem } }),
      });
      expectEnd(ended, 'errored', 'executorLost');
    });
  });

  describe('dispatch', () => {
    const unavailable = (): never => {
      throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner is down.');
    };

    it('says when the first try was sent that may have started a job, whatever is known of those since', async () => {
      const tried: (number | undefined)[] = [];
      const ended = await run(
        {},
        {
          ...reports([aCase('pays')]),
          onStart(dispatch, nth) {
            tried.push(dispatch.triedAt);
            if (nth === 1 || nth === 4)
              throw new ServiceError('EXECUTOR_UNAVAILABLE', 'It is busy.', { nothingStarted: true });
            if (nth < 6) return unavailable();
          },
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      const [, , since] = tried;
      expect(tried).toEqual([undefined, undefined, expect.any(Number), since, since, since]);
    });

    it('tells of no try before while only a secret could not be read', async () => {
      const tried: (number | undefined)[] = [];
      world = await createWorld(
        driver,
        {},
        { ...reports([aCase('pays')]), onStart: ({ triedAt }) => void tried.push(triedAt) },
      );
      let asked = 0;
      Object.assign(world.services.secrets, {
        get: async () => {
          asked += 1;
          if (asked === 1) throw new ServiceError('EXECUTOR_UNAVAILABLE', 'The store of secrets is down.');
          return 'hunter2';
        },
      });
      const variables = [{ key: 'PASSWORD', value: null, valueFrom: 'env:PASSWORD', secret: true }];
      const input = { name: 'staging', description: null, project: 'default', variables, capacity: 5 };
      const environment = await world.stores.environments.createEnvironment(input, 1, world.clock.now());
      const plan = await world.addPlan({ name: 'Search', environment: environment.id });
      expectEnd(await world.finish((await world.trigger({ planId: plan.id })).id), 'passed', 'allPassed');
      expect(asked).toBeGreaterThan(1);
      expect(tried).toEqual([undefined]);
    });

    it('names the jobs of the attempts before, and gives each attempt one callback token over all its tries', async () => {
      const tokens: string[] = [];
      const ended = await run(
        { rerun: { max: 1 } },
        {
          ...reports([aCase('pays', 'failed')]),
          onStart({ callback, attempt }, nth) {
            if (attempt === 1) tokens.push(callback.token);
            if (nth === 1) unavailable();
          },
        },
      );
      expectEnd(ended, 'failed', 'casesFailed');
      const [first, second] = world.executor.starts;
      expect(first?.earlier).toEqual([]);
      expect(second?.earlier).toEqual([{ attempt: 1, ref: first?.key }]);
      expect(new Set(tokens).size).toBe(1);
      expect(tokens).toHaveLength(2);
    });

    it('tries again while the executor is down for a moment', async () => {
      const ended = await run(
        {},
        {
          ...reports([aCase('pays')]),
          onStart: (_dispatch, nth) => (nth <= 3 ? unavailable() : undefined),
        },
      );
      expectEnd(ended, 'passed', 'allPassed');
      expect(world.executor.starts).toHaveLength(1);
    });

    it('gives up after six tries', async () => {
      let tries = 0;
      const ended = await run(
        {},
        {
          job: () => ({}),
          onStart(_dispatch, nth) {
            tries = nth;
            unavailable();
          },
        },
      );
      expectEnd(ended, 'errored', 'dispatchFailed');
      expect(tries).toBe(6);
    });

    it('does not repeat what the executor refuses', async () => {
      let tries = 0;
      const ended = await run(
        {},
        {
          job: () => ({}),
          onStart(_dispatch, nth) {
            tries = nth;
            throw new ServiceError('EXECUTOR_REFUSED', 'The runner knows no such project.');
          },
        },
      );
      expectEnd(ended, 'errored', 'executorRefused');
      expect(ended.run.explanation).toContain('knows no such project');
      expect(tries).toBe(1);
    });

    it('ends at the start deadline when nobody accepts in time', async () => {
      const ended = await run({ deadlines: { startSeconds: 10 } }, { job: () => ({}), onStart: unavailable });
      expectEnd(ended, 'timedOut', 'startDeadline');
      expect((ended.run.endedAt ?? 0) - ended.run.createdAt).toBeLessThanOrEqual(130 * second);
    });

    it('finds the same job when the answer to a dispatch is lost', async () => {
      world = await createWorld(driver, {}, reports([aCase('pays')]));
      const { start } = world.executor;
      let lost = false;
      (world.executor as { start: typeof start }).start = async (dispatch) => {
        const started = await start(dispatch);
        if (lost) return started;
        lost = true;
        return unavailable();
      };
      const { id } = await world.trigger();
      expectEnd(await world.finish(id), 'passed', 'allPassed');
      expect(world.executor.starts).toHaveLength(1);
    });
  });

  describe('deadlines', () => {
    it('ends at the run deadline, and asks until the job is gone', async () => {
      const ended = await run(
        { deadlines: { runSeconds: 1800, inactivitySeconds: 7200 } },
        {
          job: () => ({}),
          stopsAfterMs: 5 * minute,
        },
      );
      expectEnd(ended, 'timedOut', 'runDeadline');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(1920 * second);
      expect(world.executor.aliveJobs()).toBe(0);
      expect(ended.run.cancelPending).toBeUndefined();
    });

    it('gives a job up that is not gone a day later', async () => {
      world = await createWorld(
        driver,
        { deadlines: { runSeconds: 600 } },
        {
          job: () => ({}),
          stopsAfterMs: 1000 * hour,
        },
      );
      const { id } = await world.trigger();
      await world.clock.runFor(30 * minute);
      world.clock.jump(24 * hour);
      await world.finish(id);
      expect(world.logs.map(({ event }) => event)).toContain('job could not be stopped');
    });

    it('ends a run that waited in the queue for too long', async () => {
      world = await createWorld(
        driver,
        { deadlines: { queueSeconds: 600, inactivitySeconds: 7200 } },
        {
          job: () => callsBack(15 * minute, aCase('pays')),
        },
      );
      const first = await world.trigger();
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expectEnd(ended, 'timedOut', 'queueDeadline');
      expect((ended.run.endedAt ?? 0) - ended.run.createdAt).toBeLessThanOrEqual(720 * second);
      expectEnd(await world.finish(first.id), 'passed', 'allPassed');
      expect(world.executor.starts).toHaveLength(1);
    });

    it('does not rerun what ended after the run deadline', async () => {
      const ended = await run(
        { ...once, deadlines: { runSeconds: 600, inactivitySeconds: 7200 } },
        {
          job: () => ({ callbacks: [{ afterMs: 600 * second, cases: [aCase('pays', 'failed')], end: {} }] }),
        },
      );
      expect(ended.run.attempt).toBe(1);
    });
  });

  describe('stopping', () => {
    const patient = { deadlines: { inactivitySeconds: 7200 } };

    it('stops a waiting run at once, and the next one comes in its turn', async () => {
      world = await createWorld(driver, patient, { job: () => callsBack(15 * minute, aCase('pays')) });
      const [first, waiting, last] = [await world.trigger(), await world.trigger(), await world.trigger()];
      expect(waiting.waitsFor).toEqual([first.id]);
      expect(await world.stop(waiting.id)).toMatchObject({
        status: 'completed',
        result: 'stopped',
        reason: 'requested',
      });
      expectEnd(await world.finish(last.id), 'passed', 'allPassed');
      expect(world.executor.starts.map(({ runId }) => runId)).toEqual([first.id, last.id]);
    });

    it('stops a run that was not dispatched yet without asking anyone', async () => {
      world = await createWorld(driver, {}, { job: () => ({}) });
      world.faults.failingStarts = 1;
      const { id } = await world.trigger();
      await world.stop(id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'requested');
      expect(world.executor.starts).toHaveLength(0);
    });

    it('leaves no job behind when it is stopped during the dispatch', async () => {
      world = await createWorld(driver, patient, {
        job: () => ({}),
        onStart: async ({ runId }) => {
          await world.stop(runId);
        },
      });
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expect(ended.run.result).toBe('stopped');
      expect(world.executor.starts).toHaveLength(1);
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('is stopped once the executor confirms', async () => {
      world = await createWorld(driver, patient, { job: () => ({}), stopsAfterMs: 10 * second });
      const { id } = await world.trigger();
      world.stopAfter(5 * minute, id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'requested');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(5 * minute + 20 * second);
    });

    it('is stopped without confirmation in the end, and the job is still asked', async () => {
      world = await createWorld(driver, patient, { job: () => ({}), stopsAfterMs: 30 * minute });
      const { id } = await world.trigger();
      world.stopAfter(5 * minute, id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'backendUnconfirmed');
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(8 * minute);
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('keeps what was reported before the stop', async () => {
      const suites = [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }];
      world = await createWorld(
        driver,
        { ...patient, suites },
        {
          job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')] }] }),
        },
      );
      const { id } = await world.trigger();
      world.stopAfter(5 * minute, id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'requested');
      expect(ended.results).toEqual({ 'Checkout › pays': 'passed', 'Checkout › refunds': 'stopped' });
    });

    it('answers one ending when stop and the last results come together', async () => {
      world = await createWorld(driver, patient, reports([aCase('pays')]));
      const { id } = await world.trigger();
      world.stopAfter(minute, id);
      world.stopAfter(minute, id);
      const ended = await world.finish(id);
      expect(['passed', 'stopped']).toContain(ended.run.result);
      expect(await world.stop(id)).toEqual(ended.run);
    });

    it('stops during an automatic rerun', async () => {
      world = await createWorld(
        driver,
        { ...patient, ...once },
        {
          job: ({ attempt }) =>
            attempt === 1 ? { callbacks: [{ afterMs: minute, cases: [aCase('pays', 'failed')], end: {} }] } : {},
        },
      );
      const { id } = await world.trigger();
      world.stopAfter(5 * minute, id);
      const ended = await world.finish(id);
      expectEnd(ended, 'stopped', 'requested');
      expect(ended.run.attempt).toBe(2);
      expect(world.executor.aliveJobs()).toBe(0);
    });

    it('answers a stop of a completed run with that run', async () => {
      const ended = await run({}, reports([aCase('pays')]));
      expect(await world.stop(ended.run.id)).toEqual(ended.run);
    });

    it('asks a polled executor soon after the stop', async () => {
      world = await createWorld(driver, {}, { capabilities: polls, job: () => ({}), stopsAfterMs: 0 });
      const { id } = await world.trigger();
      world.stopAfter(20 * minute, id);
      const ended = await world.finish(id);
      expect(ended.run.result).toBe('stopped');
      expect(world.executor.aliveJobs()).toBe(0);
      expect((ended.run.endedAt ?? 0) - (ended.run.startedAt ?? 0)).toBeLessThanOrEqual(22 * minute);
    });
  });

  describe('overlap', () => {
    const patient = { deadlines: { inactivitySeconds: 7200 } };

    it('runs queued runs one after the other, in order', async () => {
      world = await createWorld(driver, patient, { job: () => callsBack(15 * minute, aCase('pays')) });
      const ids = [];
      for (let i = 0; i < 3; i++) ids.push((await world.trigger()).id);
      const ends = [];
      for (const id of ids) ends.push((await world.finish(id)).run);
      expect(world.executor.starts.map(({ runId }) => runId)).toEqual(ids);
      for (const [i, ended] of ends.entries()) {
        expect(ended.result).toBe('passed');
        if (i > 0) expect(ended.startedAt).toBeGreaterThanOrEqual(ends[i - 1]?.endedAt ?? 0);
      }
    });

    it('refuses a second run under reject, and names the first', async () => {
      world = await createWorld(
        driver,
        { ...patient, overlap: 'reject' },
        { job: () => callsBack(15 * minute, aCase('pays')) },
      );
      const first = await world.trigger();
      await expect(world.trigger()).rejects.toMatchObject({ code: 'ALREADY_RUNNING', runId: first.id });
      await world.finish(first.id);
      const next = await world.trigger();
      expectEnd(await world.finish(next.id), 'passed', 'allPassed');
    });

    it('runs both under allow', async () => {
      world = await createWorld(
        driver,
        { ...patient, overlap: 'allow' },
        { job: () => callsBack(15 * minute, aCase('pays')) },
      );
      const [first, other] = [await world.trigger(), await world.trigger()];
      await world.clock.runFor(10 * minute);
      expect(world.executor.aliveJobs()).toBe(2);
      await world.finish(first.id);
      await world.finish(other.id);
    });
  });

  describe('when something breaks', () => {
    it('ends though every wake-up is lost', async () => {
      world = await createWorld(driver, once, reports([aCase('pays', 'failed')], [aCase('pays')]));
      world.faults.wakesLost = true;
      const { id } = await world.trigger();
      world.clock.after(20 * minute, () => {
        world.faults.wakesLost = false;
      });
      expectEnd(await world.finish(id), 'passed', 'allPassed');
    });

    it('sends the completion event when the bus is back, under the same id', async () => {
      world = await createWorld(driver, {}, reports([aCase('pays')]));
      world.faults.busDown = true;
      const { id } = await world.trigger();
      await world.clock.runFor(10 * minute);
      expect((await world.getRun(id)).status).toBe('completed');
      expect(world.published).toEqual([]);
      world.faults.busDown = false;
      await world.finish(id);
      expect(world.published.map((event) => event.id)).toEqual([0, 1, 2].map((n) => `evt_${id}_${n}`));
    });

    it('starts by the sweeper what the trigger could not start', async () => {
      world = await createWorld(driver, {}, reports([aCase('pays')]));
      world.faults.failingStarts = 1;
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expectEnd(ended, 'passed', 'allPassed');
      expect((ended.run.startedAt ?? 0) - ended.run.createdAt).toBeLessThanOrEqual(2 * minute);
    });

    it('ends at the start deadline when nothing can be started', async () => {
      world = await createWorld(driver, {}, reports([aCase('pays')]));
      world.faults.failingStarts = 1000;
      const { id } = await world.trigger();
      const ended = await world.finish(id);
      expectEnd(ended, 'timedOut', 'startDeadline');
      expect((ended.run.endedAt ?? 0) - ended.run.createdAt).toBeLessThanOrEqual(300 * second + 120 * second);
    });

    it('rejects a run whose trigger died before admission, and the plan is free', async () => {
      world = await createWorld(driver, { overlap: 'reject' }, reports([aCase('pays')]));
      const { admit } = world.services.runs;
      (world.services.runs as { admit: typeof admit }).admit = async () => {
        throw new Error('killed');
      };
      await expect(world.trigger()).rejects.toThrow('killed');
      (world.services.runs as { admit: typeof admit }).admit = admit;
      await world.clock.runFor(3 * minute);
      const next = await world.trigger();
      expectEnd(await world.finish(next.id), 'passed', 'allPassed');
      expect(world.published.every(({ detail }) => detail.runId === next.id)).toBe(true);
    });

    it('goes on once the steps work again', async () => {
      world = await createWorld(driver, {}, reports([aCase('pays')]));
      world.faults.stepsFail = true;
      const { id } = await world.trigger();
      world.clock.after(10 * second, () => {
        world.faults.stepsFail = false;
      });
      expectEnd(await world.finish(id), 'passed', 'allPassed');
    });
  });
});

it('on the state machine a run is errored when every execution crashes', async () => {
  const world = await createWorld(machine, { deadlines: { startSeconds: 7200 } }, { job: () => ({}) });
  world.faults.stepsFail = true;
  const { id } = await world.trigger();
  const { run } = await world.finish(id);
  expect([run.result, run.reason, run.executionN]).toEqual(['errored', 'executionCrashed', 5]);
  await world.close();
});

it('on the state machine a run whose executions crash ends at its deadline, although the next execution would come later', async () => {
  const world = await createWorld(machine, { deadlines: { startSeconds: 400 } }, { job: () => ({}) });
  world.faults.stepsFail = true;
  const { id } = await world.trigger();
  const { run } = await world.finish(id);
  expect([run.result, run.reason]).toEqual(['timedOut', 'startDeadline']);
  expect((run.endedAt ?? 0) - run.createdAt).toBeLessThanOrEqual(400 * second + 120 * second);
  await world.close();
});
