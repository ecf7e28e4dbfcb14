import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderCallback } from '../../../lib/http/testinium/render-callback.ts';
import { readTestiniumSettings } from '../../../lib/http/testinium/settings.ts';
import { aCase } from '../testsigma/facade.ts';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
beforeAll(async () => {
  api = await openTestinium();
  const settings = readTestiniumSettings(undefined);
  Object.assign(api.services, {
    renderDelivery: (_kind: string, run: Parameters<typeof renderCallback>[2]) =>
      renderCallback(api.services, settings, run),
  });
});
afterAll(() => api.close());

const url = 'https://ci.example.com/hooks/proctor?token=secret';
const suites = [{ name: 'Payment', cases: [{ name: 'card' }] }];

test.each([
  ['FAILED', [aCase('card', 'failed')]],
  ['PASSED', [aCase('card', 'passed')]],
  ['NO_TESTS', []],
] as const)(
  'a callback URL is told once how its run ended, with the execution as it is read: %s',
  async (outcome, cases) => {
    const plan = await api.addPlan({ suites });
    const target = `/plans/${plan.id}/run/true?callbackUrl=${encodeURIComponent(url)}`;
    const { execution_id: id } = (await api.get(target)).body;
    expect(JSON.stringify(await api.getRun(id))).not.toContain('secret');
    await api.finish(id, cases);
    await api.complete(id);
    const [delivery, ...others] = await api.services.deliveries.listDeliveriesByRun(id);
    expect(others).toEqual([]);
    expect(delivery?.id).toBe(`msg_${String(id).padStart(12, '0')}`);
    const execution = (await api.get(`/executions/${id}`)).body;
    const body = JSON.parse(String(delivery?.body));
    expect(body).toEqual({ type: 'run.completed', timestamp: execution.end_date, data: { ...execution, outcome } });
  },
);

test('a rerun tells its callback URL too, which is in the query: its body is the scenarios', async () => {
  const plan = await api.addPlan({ suites });
  const first = await api.start(plan.id);
  await api.finish(first, [aCase('card', 'failed')]);
  await api.complete(first);
  const { scenarios } = (await api.get(`/plans/${plan.id}`)).body;
  const rerun = (callbackUrl: string) =>
    api.call('POST', `/plans/${plan.id}/rerun?callbackUrl=${encodeURIComponent(callbackUrl)}`, {
      body: JSON.stringify(scenarios),
    });
  expect((await rerun('http://127.0.0.1/hook')).status).toBe(400);
  const { execution_id: id } = (await rerun(url)).body;
  await api.finish(id, [aCase('card', 'passed')]);
  await api.complete(id);
  const deliveries = await api.services.deliveries.listDeliveriesByRun(id);
  expect(deliveries.map(({ body }) => JSON.parse(String(body)).data)).toMatchObject([{ id, outcome: 'PASSED' }]);
});

test('a run without a callback URL, and one that never started, tell nobody', async () => {
  const plan = await api.addPlan({ suites, enabled: false });
  const target = `/plans/${plan.id}/run/true?callbackUrl=${encodeURIComponent(url)}`;
  expect((await api.get(target)).body.successful).toBe(false);
  const silent = await api.addPlan({ suites });
  const id = await api.start(silent.id);
  await api.finish(id, [aCase('card', 'passed')]);
  expect(await api.services.deliveries.listDeliveriesByRun(id)).toEqual([]);
});
