import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { createGroupExecutor } from '../../../lib/workflow/group-executor.ts';
import { stepRun } from '../../../lib/workflow/step-run.ts';
import { aCase } from '../testsigma/facade.ts';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
beforeAll(async () => {
  api = await openTestinium();
  const { executors } = api.services;
  const group = createGroupExecutor(() => api.services);
  Object.assign(api.services, { executors: (type: string) => (type === 'group' ? group : executors('http')) });
});
afterAll(() => api.close());

const get = async (target: string) => {
  const { status, body } = await api.get(target);
  expect([target, status]).toEqual([target, 200]);
  return body;
};
const suites = [{ name: 'Payment', cases: [{ name: 'card' }, { name: 'cash' }] }];
const passed = [aCase('card', 'passed'), aCase('cash', 'passed')];
const failed = [aCase('card', 'passed'), aCase('cash', 'failed')];

/** Two children, a disabled one, and their parent. */
async function family(change: Record<string, unknown> = {}) {
  const children: Plan[] = [];
  for (const enabled of [true, true, false]) {
    children.push(await api.addPlan({ project: 'shop', suites, enabled, overlap: 'reject', ...change }));
  }
  const executor = { type: 'group', children: children.map(({ id }) => id) };
  const parent = await api.addPlan({ project: 'shop', overlap: 'reject', executor });
  return { parent, children: children as [Plan, Plan, Plan] };
}

/** Starts the group, and lets its workflow take its first step. */
async function started(parent: Plan): Promise<{ id: number; children: [number, number] }> {
  const { body } = await api.get(`/plans/${parent.id}/run/false?isGroupRun=true`);
  expect(body).toMatchObject({ successful: true, test_plan_id: parent.id });
  const id = body.execution_id;
  await stepRun(api.services, id);
  return { id, children: (await get(`/executions/${id}`)).child_executions };
}

/** What the last child's end does: the group looks at its children. */
const look = async (id: number): Promise<void> => {
  await stepRun(api.services, id);
  await api.complete(id);
};

describe('a group', () => {
  test('takes no place of its own among the runs of its project: its children do', async () => {
    const { parent } = await family({ project: 'narrow' });
    const other = await api.services.plans.updatePlan(parent, { ...parent, project: 'narrow' }, 3, 0);
    await api.services.slots.putProjectLimit(other.projectId, 1);
    const group = await started(other);
    const [first, second] = group.children;
    await api.finish(first, passed);
    await stepRun(api.services, second);
    await api.finish(second, passed);
    await look(group.id);
    expect((await get(`/executions/${group.id}`)).result_summary).toEqual({ SUCCESS: 4 });
    await api.services.slots.putProjectLimit(other.projectId, null);
  });

  test('is one execution of its own and one of each enabled child; it ends after the last, with their sum', async () => {
    const { parent, children } = await family();
    const group = await started(parent);
    const [first, second] = group.children;
    expect(group.children).toHaveLength(2);
    expect((await get(`/executions/${first}`)).group_id).toBe(group.id);
    expect(await get(`/plans/${parent.id}/checkIsRunning`)).toMatchObject({ running: true });
    expect(await get(`/plans/${children[2].id}/checkIsRunning`)).toMatchObject({ running: false });
    await api.finish(first, passed);
    await look(group.id);
    const half = await get(`/executions/${group.id}`);
    expect(half.result_summary).toEqual({ SUCCESS: 2, WAITING: 2 });
    expect(half).not.toHaveProperty('end_date');
    await api.finish(second, failed);
    await look(group.id);
    const whole = await get(`/executions/${group.id}`);
    expect(whole).toMatchObject({
      id: group.id,
      group_id: group.id,
      plan_id: parent.id,
      child_executions: group.children,
      result_summary: { SUCCESS: 3, FAILURE: 1 },
      end_date: expect.any(String),
    });
    const [one, two] = await Promise.all(group.children.map((id) => get(`/executions/${id}`)));
    expect(whole.test_results).toEqual([...one.test_results, ...two.test_results]);
    const inlined = await get(`/testExecutions/${group.id}`);
    expect(inlined.test_results.map(({ id }: { id: number }) => id)).toEqual(whole.test_results);
    expect(await get(`/plans/${parent.id}/checkIsRunning`)).toMatchObject({ running: false });
  });

  test('that passes has neither failure nor error', async () => {
    const { parent } = await family();
    const group = await started(parent);
    for (const id of group.children) await api.finish(id, passed);
    await look(group.id);
    const execution = await get(`/executions/${group.id}`);
    expect(execution.result_summary).toEqual({ SUCCESS: 4 });
    expect((await api.getRun(group.id)).result).toBe('passed');
  });

  test('asked for twice is one group: each child is started once, however often the step is taken', async () => {
    const { parent, children } = await family();
    const group = await started(parent);
    const executor = api.services.executors('group');
    const settings = parent.executor;
    const again = await executor.start({ runId: group.id, settings } as never);
    expect(again.ref).toBe(`${children[0].id}:${group.children[0]},${children[1].id}:${group.children[1]}`);
    const busy = await api.get(`/plans/${parent.id}/run/false?isGroupRun=true`);
    expect(busy.body).toMatchObject({ already_running: true, running_execution_id: group.id });
  });

  test('of which one child is stopped goes on, and ends with an error', async () => {
    const { parent, children } = await family();
    const group = await started(parent);
    await get(`/plans/${children[0].id}/stop`);
    expect((await api.getRun(group.id)).status).toBe('running');
    await api.finish(group.children[1], passed);
    await look(group.id);
    const execution = await get(`/executions/${group.id}`);
    expect(execution.result_summary.ERROR).toBeGreaterThan(0);
    expect(execution.end_date).toBeDefined();
  });

  test('that is stopped stops every child', async () => {
    const { parent } = await family();
    const group = await started(parent);
    await get(`/plans/${parent.id}/stop`);
    await stepRun(api.services, group.id);
    await api.complete(group.id);
    for (const id of [...group.children, group.id]) expect((await api.getRun(id)).result).toBe('stopped');
  });

  test('starts as a whole or not at all', async () => {
    const { parent, children } = await family();
    const busyId = await api.start(children[1].id);
    const before = await api.countStored();
    const busy = await api.get(`/plans/${parent.id}/run/true?isGroupRun=true`);
    expect([busy.status, busy.body.already_running]).toEqual([409, true]);
    expect(await api.countStored()).toBe(before);
    await api.finish(busyId, passed);
    const empty = await family({ suites: [{ name: 'Cart', cases: [] }] });
    const off = await family({ enabled: false });
    for (const [plan, flag] of [
      [empty.parent, 'true'],
      [off.parent, 'true'],
      [parent, 'false'],
    ] as const) {
      const { status, body } = await api.get(`/plans/${plan.id}/run/true?isGroupRun=${flag}`);
      expect([status, body.successful, body.error]).toEqual([200, false, 'NO_TEST_CASES']);
    }
    expect((await api.call('POST', `/plans/${parent.id}/rerun`, { body: '[1]' })).status).toBe(400);
  });
});

test('a plan says whether it is a parent, which children it has, and whose child it is', async () => {
  const { parent, children } = await family();
  api.clock.now += 30_000;
  const object = await get(`/plans/${parent.id}`);
  expect(object).toMatchObject({ is_parent: true, scenarios: [], environments: [], environment_resolutions: [] });
  expect(object.childs.map(({ id }: { id: number }) => id)).toEqual(children.map(({ id }) => id));
  const child = await get(`/plans/${children[0].id}`);
  expect(child).toMatchObject({ is_parent: false, parent_id: parent.id, childs: [] });
  expect(object.childs[0]).toEqual(child);
  expect(object).not.toHaveProperty('parent_id');
});

test('the flag on a plan without children is kept and changes nothing', async () => {
  const plan = await api.addPlan();
  const { body } = await api.get(`/plans/${plan.id}/run/false?isGroupRun=TRUE`);
  expect(await api.getRun(body.execution_id)).toMatchObject({ asGroup: true });
  expect(await get(`/executions/${body.execution_id}`)).not.toHaveProperty('group_id');
});
