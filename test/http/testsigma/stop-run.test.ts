import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aCase, type Facade, openFacade, typesOf } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());
const passTime = async (ms: number): Promise<void> => {
  facade.clock.now += ms;
};
afterEach(async () => {
  facade.sleep.now = passTime;
});

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as Record<string, unknown>;
const get = async (runId: number) => (await facade.call('GET', `/api/v1/execution_results/${runId}`)).body;
const stop = (target: string | number = '', body: unknown = {}, token?: string) =>
  facade.call('PUT', `/api/v1/execution_results${target === '' ? '' : `/${target}`}`, {
    body: { result: 'STOPPED', ...(body as Record<string, unknown>) },
    ...(token === undefined ? {} : { token }),
  });
const confirm = async (runId: number): Promise<void> => {
  await facade.report(runId, [], {});
  await facade.complete(runId);
};
const running = async (change: Record<string, unknown> = {}) => {
  const plan = await facade.addPlan(change);
  const runId = await facade.trigger(plan);
  await facade.dispatch(runId);
  return { plan, runId };
};
/** A key for one new project, so that other tests' runs are out of its sight. */
let projects = 0;
const newProject = async () => {
  projects += 1;
  const project = `stop-${projects}`;
  return { project, token: await facade.addKey({ projects: [project] }) };
};

describe('against the sample', () => {
  test('a stop answers the contract’s object, with the plan nested and the ids of what it stopped', async () => {
    const cases = ['one', 'two', 'three', 'four'].map((name) => ({ name }));
    const { plan, runId } = await running({ suites: [{ name: 'Payment', cases }] });
    await facade.report(runId, [aCase('one', 'passed')]);
    facade.sleep.now = async () => {
      facade.clock.now += 250;
      await confirm(runId);
    };
    const { status, body, headers } = await stop('', { canStopAll: true, executionId: String(plan.id) });
    expect([status, headers['content-type']]).toEqual([200, 'application/json;charset=UTF-8']);
    const expected = sample('contract-status');
    expect(Object.keys(body)).toEqual([...Object.keys(expected), 'stoppedRunIds']);
    // The sample ran in an environment, and has a build number.
    const types = typesOf({ ...expected, buildNo: null, environmentId: null, stoppedRunIds: [] });
    expect([...typesOf(body)]).toEqual([...types.set('execution.environmentId', 'null')]);
    expect(body).toMatchObject({
      id: runId,
      execution: { id: plan.id, lastRunId: runId },
      duration: 250,
      result: 'STOPPED',
      status: 'STATUS_COMPLETED',
      message: 'User stopped the Test Plan',
      totalCount: 4,
      failedCount: 0,
      passedCount: 1,
      stoppedCount: 3,
      notExecutedCount: 0,
      runningCount: 0,
      queuedCount: 0,
      consolidatedResult: 'STOPPED',
      consolidatedStatus: 'STATUS_COMPLETED',
      consolidatedDuration: 250,
      consolidatedPlanTotalCount: 4,
      consolidatedPlanPassedCount: 1,
      consolidatedPlanStoppedCount: 3,
      consolidatedPlanNotExecutedCount: 0,
      stoppedRunIds: [runId],
    });
    const { stoppedRunIds: _, ...object } = body;
    expect(await get(runId)).toEqual(object);
    const { testCases } = (await facade.call('GET', `/api/v1/execution_results/${runId}/test_case_results`)).body;
    const results = testCases.map(({ result }: { result: string }) => result);
    expect(results).toEqual(['SUCCESS', 'STOPPED', 'STOPPED', 'STOPPED']);
  });

  test('the seed’s sample: every key is there, with its JSON type', async () => {
    const { runId } = await running();
    facade.sleep.now = () => confirm(runId);
    const types = typesOf((await stop(runId)).body);
    const missing = [...typesOf(sample('seed-stop'))].filter(([key, type]) => {
      const ours = types.get(key);
      const isNull = /^execution\.mailList$/.test(key) || key.endsWith('[]');
      return !isNull && (ours === undefined || (type !== 'null' && ours !== type));
    });
    expect(missing).toEqual([]);
  });

  test('the alias does the same, with the counts of the community edition', async () => {
    const { plan, runId } = await running();
    const path = '/api/v1/test_plan_results';
    const byPlan = { body: { result: 'STOPPED', testPlanId: String(plan.id) } };
    const first = await facade.call('PUT', path, byPlan);
    expect(first.body).toMatchObject({ id: runId, stopped_count: 0, stoppedRunIds: [runId] });
    const again = await facade.call('PUT', `${path}/${runId}/`, { body: { result: 'STOPPED' } });
    expect(again.body).toMatchObject({ id: runId, total_count: 0, running_count: 0 });
  });
});

describe('the request', () => {
  test('must say STOPPED, exactly', async () => {
    for (const result of [undefined, null, 'stopped', 'PASSED', '', 7, ['STOPPED']]) {
      const { status, body } = await stop('', { result });
      expect([result, status, body.code, body.fieldErrors[0].field]).toEqual([
        result,
        400,
        'VALIDATION_FAILED',
        'result',
      ]);
    }
  });

  test.each([
    ['canStopAll', { canStopAll: 'false' }],
    ['canStopAll', { canStopAll: 0 }],
    ['id', { id: 'abc' }],
    ['executionResultId', { executionResultId: 0 }],
    ['executionId', { executionId: [] }],
    ['executionResultId', { id: 5, executionResultId: 6 }],
    ['testPlanId', { executionId: 5, testPlanId: '6' }],
  ])('is refused for its %s: %j', async (field, body) => {
    const answer = await stop('', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.fieldErrors[0].field).toBe(field);
  });

  test.each(['[]', '"STOPPED"', '7', '{', '', 'null'])('is refused when its body is %j', async (text) => {
    const { status } = await facade.call('PUT', '/api/v1/execution_results', { body: text });
    expect(status).toBe(400);
  });

  test('names one run: path and body must agree, and the plan must be the run’s', async () => {
    const { plan, runId } = await running();
    const other = await facade.addPlan();
    expect((await stop(runId, { id: runId + 1 })).body.fieldErrors[0].field).toBe('id');
    expect((await stop(runId, { executionId: other.id })).body.fieldErrors[0].field).toBe('executionId');
    expect((await get(runId)).message).not.toContain('stopped');
    const same = { id: String(runId), executionResultId: ` ${runId} `, executionId: plan.id, more: {} };
    const { status, body } = await stop(runId, same);
    expect([status, body.id]).toEqual([200, runId]);
  });

  test('needs the scope RUN_STOP, and only sees what the key may see', async () => {
    const { plan, runId } = await running({ project: 'hidden' });
    const viewer = await facade.addKey({ scopes: ['PLAN_RUN', 'PLAN_VIEW'] });
    expect((await stop(runId, {}, viewer)).body.code).toBe('FORBIDDEN');
    for (const rights of [{ projects: ['other'] }, { planIds: [plan.id + 1000] }]) {
      const stranger = await facade.addKey({ scopes: ['RUN_STOP'], ...rights });
      expect((await stop(runId, {}, stranger)).body).toMatchObject({ code: 'NOT_FOUND' });
      expect((await stop('', { executionId: plan.id }, stranger)).body).toMatchObject({ code: 'NOT_FOUND' });
      expect((await stop('', {}, stranger)).body).toMatchObject({ code: 'NO_ACTIVE_RUN' });
    }
    expect((await get(runId)).status).toBe('STATUS_IN_PROGRESS');
    const insider = await facade.addKey({ scopes: ['RUN_STOP'], planIds: [plan.id] });
    expect((await stop('', {}, insider)).body.stoppedRunIds).toEqual([runId]);
  });
});

describe('which runs are stopped', () => {
  test('an unknown run or plan is 404, and so is nothing to stop', async () => {
    const { token } = await newProject();
    const plan = await facade.addPlan();
    const codes = [
      await stop(2_147_483_647),
      await stop('', { executionResultId: 2_147_483_647 }),
      await stop('', { executionId: 2_147_483_647 }),
      await stop('', { executionId: plan.id }),
      await stop('', {}, token),
    ].map(({ status, body }) => [status, body.code]);
    expect(codes).toEqual([
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
      [404, 'NO_ACTIVE_RUN'],
      [404, 'NO_ACTIVE_RUN'],
    ]);
  });

  test('without ids: every active run the key may see, and the answer is the newest', async () => {
    const { project, token } = await newProject();
    const outside = await running();
    const first = await running({ project });
    facade.clock.now += 1000;
    const plan = await facade.addPlan({ project, overlap: 'queue' });
    const active = await facade.trigger(plan);
    await facade.dispatch(active);
    const waiting = [await facade.trigger(plan), await facade.trigger(plan)];
    const { body } = await stop('', {}, token);
    const all = [first.runId, active, ...waiting];
    expect(body.stoppedRunIds).toEqual(all);
    expect(body).toMatchObject({ id: waiting[1], status: 'STATUS_COMPLETED', result: 'STOPPED' });
    expect((await get(outside.runId)).message).toBe('Test Plan in Progress');
    for (const runId of [first.runId, active]) await confirm(runId);
    for (const runId of all) expect(await get(runId)).toMatchObject({ result: 'STOPPED' });
    const { active: left, waiting: queue } = await facade.services.runs.readLock(plan.id);
    expect([left.size, queue.size]).toEqual([0, 0]);
    // None of the waiting runs was started on the way.
    expect(facade.dispatches.some(({ runId }) => waiting.includes(runId))).toBe(false);
  });

  test('canStopAll false stops the only active run, and names them when there are several', async () => {
    const { project, token } = await newProject();
    const { plan, runId } = await running({ project });
    const second = await facade.trigger(plan);
    for (const body of [{ canStopAll: false }, { canStopAll: false, executionId: plan.id }]) {
      const refused = await stop('', body, token);
      expect([refused.status, refused.body.code]).toEqual([400, 'AMBIGUOUS_RUN']);
      expect(refused.body.error).toContain(`${runId}, ${second}`);
    }
    expect((await stop(second, { canStopAll: false }, token)).body.stoppedRunIds).toEqual([second]);
    expect((await stop('', { canStopAll: false }, token)).body.stoppedRunIds).toEqual([runId]);
  });

  test('a plan’s id stops the runs of that plan', async () => {
    const { project, token } = await newProject();
    const other = await running({ project });
    const { plan, runId } = await running({ project });
    const second = await facade.trigger(plan);
    const { body } = await stop('', { executionId: plan.id }, token);
    expect([body.id, body.stoppedRunIds]).toEqual([second, [runId, second]]);
    expect((await get(other.runId)).status).toBe('STATUS_IN_PROGRESS');
  });

  test('a run’s id stops it and its active reruns; with canStopAll false just it', async () => {
    const { plan, runId } = await running();
    await facade.report(runId, [aCase('one', 'failed')], {});
    await facade.complete(runId);
    const rerun = async (): Promise<number> => {
      const body = { executionResultId: runId, isReRun: true, reRunType: 'ALL_TESTS' };
      return facade.trigger(plan, body);
    };
    const first = await rerun();
    await facade.finish(first, [aCase('one', 'failed')]);
    const second = await rerun();
    const before = await get(runId);
    const alone = (await stop(runId, { canStopAll: false })).body;
    expect(alone).toEqual({ ...before, stoppedRunIds: [] });
    const { body } = await stop(runId);
    expect(body).toMatchObject({ id: runId, result: 'FAILURE', stoppedRunIds: [second], rerunIds: [first, second] });
    expect(await get(second)).toMatchObject({ result: 'STOPPED' });
    expect(await get(first)).toMatchObject({ result: 'FAILURE' });
  });

  test('a completed run is answered unchanged', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.finished(plan, [aCase('one', 'passed')]);
    const before = await get(runId);
    const { status, body } = await stop(runId);
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, stoppedRunIds: [] });
    expect(await get(runId)).toEqual(before);
  });
});

describe('how long it takes', () => {
  test('a queued run is stopped at once, without waiting', async () => {
    const plan = await facade.addPlan();
    const runId = await facade.trigger(plan);
    const before = facade.clock.now;
    const { body } = await stop(runId);
    expect(body).toMatchObject({ status: 'STATUS_COMPLETED', result: 'STOPPED', duration: 0, stoppedRunIds: [runId] });
    expect(facade.clock.now).toBe(before);
  });

  test('an executor that does not confirm is waited for 5 s; then the run is still in progress', async () => {
    const { runId } = await running({ deadlines: { stopSeconds: 30 } });
    const before = facade.clock.now;
    const { body } = await stop(runId);
    expect(facade.clock.now - before).toBe(5000);
    expect(body).toMatchObject({ status: 'STATUS_IN_PROGRESS', result: 'QUEUED', endTime: null, duration: null });
    expect(body).toMatchObject({ message: 'User stopped the Test Plan', stoppedRunIds: [runId] });
    // Asked again it is the same stop, and ends stopped at the stop deadline whatever the executor says.
    expect((await stop(runId)).body.stoppedRunIds).toEqual([runId]);
    await facade.report(runId, [aCase('one', 'passed')]);
    facade.clock.now += 30_000;
    await facade.complete(runId);
    expect(await get(runId)).toMatchObject({ status: 'STATUS_COMPLETED', result: 'STOPPED', passedCount: 1 });
  });

  test('one run that cannot be stopped now keeps no other from it', async () => {
    const { project, token } = await newProject();
    const [stuck, other] = [await running({ project }), await running({ project })];
    const { stop: stopInStore } = facade.services.runs;
    facade.services.runs.stop = async (run, at) => (run.id === stuck.runId ? undefined : stopInStore(run, at));
    const refused = await stop('', {}, token);
    facade.services.runs.stop = stopInStore;
    expect([refused.status, refused.body.code]).toEqual([503, 'UNAVAILABLE']);
    expect((await get(other.runId)).message).toBe('User stopped the Test Plan');
    expect((await stop('', {}, token)).body.stoppedRunIds).toEqual([stuck.runId, other.runId]);
  });
});
