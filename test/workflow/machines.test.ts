import { afterEach, describe, expect, it } from 'vitest';
import { idOf } from '../../lib/core/catalog.ts';
import type { Dispatch } from '../../lib/core/executor.ts';
import type { ReportedCase } from '../../lib/core/results.ts';
import { readRunView } from '../../lib/workflow/read-run.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

const minute = 60_000;
const two = ['linux', 'windows'];
const suites = [{ name: 'Checkout', cases: [{ name: 'pays' }, { name: 'refunds' }] }];

const on = (title: string, ...cases: ReportedCase[]): ReportedCase[] =>
  cases.map((reported) => ({ ...reported, machine: title }));
const passes = [aCase('pays'), aCase('refunds')];
const redOnWindows = [...on('linux', ...passes), ...on('windows', aCase('pays', 'failed'), aCase('refunds'))];
const reports = (...attempts: ReportedCase[][]): Script => ({
  job: ({ attempt }) => ({ callbacks: [{ afterMs: minute, cases: attempts[attempt - 1] ?? [], end: {} }] }),
});

describe.each([loop, machine])('a plan with machines, on the $name', (driver) => {
  let world: World;
  afterEach(() => world.close());

  const run = async (plan: Record<string, unknown>, script: Script, request: Parameters<World['trigger']>[0] = {}) => {
    world = await createWorld(driver, plan, script);
    const { id } = await world.trigger(request);
    return world.finish(id);
  };
  const asked = (nth: number): Partial<Dispatch> => {
    const { selection = null, machines = [] } = world.executor.starts[nth] ?? {};
    return { selection, machines };
  };

  it('counts a case that is green on one and red on the other twice, and fails', async () => {
    const ended = await run({ machines: two, suites }, reports(redOnWindows));
    expect(ended.run).toMatchObject({ result: 'failed', counts: { total: 4, passed: 3, failed: 1 } });
    expect(ended.results).toEqual({
      'Checkout › pays on linux': 'passed',
      'Checkout › pays on windows': 'failed',
      'Checkout › refunds on linux': 'passed',
      'Checkout › refunds on windows': 'passed',
    });
    expect(ended.run.explanation).toBe(
      '1 of 4 cases did not pass in the last attempt, first Checkout › pays on windows.',
    );
    expect(asked(0)).toEqual({ selection: null, machines: two.map((title) => ({ title, environment: null })) });
  });

  it('reruns the case on the machine it failed on, whatever the executor runs beside it', async () => {
    const again = [
      ...on('linux', aCase('pays', 'failed')),
      ...on('windows', aCase('pays'), aCase('refunds', 'failed')),
    ];
    const ended = await run({ machines: two, suites, rerun: { max: 1 } }, reports(redOnWindows, again));
    expect(ended.run).toMatchObject({ result: 'passed', attempt: 2, counts: { total: 4, passed: 4, flaky: 1 } });
    expect(asked(1)).toEqual({
      selection: [{ suite: 'Checkout', className: '', name: 'pays', machine: 'windows' }],
      machines: [{ title: 'windows', environment: null }],
    });
    expect(ended.cases.filter(({ flaky }) => flaky)).toHaveLength(1);
  });

  it('is not green when a machine never reports, also where the plan leaves its cases to the executor', async () => {
    const silent = await run({ machines: two }, reports(on('linux', ...passes)));
    expect(silent.run).toMatchObject({ result: 'errored', reason: 'casesMissing' });
    expect(silent.run.explanation).toBe('No result names the machine windows.');
    await world.close();
    const unnamed = await run({ machines: two }, reports(passes));
    expect(unnamed.run).toMatchObject({ result: 'errored', reason: 'casesMissing' });
    await world.close();
    const both = await run({ machines: two }, reports([...on('linux', ...passes), ...on('windows', ...passes)]));
    expect(both.run).toMatchObject({ result: 'passed', counts: { total: 4, passed: 4 } });
  });

  it('reruns just the iteration that failed, on its machine', async () => {
    const dataDriven = [{ name: 'Checkout', cases: [{ name: 'pays', iterations: ['visa', 'cash'] }] }];
    const both = [aCase('pays', 'passed', 'visa'), aCase('pays', 'passed', 'cash')];
    const first = [
      ...on('linux', aCase('pays', 'passed', 'visa'), aCase('pays', 'failed', 'cash')),
      ...on('windows', ...both),
    ];
    const ended = await run(
      { machines: two, suites: dataDriven, rerun: { max: 1 } },
      reports(first, on('linux', aCase('pays', 'passed', 'cash'))),
    );
    expect(ended.run).toMatchObject({ result: 'passed', counts: { total: 2, passed: 2, flaky: 1 } });
    expect(asked(1).selection).toEqual([
      { suite: 'Checkout', className: '', name: 'pays', machine: 'linux', iterations: ['cash'] },
    ]);
    expect(ended.results).toMatchObject({ 'Checkout › pays [cash] on linux': 'passed' });
  });

  it('is errored when a machine did not report', async () => {
    const ended = await run({ machines: two, suites }, reports(on('linux', ...passes)));
    expect(ended.run).toMatchObject({
      result: 'errored',
      reason: 'casesMissing',
      counts: { passed: 2, notExecuted: 2 },
    });
    expect(ended.run.explanation).toBe(
      '2 cases had to report and did not: Checkout › pays on windows, Checkout › refunds on windows.',
    );
  });

  it('guesses no machine: a result that names none is kept beside those that are missing, and the run says so', async () => {
    const ended = await run({ machines: two, suites }, reports([...on('mac', aCase('pays')), aCase('refunds')]));
    expect(ended.run).toMatchObject({
      result: 'errored',
      reason: 'casesMissing',
      counts: { passed: 2, notExecuted: 4 },
    });
    expect(ended.results['Checkout › pays']).toBe('passed');
    expect(ended.run.explanation).toMatch(/ The report of 2 cases named no machine of the plan\.$/);
  });

  it('takes every result to be on its only machine', async () => {
    const ended = await run(
      { machines: ['linux'], suites, rerun: { max: 1 } },
      reports([aCase('pays', 'failed'), ...on('host-7', aCase('refunds'))], [aCase('pays')]),
    );
    expect(ended.run).toMatchObject({ result: 'passed', counts: { total: 2, passed: 2 } });
    expect(Object.keys(ended.results)).toEqual(['Checkout › pays on linux', 'Checkout › refunds on linux']);
    expect(asked(1)).toEqual({
      selection: [{ suite: 'Checkout', className: '', name: 'pays' }],
      machines: [{ title: 'linux', environment: null }],
    });
  });

  it('runs a picked case on its machine, or on all of them if it names none', async () => {
    const picked = [
      { suite: 'Checkout', className: '', name: 'pays', machine: 'windows' },
      { suite: 'Checkout', className: '', name: 'refunds' },
    ];
    const ended = await run({ machines: two, suites }, reports(redOnWindows), { choose: async () => ({ picked }) });
    expect(ended.results).toEqual({
      'Checkout › pays on windows': 'failed',
      'Checkout › refunds on linux': 'passed',
      'Checkout › refunds on windows': 'passed',
    });
    expect(asked(0).selection).toEqual(picked);
    const one = await world.finish((await world.trigger({ choose: async () => ({ picked: picked.slice(0, 1) }) })).id);
    expect(Object.keys(one.results)).toEqual(['Checkout › pays on windows']);
    expect(asked(1).machines).toEqual([{ title: 'windows', environment: null }]);
  });

  it('keeps the history of the time before it had machines, and of runs that began then', async () => {
    const quick = { job: () => ({ callbacks: [{ afterMs: minute, cases: on('linux', ...passes), end: {} }] }) };
    const before = await run({ suites, overlap: 'allow' }, quick);
    const old = await readRunView(world.services, before.run);
    const live = await world.trigger();
    const changed = { ...world.plan, machines: [{ title: 'linux' }] };
    await world.stores.plans.updatePlan(world.plan, changed, 1, world.clock.now());
    expect((await world.finish(live.id)).results).toEqual(before.results);

    const after = await world.finish((await world.trigger()).id);
    expect(Object.keys(after.results)).toEqual(['Checkout › pays on linux', 'Checkout › refunds on linux']);
    const now = await readRunView({ ...world.services }, after.run);
    const again = await readRunView({ ...world.services }, before.run);
    expect(again.cases).toEqual(old.cases);
    const idsOf = ({ cases, catalog }: typeof old) => cases.map(({ position }) => idOf(catalog, position));
    expect(idsOf(again)).toEqual(idsOf(old));
    expect(idsOf(now)).toEqual(idsOf(old));
    expect(now.cases.map(({ position }) => position)).not.toEqual(old.cases.map(({ position }) => position));
  });

  it('tells the executor the environment of each machine, and is errored when one was deleted', async () => {
    const script = reports([...on('linux', aCase('pays')), ...on('windows', aCase('pays'))]);
    world = await createWorld(driver, {}, script);
    const lab = await world.stores.environments.createEnvironment(
      { name: 'lab', description: null, project: 'default', variables: [] },
      1,
      world.clock.now(),
    );
    const changed = { ...world.plan, machines: [{ title: 'linux' }, { title: 'windows', environment: lab.id }] };
    await world.stores.plans.updatePlan(world.plan, changed, 1, world.clock.now());
    expect((await world.finish((await world.trigger()).id)).run.result).toBe('passed');
    expect(asked(0).machines).toEqual([
      { title: 'linux', environment: null },
      { title: 'windows', environment: 'lab' },
    ]);
    await world.stores.environments.deleteEnvironment(lab);
    const { run: refused } = await world.finish((await world.trigger()).id);
    expect([refused.result, refused.reason]).toEqual(['errored', 'executorRefused']);
    expect(refused.explanation).toContain(`the environment ${lab.id} of its machine windows was deleted`);
  });
});
