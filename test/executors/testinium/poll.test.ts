import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Dispatch, Poll } from '../../../lib/core/executor.ts';
import type { FakeExecution, FakeResult } from '../../support/fake-testinium.ts';
import { type OpenTenant, openTenant } from './tenant.ts';

const variants = ['cloud', 'enterprise'] as const;
const minute = 60_000;

let open: OpenTenant;
beforeEach(async () => {
  open = await openTenant();
});
afterEach(() => open.tenant.close());

/** A started execution, and how it is asked for. */
async function started(settings: Record<string, unknown> = {}, overrides: Partial<Dispatch> = {}) {
  const dispatch = open.dispatch(settings, overrides);
  const { ref } = await open.executor.start(dispatch);
  const execution = open.tenant.executions.find(({ id }) => String(id) === ref) as FakeExecution;
  return { execution, poll: () => open.executor.poll(ref, dispatch), stop: () => open.executor.stop(ref, dispatch) };
}
const whole = (poll: Poll) => ({ ...poll, cases: [...poll.cases] });
const result = (level: string, change: Partial<FakeResult> = {}): FakeResult => ({
  scenario: 'Cart › pays',
  level,
  runtime: 83_000,
  ...change,
});

describe.each(variants)('an ended execution, %s', (variant) => {
  it.each([
    ['SUCCESS', 'passed', undefined],
    ['FAILURE', 'failed', 'It broke.'],
    ['ERROR', 'errored', 'It broke.'],
    ['WARNING', 'skipped', 'It failed, and the tenant does not count that: It broke.'],
    ['UNEXECUTED', 'skipped', undefined],
  ])('tells %s as %s', async (level, expected, message) => {
    const { execution, poll } = await started({ variant });
    open.tenant.end(execution, [result(level, { message: message === undefined ? '' : 'It broke.' })]);
    const told = { suite: 'Cart', className: '', name: 'pays', result: expected, durationMs: 83_000 };
    expect(whole(await poll())).toEqual({
      state: 'ended',
      cases: [{ ...told, ...(message === undefined ? {} : { message }) }],
      end: { expectedCases: 1 },
    });
  });

  it.each<[string, string[], Partial<FakeExecution>, string | undefined]>([
    ['stopped there', ['SUCCESS', 'STOPPED', 'UNEXECUTED'], { errorCode: 'RUN_STOPPED' }, 'RUN_STOPPED'],
    ['timed out there', ['SUCCESS', 'ERROR'], { errorCode: 'RUN_TIMED_OUT' }, 'RUN_TIMED_OUT'],
    ['broken', ['SUCCESS'], { errorCode: 'RUN_ERROR', summary: { SUCCESS: 1, ERROR: 1 } }, 'RUN_ERROR'],
    ['broken, with a case in error', ['SUCCESS', 'ERROR'], { errorCode: 'RUN_ERROR' }, undefined],
    ['without tests', [], { errorCode: 'NO_TESTS', summary: { ERROR: 1 } }, undefined],
    ['green by its results and red by its summary', ['SUCCESS'], { summary: { SUCCESS: 1, FAILURE: 1 } }, 'counts 1'],
    ['red', ['SUCCESS', 'FAILURE'], { summary: { SUCCESS: 1, FAILURE: 1 } }, undefined],
  ])('that was %s is told as it is', async (_what, levels, how, message) => {
    const { execution, poll } = await started({ variant });
    const results = levels.map((level, i) => result(level, { scenario: `Cart › case ${i}` }));
    open.tenant.end(execution, results, how);
    const ended = whole(await poll());
    if (ended.state !== 'ended') throw new Error('not ended');
    const problem = { reason: 'executorLost', message: expect.stringContaining(message ?? '') };
    expect(ended.end.problem).toEqual(message === undefined ? undefined : problem);
    expect(ended.end.expectedCases).toBe(levels.length);
  });

  it('keeps what began and has no result from looking skipped', async () => {
    const { execution, poll } = await started({ variant });
    const results = ['STOPPED', 'UNEXECUTED'].map((level) => result(level, { scenario: `Cart › ${level}` }));
    open.tenant.end(execution, results);
    expect(whole(await poll()).cases.map((one) => one.result)).toEqual(['running', 'running']);
  });

  it('owes results for a while, by the tenant’s clock, and then says how many there should be', async () => {
    const { execution, poll } = await started({ variant });
    const lagging = [result('SUCCESS'), result('RUNNING', { scenario: 'Cart › late' })];
    open.tenant.end(execution, lagging);
    expect(whole(await poll())).toMatchObject({ state: 'running', retryAfterSeconds: 5 });
    open.tenant.setResults(execution, [result('SUCCESS'), result('WAITING', { scenario: 'Cart › late' })]);
    execution.endedAt = Date.now() - minute;
    expect(whole(await poll())).toMatchObject({ state: 'ended', cases: [{ name: 'pays' }], end: { expectedCases: 2 } });
  });

  it('that leaves results out says how many there should be', async () => {
    const { execution, poll } = await started({ variant });
    open.tenant.end(execution, [result('SUCCESS')], { truncated: true, summary: { SUCCESS: 3200 } });
    expect(await poll()).toMatchObject({ state: 'ended', end: { expectedCases: 3200 } });
  });

  it('has a case for each environment: on the machine of its name, or its browser, else by class', async () => {
    const on = (id: number, name: string, browser: string) => result('SUCCESS', { environment: { id, name, browser } });
    const results = [on(31, 'win11-chrome', 'CHROME'), on(32, 'win11-firefox', 'FIREFOX'), on(33, 'mac-edge', 'EDGE')];
    const machines = [
      { title: 'Firefox', environment: null },
      { title: 'lane 1', environment: 'WIN11-chrome' },
    ];
    const lanes = await started({ variant }, { machines });
    open.tenant.end(lanes.execution, results);
    const told = whole(await lanes.poll()).cases.map(({ machine, className }) => [machine, className]);
    expect(told).toEqual([
      ['lane 1', ''],
      ['Firefox', ''],
      [undefined, 'mac-edge'],
    ]);
    const none = await started({ variant }, { runId: 53, key: 'run-53-a1' });
    open.tenant.end(none.execution, results);
    const classes = whole(await none.poll()).cases.map(({ className }) => className);
    expect(classes).toEqual(['win11-chrome', 'win11-firefox', 'mac-edge']);
  });

  it('keeps two environments that look alike, and two scenarios of one name, apart', async () => {
    const machines = [{ title: 'chrome', environment: null }];
    const { execution, poll } = await started({ variant }, { machines });
    const on = (id: number, level: string) =>
      result(level, { environment: { id, name: `host ${id}`, browser: 'CHROME' } });
    const twin = { scenario: 'Cart › pays', level: 'FAILURE', scenarioId: 900 };
    open.tenant.end(execution, [on(31, 'FAILURE'), on(32, 'SUCCESS'), twin]);
    const cases = whole(await poll()).cases;
    expect(new Set(cases.map(({ name, className, machine }) => JSON.stringify([name, className, machine]))).size).toBe(
      3,
    );
    expect(cases.map(({ name }) => name)).toEqual(['pays (800)', 'pays (800)', 'pays (900)']);
    expect(await poll()).toMatchObject({ end: { expectedCases: 3 } });
  });

  it('calls a scenario by its number where the tenant does not tell its name', async () => {
    await open.tenant.close();
    open = await openTenant({ inlinesNames: false });
    const { execution, poll } = await started({ variant });
    open.tenant.end(execution, [result('SUCCESS'), { scenario: 'x', level: 'SUCCESS', scenarioId: 4711 }]);
    const names = whole(await poll()).cases.map(({ suite, name }) => [suite, name]);
    expect(names).toEqual([
      ['Cart', 'pays'],
      ['s', 'Scenario 4711'],
    ]);
    const asked = () => open.tenant.paths().filter((path) => path.startsWith('GET /scenarios/')).length;
    expect(asked()).toBe(2);
    await poll();
    expect(asked()).toBe(2);
  });
});

describe('a running execution', () => {
  it('tells what changed, and is silent while nothing does', async () => {
    const { execution, poll } = await started();
    expect(whole(await poll())).toEqual({ state: 'running', cases: [] });
    open.tenant.setResults(execution, [result('SUCCESS'), result('WAITING', { scenario: 'Cart › later' })]);
    expect(whole(await poll())).toMatchObject({ state: 'running', cases: [{ name: 'pays', result: 'passed' }] });
    expect(whole(await poll())).toEqual({ state: 'running', cases: [] });
    open.tenant.setResults(execution, [result('SUCCESS'), result('TERMINATING', { scenario: 'Cart › later' })]);
    expect(whole(await poll()).cases).toMatchObject([{ result: 'passed' }, { result: 'running', durationMs: 0 }]);
  });

  it('with a thousand results is read in part, and whole at its end', async () => {
    const { execution, poll } = await started();
    const many = Array.from({ length: 400 }, (_, i) => result('SUCCESS', { scenario: `Cart › ${i}` }));
    open.tenant.setResults(execution, many);
    expect(whole(await poll()).cases).toHaveLength(300);
    open.tenant.end(execution, many);
    expect(whole(await poll()).cases).toHaveLength(400);
  });

  it('with a level nobody knows makes no sense', async () => {
    const { execution, poll } = await started();
    open.tenant.setResults(execution, [result('GREEN')]);
    await expect(poll()).rejects.toMatchObject({ code: 'EXECUTOR_PROTOCOL' });
  });

  it('is lost when the tenant says so, and not when some page says 404', async () => {
    const { execution, poll } = await started();
    const { executions } = open.tenant;
    executions.splice(executions.indexOf(execution), 1);
    expect(await poll()).toMatchObject({ state: 'ended', end: { problem: { reason: 'executorLost' } } });
    open.tenant.before = ({ path }, response) => {
      if (!path.includes('/executions/')) return false;
      response.writeHead(404).end('<html>Not found</html>');
      return true;
    };
    await expect(poll()).rejects.toMatchObject({ code: 'EXECUTOR_PROTOCOL' });
  });
});

describe('a stop', () => {
  it.each(variants)('stops the plan and looks whether it did, %s', async (variant) => {
    const { execution, stop, poll } = await started({ variant });
    open.tenant.stopsLate = true;
    expect(await stop()).toBe('stopping');
    expect(execution.endedAt).toBeUndefined();
    open.tenant.stopsLate = false;
    expect(await stop()).toBe('gone');
    expect(await poll()).toMatchObject({
      state: 'ended',
      end: { problem: { message: expect.stringContaining('RUN_STOPPED') } },
    });
    expect(open.tenant.paths().filter((path) => path.endsWith('/stop'))).toHaveLength(2);
  });

  it('spares another execution of the plan, which would be stopped too', async () => {
    const { stop } = await started();
    const other = open.tenant.begin('204', { username: 'someone.else' });
    await expect(stop()).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining(String(other.id)),
    });
    expect(other.endedAt).toBeUndefined();
    open.tenant.end(other, []);
    expect(await stop()).toBe('gone');
  });

  it('of an execution that is over asks for nothing', async () => {
    const { execution, stop } = await started();
    open.tenant.end(execution, [result('SUCCESS')]);
    const others = open.tenant.begin('204', { username: 'someone.else' });
    expect(await stop()).toBe('gone');
    expect(others.endedAt).toBeUndefined();
  });
});
