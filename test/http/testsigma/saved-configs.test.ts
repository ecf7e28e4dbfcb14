import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { aCase, type Facade, openFacade } from './facade.ts';

let facade: Facade;
let plan: Plan;
let suiteIds: Record<string, number | undefined>;
beforeAll(async () => {
  facade = await openFacade();
  const suites = [
    { name: 'Payment', cases: [{ name: 'card', tags: ['smoke'], assignee: 9 }, { name: 'voucher' }] },
    {
      name: 'Cart',
      cases: [
        { name: 'coupon', tags: ['smoke'] },
        { name: 'receipt', reviewedBy: 4 },
      ],
    },
  ];
  const first = await facade.addPlan({ suites });
  const { entries, ids } = await facade.services.plans.readCatalog(first.id);
  suiteIds = Object.fromEntries(entries.flatMap(({ kind, name }, i) => (kind === 'suite' ? [[name, ids[i]]] : [])));
  const configs = [
    { id: 2, name: 'payments only', query: [{ key: 'suiteId', value: [suiteIds.Payment], operation: 'IN' }] },
    { id: 3, name: 'without cart', query: [{ key: 'suiteId', value: [suiteIds.Cart], operation: 'NOT_IN' }] },
    {
      id: 4,
      name: 'smoke but not 9',
      query: [
        { key: 'tags', value: ['smoke'], operation: 'IN' },
        { key: 'assignee', value: [9, 10], operation: 'NOT_IN' },
      ],
    },
    { id: 5, name: 'nothing', query: [{ key: 'tags', value: ['slow'], operation: 'IN' }] },
    { id: 6, name: 'twice', query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }] },
    { id: 7, name: 'twice', query: [{ key: 'tags', value: [], operation: 'NOT_IN' }] },
  ];
  plan = await facade.services.plans.updatePlan(
    first,
    { ...first, suites: first.suites, configs: configs as Plan['configs'] },
    3,
    0,
  );
});
afterAll(() => facade.close());

const path = '/api/v1/execution_results';
const post = (body: unknown) => facade.call('POST', path, { body });
const selected = () => facade.dispatches.at(-1)?.selection?.map(({ name }) => name);

describe('GET saved_execution_configs', () => {
  test('answers a plain array by id, the query as text spaced like the vendor’s', async () => {
    const { status, text, body } = await facade.call('GET', '/api/v1/saved_execution_configs');
    expect(status).toBe(200);
    expect(body.map(({ id }: { id: number }) => id)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(Object.keys(body[0])).toEqual([
      'id',
      'name',
      'query',
      'executionConfigType',
      'executionConfigCondition',
      'createdByUser',
    ]);
    expect(body[1]).toEqual({
      id: 3,
      name: 'without cart',
      query: `[{"key": "suiteId", "value": [${suiteIds.Cart}], "operation": "NOT_IN"}]`,
      executionConfigType: 'SAVED_CONFIG',
      executionConfigCondition: 'EXCLUDED',
      createdByUser: null,
    });
    expect(body[2].query).toBe(
      '[{"key": "tags", "value": ["smoke"], "operation": "IN"}, {"key": "assignee", "value": [9, 10], "operation": "NOT_IN"}]',
    );
    expect(body[2].executionConfigCondition).toBe('INCLUDED');
    for (const { query } of body) expect(JSON.parse(query)).toBeInstanceOf(Array);
    expect(text).not.toContain('\n');
  });

  test('shows a key its own plans only', async () => {
    const token = await facade.addKey({ planIds: [plan.id + 1000] });
    expect((await facade.call('GET', '/api/v1/saved_execution_configs', { token })).body).toEqual([]);
  });
});

describe('a trigger with a saved configuration', () => {
  test('runs just what it selects, by name, by id as text or number, or by both', async () => {
    for (const executionConfig of [
      { name: 'payments only' },
      { id: '2' },
      { id: 2 },
      { name: 'payments only', id: '2' },
    ]) {
      const { status, body, text } = await post({ executionId: String(plan.id), executionConfig });
      expect(status).toBe(200);
      expect(body.executionResultConfig).toBe(null);
      expect(text).not.toContain('payments only');
      await facade.dispatch(body.id);
      expect(selected()).toEqual(['card', 'voucher']);
    }
  });

  test('excludes, and joins conditions by AND', async () => {
    await facade.dispatch((await post({ executionId: plan.id, executionConfig: { id: 3 } })).body.id);
    expect(selected()).toEqual(['card', 'voucher']);
    await facade.dispatch((await post({ executionId: plan.id, executionConfig: { id: 4 } })).body.id);
    expect(selected()).toEqual(['coupon']);
  });

  test('counts the selected cases alone, also if the executor runs more', async () => {
    const { body } = await post({ executionId: plan.id, executionConfig: { id: 2 } });
    const cases = ['card', 'voucher'].map((name) => aCase(name, 'passed'));
    await facade.finish(body.id, [...cases, aCase('coupon', 'failed', { suite: 'Cart' })]);
    const { body: run } = await facade.call('GET', `${path}/${body.id}`);
    expect([run.result, run.totalCount, run.passedCount]).toEqual(['SUCCESS', 2, 2]);
  });

  test('is resolved with the run: a later change of the selection does not reach it', async () => {
    const { body } = await post({ executionId: plan.id, executionConfig: { id: 2 } });
    const before = await facade.services.plans.getPlan(plan.id);
    if (before === undefined) throw new Error('no plan');
    const configs = before.configs.filter(({ id }) => id !== 2);
    const changed = await facade.services.plans.updatePlan(before, { ...before, configs }, 3, 0);
    await facade.dispatch(body.id);
    expect(selected()).toEqual(['card', 'voucher']);
    const restored = { ...before, configs: before.configs };
    await facade.services.plans.updatePlan(changed, restored, 3, 0);
  });

  test.each([
    [{ name: 'nothing' }, 'EMPTY_SELECTION'],
    [{ name: 'Payments only' }, 'UNKNOWN_CONFIG'],
    [{ id: 99 }, 'UNKNOWN_CONFIG'],
    [{ name: 'twice' }, 'AMBIGUOUS_CONFIG'],
    [{ name: 'nothing', id: 2 }, 'AMBIGUOUS_CONFIG'],
  ])('%j is refused with %s, and there is no run', async (executionConfig, code) => {
    const before = await facade.countStored();
    const { status, body } = await post({ executionId: plan.id, executionConfig });
    expect([status, body.code]).toEqual([400, code]);
    expect(body.fieldErrors[0].field).toBe('executionConfig');
    expect(await facade.countStored()).toBe(before);
  });

  test('while no case is known, a selection that picks some ends as not executed, without a dispatch', async () => {
    const query = [{ key: 'tags', value: ['smoke'], operation: 'IN' }];
    const unknown = await facade.addPlan({ configs: [{ name: 'smoke', query }] });
    const { body } = await post({ executionId: unknown.id, executionConfig: { name: 'smoke' } });
    await facade.complete(body.id);
    const { body: run } = await facade.call('GET', `${path}/${body.id}`);
    expect([run.status, run.result]).toEqual(['STATUS_COMPLETED', 'NOT_EXECUTED']);
    expect(facade.dispatches.some(({ runId }) => runId === body.id)).toBe(false);
  });
});
