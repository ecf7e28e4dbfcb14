import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCase, typesOf } from '../testsigma/facade.ts';
import { base, openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
beforeAll(async () => {
  api = await openTestinium();
});
afterAll(() => api.close());

/** The samples the vendor's two pages show. */
const cloudSample = {
  execution_id: 276086,
  unavailable_env_list: [],
  test_plan_id: 3362,
  successful: true,
  already_running: false,
};
const enterpriseSample = { unavailable_env_list: [{ id: 74 }], already_running: false, successful: false };

const started = (planId: number, executionId: number) => ({
  execution_id: executionId,
  unavailable_env_list: [],
  test_plan_id: planId,
  successful: true,
  succesful: true,
  already_running: false,
});

describe('a start', () => {
  test('answers every key of both published samples with its type, and their misspelt twin (T1)', async () => {
    const plan = await api.addPlan();
    const { status, body } = await api.get(`/plans/${plan.id}/run/false`, { headers: { accept: 'application/json' } });
    expect(status).toBe(200);
    expect(body).toEqual(started(plan.id, body.execution_id));
    const types = typesOf(body);
    for (const sample of [cloudSample, enterpriseSample]) {
      for (const [key, type] of typesOf(sample))
        if (!key.includes('[]')) expect([key, types.get(key)]).toEqual([key, type]);
    }
    expect(await api.getRun(body.execution_id)).toMatchObject({ planId: plan.id, status: 'queued' });
  });

  test('is the same by GET with a query and by POST with a form, as the command of the cloud page sends it', async () => {
    const plan = await api.addPlan();
    const parameters = 'callbackUrl=https%3A%2F%2Fci.example.com%2Fhooks%2Fproctor&isGroupRun=false';
    const byGet = await api.get(`/plans/${plan.id}/run/false?${parameters}`);
    const byPost = await api.post(`/plans/${plan.id}/run/false`, parameters);
    expect(byGet.body).toEqual(started(plan.id, byGet.body.execution_id));
    expect(byPost.body).toEqual(started(plan.id, byPost.body.execution_id));
    expect(byPost.body.execution_id).not.toBe(byGet.body.execution_id);
  });

  test('is served on all three routes, in every spelling of slashes and words', async () => {
    const plan = await api.addPlan();
    const paths = ['run/TRUE', 'run/False', 'run', 'run/', 'run/company/1', '/run//false//'];
    for (const path of paths) expect((await api.get(`/plans/${plan.id}/${path}`)).body.successful).toBe(true);
    const doubled = await api.get(`/Testinium.RestApi//api/plans/${plan.id}/run/true`);
    expect(doubled.body.successful).toBe(true);
    expect((await api.get(`/Testinium.RestApi/API/plans/${plan.id}/run/true`)).status).toBe(404);
  });

  test('ignores parameters it does not know and the type of a body that is not there (T17)', async () => {
    const plan = await api.addPlan();
    const headers = { 'content-type': 'application/json', 'current-company-id': '1' };
    const answer = await api.get(`/plans/${plan.id}/run/false?utm=1&utm=2`, { headers });
    expect(answer.body.successful).toBe(true);
  });

  test('runs the plan: the execution is live, then passes', async () => {
    const plan = await api.addPlan();
    const id = await api.start(plan.id);
    expect((await api.get(`/plans/${plan.id}/checkIsRunning`)).body).toEqual({ status: 'SUCCESS', running: true });
    await api.finish(id, [aCase('pays', 'passed')]);
    expect((await api.get(`/plans/${plan.id}/checkIsRunning`)).body).toEqual({ status: 'SUCCESS', running: false });
    expect((await api.get(`/executions/${id}`)).body).toMatchObject({ result_summary: { SUCCESS: 1 } });
  });
});

describe('what does not start', () => {
  test('a running plan under reject: 409 on the force route with the run, 200 on the others', async () => {
    const plan = await api.addPlan({ overlap: 'reject' });
    const id = await api.start(plan.id);
    const description = `Plan ${plan.id} is running as execution ${id}.`;
    const common = {
      unavailable_env_list: [],
      test_plan_id: plan.id,
      successful: false,
      succesful: false,
      already_running: true,
      running_execution_id: id,
    };
    const forced = await api.get(`/plans/${plan.id}/run/true?x=secret`);
    expect(forced.status).toBe(409);
    expect(forced.headers['retry-after']).toBeUndefined();
    expect(forced.body).toEqual({
      ...common,
      status: 409,
      error: 'ALREADY_RUNNING',
      message: 'ALREADY_RUNNING',
      error_description: description,
      path: `${base}/plans/${plan.id}/run/true`,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    api.configure({ variant: 'enterprise' });
    const enterprise = await api.get(`/plans/${plan.id}/run/false`);
    expect([enterprise.status, enterprise.body.message]).toEqual([409, 'Test plan is already running']);
    api.configure({});
    for (const path of ['run', 'run/company/1']) {
      const answer = await api.get(`/plans/${plan.id}/${path}`);
      expect([answer.status, answer.body]).toEqual([
        200,
        { ...common, error: 'ALREADY_RUNNING', message: description },
      ]);
    }
    const blind = await api.addKey({ scopes: ['PLAN_RUN'] });
    const answer = await api.get(`/plans/${plan.id}/run/true`, { token: blind });
    expect(answer.body).toMatchObject({ already_running: true, error_description: `Plan ${plan.id} is running.` });
    expect(answer.body).not.toHaveProperty('running_execution_id');
  });

  test('busy comes before disabled, disabled is 200 with a reason on every route (T5)', async () => {
    const plan = await api.addPlan({ overlap: 'reject' });
    const id = await api.start(plan.id);
    const disable = async (enabled: boolean) => {
      const current = await api.services.plans.getPlan(plan.id);
      if (current) await api.services.plans.updatePlan(current, { ...current, enabled }, 3, api.clock.now);
    };
    await disable(false);
    expect((await api.get(`/plans/${plan.id}/run/true`)).status).toBe(409);
    await api.finish(id, [aCase('pays', 'passed')]);
    const before = await api.countStored();
    for (const path of ['run/true', 'run/false', 'run', 'run/company/1']) {
      const { status, body } = await api.get(`/plans/${plan.id}/${path}`);
      expect([status, body]).toEqual([
        200,
        {
          unavailable_env_list: [],
          test_plan_id: plan.id,
          successful: false,
          succesful: false,
          already_running: false,
          error: 'PLAN_DISABLED',
          message: `Plan ${plan.id} is disabled.`,
        },
      ]);
      // A mobile step takes a zero for a started run (T3).
      expect(body).not.toHaveProperty('execution_id');
    }
    expect(await api.countStored()).toBe(before);
  });

  test('a plan whose suites are empty has nothing to start', async () => {
    const plan = await api.addPlan({ suites: [{ name: 'Cart', cases: [] }] });
    const { status, body } = await api.get(`/plans/${plan.id}/run/true`);
    expect([status, body.error, body.successful]).toEqual([200, 'NO_TEST_CASES', false]);
  });

  test('a plan that queues answers a start, and the runs follow each other', async () => {
    const plan = await api.addPlan({ overlap: 'queue' });
    const [first, second] = [await api.start(plan.id), await api.start(plan.id)];
    await api.finish(first, [aCase('pays', 'passed')]);
    expect((await api.get(`/plans/${plan.id}/checkIsRunning`)).body.running).toBe(true);
    await api.finish(second, [aCase('pays', 'passed')]);
    expect((await api.get(`/plans/${plan.id}/checkIsRunning`)).body.running).toBe(false);
  });
});

describe('a repeat', () => {
  test('ten times the same dropped GET is one run; later it meets the overlap rule (4.6)', async () => {
    api.configure({ coalesceSeconds: 10 });
    for (const overlap of ['allow', 'queue', 'reject']) {
      const plan = await api.addPlan({ overlap });
      const same = () => api.get(`/plans/${plan.id}/run/false`);
      const answers = await Promise.all(Array.from({ length: 5 }, same));
      for (let i = 0; i < 5; i++) {
        api.clock.now += 1000;
        answers.push(await same());
      }
      const ids = new Set(answers.map(({ body }) => body.execution_id));
      expect(ids.size).toBe(1);
      const [id = 0] = ids;
      for (const { status, body } of answers) expect([status, body]).toEqual([200, started(plan.id, id)]);
      expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(9);
      expect(await api.services.runs.countByPlan(plan.id)).toBe(1);
      api.clock.now += 10_000;
      const late = await same();
      if (overlap === 'reject') expect(late.body).toMatchObject({ already_running: true, running_execution_id: id });
      else expect(late.body.execution_id).not.toBe(id);
    }
    api.configure({});
  });

  test('with other parameters, by another key, on another route or after the end it is no repeat', async () => {
    api.configure({ coalesceSeconds: 10 });
    const plan = await api.addPlan({ overlap: 'allow' });
    const other = { token: await api.addKey() };
    const ids = new Set<number>();
    const first = await api.get(`/plans/${plan.id}/run/false`);
    ids.add(first.body.execution_id);
    for (const answer of [
      await api.get(`/plans/${plan.id}/run/true`),
      await api.get(`/plans/${plan.id}/run`),
      await api.get(`/plans/${plan.id}/run/false?isGroupRun=true`),
      await api.get(`/plans/${plan.id}/run/false`, other),
    ]) {
      ids.add(answer.body.execution_id);
    }
    expect(ids.size).toBe(5);
    expect((await api.post(`/plans/${plan.id}/run/FALSE`, '')).body.execution_id).toBe(first.body.execution_id);
    await api.finish(first.body.execution_id, [aCase('pays', 'passed')]);
    api.clock.now -= 95_480;
    ids.add((await api.get(`/plans/${plan.id}/run/false`)).body.execution_id);
    expect(ids.size).toBe(6);
    api.configure({});
  });

  test('with an Idempotency-Key gets the answer of its start for a day, other parameters 422', async () => {
    const plan = await api.addPlan({ overlap: 'reject' });
    const headers = { 'idempotency-key': 'build 7' };
    const first = await api.get(`/plans/${plan.id}/run/true`, { headers });
    api.clock.now += 3_600_000;
    const again = await api.get(`/plans/${plan.id}/run/true`, { headers });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    const other = await api.get(`/plans/${plan.id}/run/false`, { headers });
    expect([other.status, other.body.error]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    for (const key of ['ä', '', 'x'.repeat(256)]) {
      expect((await api.get(`/plans/${plan.id}/run/true`, { headers: { 'idempotency-key': key } })).status).toBe(400);
    }
  });

  test('of a refusal is a new try', async () => {
    const plan = await api.addPlan({ overlap: 'reject' });
    const id = await api.start(plan.id);
    const headers = { 'idempotency-key': 'build 8' };
    expect((await api.get(`/plans/${plan.id}/run/true`, { headers })).status).toBe(409);
    await api.finish(id, [aCase('pays', 'passed')]);
    const answer = await api.get(`/plans/${plan.id}/run/true`, { headers });
    expect(answer.body.successful).toBe(true);
    expect(answer.headers).not.toHaveProperty('idempotent-replayed');
  });
});
