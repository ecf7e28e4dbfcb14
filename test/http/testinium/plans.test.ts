import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCase } from '../testsigma/facade.ts';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
beforeAll(async () => {
  api = await openTestinium({ company: { id: 7, name: 'Example Shop', short_name: 'shop' } });
});
afterAll(() => api.close());

const get = async (target: string, token?: string) => {
  const { status, body } = await api.get(target, token === undefined ? {} : { token });
  expect([target, status]).toEqual([target, 200]);
  return body;
};
const suites = [{ name: 'Payment', cases: [{ name: 'card' }, { name: 'voucher' }] }];
const idsOf = (plans: readonly { id: number }[]) => plans.map(({ id }) => id);

describe('a plan', () => {
  test('has every key of the contract, an object and never an array (T13)', async () => {
    const environment = await api.services.environments.createEnvironment(
      { name: 'win11-chrome', description: null, project: 'shop-web', variables: [] },
      3,
      0,
    );
    const plan = await api.addPlan({
      name: 'checkout-smoke',
      project: 'shop-web',
      description: 'Checkout',
      environment: environment.id,
      rerun: { max: 1 },
      suites,
    });
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const object = await get(`/plans/${plan.id}`);
    expect(object).toEqual({
      id: plan.id,
      type: 'SELENIUM',
      project_id: plan.projectId,
      project_name: 'shop-web',
      company_id: 7,
      plan_name: 'checkout-smoke',
      description: 'Checkout',
      enabled: true,
      project_enabled: true,
      group_plan: false,
      is_parent: false,
      childs: [],
      scenarios: [expect.any(Number), expect.any(Number)],
      environments: [{ id: environment.id }],
      plan_parallel_test_limit: 1,
      failed_test_retry_count: 1,
      environment_resolutions: [
        {
          environment: {
            id: environment.id,
            name: 'win11-chrome',
            operating_system: 'UNKNOWN',
            browser_type: 'UNKNOWN',
            environment_type: 'SELENIUM',
            environment_version: 'UNKNOWN',
            enabled: true,
            mobile: false,
          },
        },
      ],
      period: { period_type: 'MANUAL', days_of_week: '', repeat_period: 0 },
      alerts: [],
      test_run_type: 'CROSS',
      screen_shot_type: 'NO',
      screenshots_enabled: false,
      video_enabled: false,
      performance_data_enabled: false,
      created_at: iso,
      updated_at: iso,
    });
    expect(await get(`/plans/${plan.id}/active/`)).toEqual(object);
    expect((await get('/plans')).find(({ id }: { id: number }) => id === plan.id)).toEqual(object);
    expect((await get(`/plans?projectId=${plan.projectId}`)).length).toBe(1);
    const off = await api.addPlan({ enabled: false });
    expect((await get(`/plans/${off.id}`)).enabled).toBe(false);
    expect((await api.get(`/plans/${off.id}/active`)).status).toBe(404);
    expect(idsOf(await get('/plans/lazy?active=FALSE'))).toEqual([off.id]);
  });

  test('keeps the app that was chosen, for later runs only', async () => {
    const plan = await api.addPlan({ variables: { base: 'x' }, suites });
    const live = await api.start(plan.id);
    const headers = { 'content-type': 'application/json' };
    for (const [path, key] of [
      ['setAndroidMobileApp', 'selected_android_mobile_app'],
      ['setIOSMobileApp', 'selected_ios_mobile_app'],
      ['setandroidMobileApp', 'selected_android_mobile_app'],
    ] as const) {
      const { status, body } = await api.call('PUT', `/plans/${plan.id}/${path}/64`, { headers });
      expect([path, status, body[key]]).toEqual([path, 200, { id: 64 }]);
    }
    await api.dispatch(live);
    expect(api.dispatches.at(-1)?.variables).toEqual({ base: 'x' });
    await api.dispatch(await api.start(plan.id));
    expect(api.dispatches.at(-1)?.variables).toEqual({
      base: 'x',
      android_mobile_app_id: '64',
      ios_mobile_app_id: '64',
    });
    expect((await api.call('PUT', `/plans/${plan.id}/setAndroidMobileApp/2147483648`)).status).toBe(400);
  });
});

describe('the filtered page', () => {
  test('has recently started plans first, then those never started, by id (T18)', async () => {
    const project = 'filter';
    const plans = [];
    for (let i = 0; i < 5; i++) plans.push(await api.addPlan({ name: `Filter ${i}`, project, suites }));
    const [a, b, c, d, e] = plans.map(({ id }) => id) as [number, number, number, number, number];
    for (const id of [b, d, b]) await api.start(id);
    const query = `projectId=${plans[0]?.projectId}`;
    const all = await get(`/plans/filter?${query}`);
    expect(idsOf(all.item_list)).toEqual([b, d, a, c, e]);
    expect(all).toMatchObject({ current_page: 1, total_count: 5, page_count: 1, next_page: '', previous_page: '' });
    expect(all.item_list[0]).toEqual(await get(`/plans/${b}`));
    const second = await get(`/plans/filter?${query}&page=2&size=2`);
    expect(idsOf(second.item_list)).toEqual([a, c]);
    expect(new URL(second.next_page).searchParams.get('page')).toBe('3');
    expect(idsOf((await get(`/plans/filter?${query}&planText=FILTER%203&size=500`)).item_list)).toEqual([d]);
  });
});

describe('projects and companies', () => {
  test('have every key of the contract, with and without a slash (T17)', async () => {
    const plan = await api.addPlan({ project: 'bank' });
    const off = await api.addPlan({ project: 'bank', enabled: false });
    const token = await api.addKey({ projects: ['bank'] });
    const project = {
      id: plan.projectId,
      project_name: 'bank',
      company_id: 7,
      enabled: true,
      repository_path: 'bank',
      test_framework: 'SELENIUM',
      test_file_type: 'SELENIUM',
      test_runner_tool: 'PROCTOR',
      mobile_apps: [],
    };
    for (const path of ['/projects', '/projects/', '/projects/company/7', '/projects/projectsByCompany/7']) {
      expect(await get(path, token)).toEqual([project]);
    }
    expect(await get(`/projects/${plan.projectId}`)).toEqual(project);
    expect(await get(`/projects/${plan.projectId}/active`, token)).toEqual(project);
    expect(idsOf(await get(`/projects/${plan.projectId}/plans`))).toEqual([plan.id, off.id]);
    expect(idsOf(await get(`/projects/${plan.projectId}/plans/active`))).toEqual([plan.id]);
    const company = { id: 7, company_name: 'Example Shop', short_name: 'shop' };
    expect(await get('/companies/7')).toEqual(company);
    expect(await get('/users/companies/')).toEqual([company]);
    expect((await api.get('/projects/company/1')).status).toBe(404);
    const narrow = await api.addKey({ planIds: [plan.id] });
    expect(idsOf(await get('/projects', narrow))).toEqual([plan.projectId]);
    const elsewhere = await api.addKey({ projects: ['shop-web'] });
    expect((await api.get(`/projects/${plan.projectId}`, { token: elsewhere })).status).toBe(404);
  });
});

describe('stop', () => {
  test('asks every live run of the plan, waiting ones too, and repeats do no harm', async () => {
    const plan = await api.addPlan({ overlap: 'queue', suites });
    const nothing = { status: 'NOT_AVAILABLE', message: `Plan ${plan.id} is not running` };
    expect(await get(`/plans/${plan.id}/stop`)).toEqual(nothing);
    const [first, second] = [await api.start(plan.id), await api.start(plan.id)];
    await api.dispatch(first);
    const asked = { status: 'SUCCESS', message: `Stop requested for plan ${plan.id}` };
    expect(await get(`/plans/${plan.id}/stop`)).toEqual(asked);
    expect((await api.post(`/plans/${plan.id}/stop`, '')).body).toEqual(asked);
    expect((await get(`/plans/${plan.id}/checkIsRunning`)).running).toBe(true);
    expect((await api.getRun(second)).result).toBe('stopped');
    api.clock.now += 120_000;
    await api.complete(first);
    expect((await get(`/plans/${plan.id}/checkIsRunning`)).running).toBe(false);
    expect(await get(`/plans/${plan.id}/stop`)).toEqual(nothing);
  });
});

describe('rerun', () => {
  const rerun = (planId: number, body: string, headers: Record<string, string> = {}) =>
    api.call('POST', `/plans/${planId}/rerun`, { body, headers });

  test('runs exactly the scenarios named, of the last ended execution', async () => {
    const plan = await api.addPlan({ overlap: 'reject', suites });
    const { scenarios } = await get(`/plans/${plan.id}`);
    const first = await api.start(plan.id);
    await api.finish(first, [aCase('card', 'failed'), aCase('voucher', 'passed')]);
    const { status, body } = await rerun(plan.id, JSON.stringify([scenarios[0]]));
    expect([status, body]).toEqual([
      200,
      {
        successful: true,
        message: 'Rerun of 1 scenario started',
        execution_id: expect.any(Number),
        test_plan_id: plan.id,
      },
    ]);
    const busy = await rerun(plan.id, JSON.stringify(scenarios));
    expect([busy.status, busy.body.error]).toEqual([409, 'ALREADY_RUNNING']);
    await api.finish(body.execution_id, [aCase('card', 'passed')]);
    expect(await get(`/executions/${body.execution_id}`)).toMatchObject({ result_summary: { SUCCESS: 1 } });
    const other = await rerun(plan.id, JSON.stringify([scenarios[1]]));
    expect([other.status, other.body.error]).toEqual([404, 'SCENARIO_NOT_FOUND']);
  });

  test('takes a scenario on every environment it had', async () => {
    const environment = async (name: string) =>
      (
        await api.services.environments.createEnvironment(
          { name, description: null, project: 'lanes', variables: [] },
          3,
          0,
        )
      ).id;
    const [chrome, firefox] = [await environment('chrome'), await environment('firefox')];
    const machines = [
      { title: 'Chrome', environment: chrome },
      { title: 'Firefox', environment: firefox },
    ];
    const plan = await api.addPlan({ project: 'lanes', machines, suites });
    const { scenarios, environments, environment_resolutions: resolutions } = await get(`/plans/${plan.id}`);
    expect(environments).toEqual([{ id: chrome }, { id: firefox }]);
    expect(resolutions.map(({ environment }: { environment: { name: string } }) => environment.name)).toEqual([
      'chrome',
      'firefox',
    ]);
    expect(scenarios).toHaveLength(2);
    const on = (machine: string) => [aCase('card', 'failed', { machine }), aCase('voucher', 'passed', { machine })];
    const id = await api.start(plan.id);
    await api.finish(id, [...on('Chrome'), ...on('Firefox')]);
    const { test_results: ids, result_summary: summary } = await get(`/executions/${id}`);
    expect(summary).toEqual({ SUCCESS: 2, FAILURE: 2 });
    const results = await Promise.all(ids.map((resultId: number) => get(`/results/${resultId}`)));
    const keys = results.map((result) => `${result.scenario_id} ${result.environment_id} ${result.level}`).sort();
    const expected = [chrome, firefox].flatMap((on) => [
      `${scenarios[0]} ${on} FAILURE`,
      `${scenarios[1]} ${on} SUCCESS`,
    ]);
    expect(keys).toEqual(expected.sort());
    const again = await rerun(plan.id, JSON.stringify([scenarios[0]]));
    expect((await get(`/executions/${again.body.execution_id}`)).test_results).toHaveLength(2);
  });

  test('is repeated by its key, and refused with 200 while the plan is disabled', async () => {
    const plan = await api.addPlan({ overlap: 'reject', suites });
    const { scenarios } = await get(`/plans/${plan.id}`);
    await api.finish(await api.start(plan.id), [aCase('card', 'failed'), aCase('voucher', 'failed')]);
    const key = { 'idempotency-key': 'again' };
    const first = await rerun(plan.id, JSON.stringify(scenarios), key);
    const again = await rerun(plan.id, JSON.stringify(scenarios), key);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    await api.finish(first.body.execution_id, [aCase('card', 'failed'), aCase('voucher', 'passed')]);
    const current = await api.services.plans.getPlan(plan.id);
    if (current) await api.services.plans.updatePlan(current, { ...current, enabled: false }, 3, api.clock.now);
    const off = await rerun(plan.id, JSON.stringify(scenarios));
    expect([off.status, off.body]).toEqual([
      200,
      { successful: false, message: expect.stringMatching(/disabled/), test_plan_id: plan.id },
    ]);
  });
});
