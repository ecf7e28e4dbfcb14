import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { stopRun } from '../../../lib/workflow/stop-run.ts';
import { aCase } from '../testsigma/facade.ts';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
let plan: Plan;
beforeAll(async () => {
  api = await openTestinium();
  plan = await api.addPlan({ name: 'checkout-smoke', project: 'shop-web', suites });
});
afterAll(() => api.close());

const suites = [
  { name: 'Payment', cases: [{ name: 'card' }, { name: 'voucher' }, { name: 'transfer' }, { name: 'cash' }] },
];
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const get = async (target: string) => {
  const { status, body } = await api.get(target);
  expect([target, status]).toEqual([target, 200]);
  return body;
};
const card = aCase('card', 'passed');
const others = ['voucher', 'transfer', 'cash'].map((name) => aCase(name, 'passed'));

describe('an execution', () => {
  test('is whole from the first answer: its results can all be read at once (T12, T19)', async () => {
    const id = await api.start(plan.id);
    const execution = await get(`/executions/${id}`);
    expect(execution).toEqual({
      id,
      user_id: 3,
      username: 'ci',
      company_id: 1,
      project_id: plan.projectId,
      project_name: 'shop-web',
      plan_id: plan.id,
      plan_name: 'checkout-smoke',
      test_results: expect.any(Array),
      runtime: 0,
      result_summary: { WAITING: 4 },
      start_date: iso,
      test_result_status_counts: '[WAITING, 4]',
    });
    expect(new Set(execution.test_results).size).toBe(4);
    for (const resultId of execution.test_results) {
      const result = await get(`/results/${resultId}`);
      expect(result).toMatchObject({ id: resultId, level: 'WAITING', runtime: 0, message: '', execution_id: id });
      expect(result.start_date).toBe(execution.start_date);
      expect(result).not.toHaveProperty('end_date');
    }
    await api.dispatch(id);
    await api.report(id, [card, aCase('voucher', 'running')]);
    const running = await get(`/executions/${id}`);
    expect(running.result_summary).toEqual({ SUCCESS: 1, RUNNING: 1, WAITING: 2 });
    expect(running.test_result_status_counts).toBe('[SUCCESS, 1], [RUNNING, 1], [WAITING, 2]');
    await stopRun(api.services, id);
    expect((await get(`/executions/${id}`)).result_summary).toEqual({ SUCCESS: 1, TERMINATING: 3 });
    api.clock.now += 120_000;
    await api.complete(id);
    expect(await get(`/executions/${id}`)).toMatchObject({
      test_results: execution.test_results,
      result_summary: { SUCCESS: 1, FAILURE: 1, ERROR: 1, STOPPED: 1, UNEXECUTED: 2 },
      end_date: iso,
      error_code: 'RUN_STOPPED',
      error_definition: expect.stringMatching(/stopped/),
    });
  });

  test('has the same facts on both paths, dates in the form of the path (T21)', async () => {
    const id = await api.start(plan.id);
    await api.finish(id, [
      card,
      ...others.slice(0, 2),
      aCase('cash', 'failed', { message: 'Total 41.90 is not 39.90' }),
    ]);
    const { test_results: ids, start_date, end_date, ...facts } = await get(`/executions/${id}`);
    expect(facts).toMatchObject({ runtime: 95_480, result_summary: { SUCCESS: 3, FAILURE: 1 } });
    expect(facts.test_result_status_counts).toBe('[SUCCESS, 3], [FAILURE, 1]');
    for (const path of [`/testExecutions/${id}`, `/testExecutions/${id}/company/1`]) {
      const inlined = await get(path);
      expect(inlined).toMatchObject({ ...facts, plan: { id: plan.id } });
      expect(inlined.end_date - inlined.start_date).toBe(95_480);
      expect(new Date(inlined.start_date).toISOString()).toContain(start_date.slice(0, -1));
      expect(new Date(inlined.end_date).toISOString()).toContain(end_date.slice(0, -1));
      expect(inlined.test_results.map(({ id }: { id: number }) => id)).toEqual(ids);
      const single = await Promise.all(ids.map((resultId: number) => get(`/testResults/${resultId}`)));
      expect(inlined.test_results).toEqual(single);
    }
  });

  test.each([
    ['passed', [card, ...others], {}, { SUCCESS: 4 }, undefined],
    [
      'passed with skipped cases',
      [card, ...others.slice(1), aCase('voucher', 'skipped')],
      {},
      { SUCCESS: 3, UNEXECUTED: 1 },
      undefined,
    ],
    ['failed', [aCase('card', 'failed'), ...others], {}, { SUCCESS: 3, FAILURE: 1 }, undefined],
    [
      'failed by an error alone',
      [aCase('card', 'errored'), ...others],
      {},
      { SUCCESS: 3, FAILURE: 1, ERROR: 1 },
      undefined,
    ],
    ['errored', [card], {}, { SUCCESS: 1, FAILURE: 1, ERROR: 3 }, 'RUN_ERROR'],
    [
      'unreadable',
      [],
      { problem: { reason: 'reportUnreadable', message: 'No XML.' } },
      { FAILURE: 1, ERROR: 4 },
      'RUN_ERROR',
    ],
    ['empty', [], {}, { FAILURE: 1, ERROR: 1, UNEXECUTED: 4 }, 'NO_TESTS'],
    [
      'skipped only',
      [card, ...others].map((one) => ({ ...one, result: 'skipped' as const })),
      {},
      { FAILURE: 1, ERROR: 1, UNEXECUTED: 4 },
      'NO_TESTS',
    ],
  ] as const)(
    'that %s is counted so that nobody takes it for green (T6, T7, T8)',
    async (_, cases, end, summary, code) => {
      const single = await api.addPlan({ suites });
      const id = await api.start(single.id);
      await api.finish(id, cases, end);
      const execution = await get(`/executions/${id}`);
      expect(execution.result_summary).toEqual(summary);
      expect(execution.error_code).toBe(code);
      api.configure({ errorsAlsoAsFailure: false });
      const bare = (await get(`/executions/${id}`)).result_summary;
      api.configure({});
      expect(bare.ERROR).toBe(execution.result_summary.ERROR);
      if (bare.ERROR === undefined) expect(bare).toEqual(summary);
      else expect(bare.FAILURE).toBeUndefined();
    },
  );

  test('that was never dispatched, or ran out of time, ends with an error', async () => {
    const stopped = await api.addPlan({ suites });
    const first = await api.start(stopped.id);
    expect((await get(`/plans/${stopped.id}/stop`)).status).toBe('SUCCESS');
    expect(await get(`/executions/${first}`)).toMatchObject({
      result_summary: { FAILURE: 1, ERROR: 1, UNEXECUTED: 4 },
      error_code: 'RUN_STOPPED',
      end_date: iso,
    });
    const late = await api.addPlan({ suites, deadlines: { runSeconds: 60 } });
    const second = await api.start(late.id);
    await api.dispatch(second);
    await api.report(second, [card]);
    api.clock.now += 61_000;
    await api.complete(second);
    expect(await get(`/executions/${second}`)).toMatchObject({
      result_summary: { SUCCESS: 1, FAILURE: 1, ERROR: 3 },
      error_code: 'RUN_TIMED_OUT',
    });
  });

  test('of a plan are listed newest first, whole, with links to the neighbouring pages', async () => {
    const listed = await api.addPlan({ suites });
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) ids.push(await api.start(listed.id));
    const page = await get(`/plans/${listed.id}/executions?page=2&size=2&x=y`);
    expect(page).toMatchObject({ current_page: 2, total_count: 5, page_count: 3 });
    expect(page.item_list.map(({ id }: { id: number }) => id)).toEqual([ids[2], ids[1]]);
    expect(page.item_list[0]).toEqual(await get(`/executions/${ids[2]}`));
    const base = 'https://proctor.example.com/Testinium.RestApi';
    expect(page.next_page).toBe(`${base}/api/plans/${listed.id}/executions?page=3&size=2&x=y`);
    expect(page.previous_page).toBe(`${base}/api/plans/${listed.id}/executions?page=1&size=2&x=y`);
    expect(page.rest_api_url).toBe(base);
    expect((await get(`/plans/${listed.id}/executions`)).next_page).toBe('');
  });
});

describe('a result', () => {
  test('on an environment has every key of the contract, without one the words of a service', async () => {
    const environment = await api.services.environments.createEnvironment(
      { name: 'win11-firefox', description: null, project: 'shop-web', variables: [] },
      3,
      0,
    );
    const on = await api.addPlan({ project: 'shop-web', environment: environment.id, suites });
    const id = await api.start(on.id);
    await api.finish(id, [aCase('card', 'failed', { message: 'Total 41.90 is not 39.90' }), ...others]);
    const [resultId] = (await get(`/executions/${id}`)).test_results;
    const result = await get(`/results/${resultId}`);
    const [scenarioId] = (await get(`/plans/${on.id}`)).scenarios;
    const info = { code: 'UNKNOWN', platform: 'UNKNOWN', mobile: false };
    expect(result).toEqual({
      id: resultId,
      level: 'FAILURE',
      start_date: iso,
      end_date: iso,
      runtime: 12_031,
      message: 'Total 41.90 is not 39.90',
      session_id: `e${id}-r${resultId}`,
      test_key: `TEST-C1-P${on.id}-E${id}-S${scenarioId}-ENV:${environment.id}`,
      company_id: 1,
      project_id: on.projectId,
      plan_id: on.id,
      execution_id: id,
      scenario_id: scenarioId,
      environment_id: environment.id,
      project: { id: on.projectId },
      test_plan: { id: on.id },
      test_execution: { id },
      test_scenario: { id: scenarioId, scenario_name: 'Payment › card' },
      environment: {
        id: environment.id,
        name: 'win11-firefox',
        operating_system: 'UNKNOWN',
        browser_type: 'UNKNOWN',
        environment_type: 'SELENIUM',
        environment_version: 'UNKNOWN',
        enabled: true,
        mobile: false,
      },
      environment_info: {
        id: environment.id,
        operating_system: info,
        browsers: [
          {
            code: 'UNKNOWN',
            browser_name: 'UNKNOWN',
            versions: [{ environment_id: environment.id, version: 'UNKNOWN' }],
          },
        ],
        devices: [],
      },
      screenshots_enabled: false,
      video_enabled: false,
      performance_data_enabled: false,
      test_result_commands: [],
    });
    const bare = await api.start(plan.id);
    const [bareId] = (await get(`/executions/${bare}`)).test_results;
    const service = await get(`/results/${bareId}`);
    expect(service).not.toHaveProperty('environment');
    expect(service).not.toHaveProperty('environment_id');
    expect(service.environment_info).toEqual({
      operating_system: { code: 'SERVICE', platform: 'SERVICE', mobile: false },
      browsers: [{ code: 'SERVICE', browser_name: 'SERVICE', versions: [{ version: 'UNKNOWN' }] }],
      devices: [],
    });
    expect(service.test_key).toMatch(/-S\d+$/);
  });

  test('of thousands is inlined up to 5 MB, with its text cut; alone it has 2,000 characters of it', async () => {
    const many = await api.addPlan();
    const id = await api.start(many.id);
    const cases = Array.from({ length: 2300 }, (_, i) => aCase(`case ${i}`, 'failed', { message: '€'.repeat(600) }));
    await api.finish(id, [...cases, aCase('last', 'failed', { message: '€'.repeat(2000) })]);
    const { text, body } = await api.get(`/testExecutions/${id}`);
    expect(Buffer.byteLength(text)).toBeLessThan(5_000_000);
    expect(body.test_results_truncated).toBe(true);
    expect(body.test_results.length).toBeGreaterThan(1500);
    expect(body.result_summary).toEqual({ FAILURE: 2301 });
    expect(body.test_results[0].message).toHaveLength(500);
    const execution = await get(`/executions/${id}`);
    expect(execution.test_results).toHaveLength(2301);
    // Far beyond the ids the run began with: they belong to further blocks.
    expect((await get(`/results/${execution.test_results.at(-1)}`)).message).toHaveLength(2000);
  });

  test('is nobody’s before it was given, and another project’s result is not there', async () => {
    const hidden = await api.addPlan({ project: 'bank', suites });
    const id = await api.start(hidden.id);
    const [resultId] = (await get(`/executions/${id}`)).test_results;
    const token = await api.addKey({ projects: ['shop-web'] });
    expect((await api.get(`/results/${resultId}`, { token })).status).toBe(404);
    expect((await api.get(`/results/${resultId + 100_000}`)).status).toBe(404);
  });
});
