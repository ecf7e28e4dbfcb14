import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCase } from '../testsigma/facade.ts';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
beforeAll(async () => {
  api = await openTestinium();
});
afterAll(() => api.close());

let made = 0;
async function environment(capacity: number | null, enabled = true) {
  made += 1;
  const { id, name } = await api.services.environments.createEnvironment(
    { name: `win11-${made}`, description: null, project: 'shop', variables: [], capacity, enabled },
    3,
    0,
  );
  return { id, name };
}
const planOn = (id: number, change: Record<string, unknown> = {}) =>
  api.addPlan({ project: 'shop', environment: id, overlap: 'allow', ...change });

describe('a start on an environment without a free slot', () => {
  test('is refused with 200 and the list; forced it starts, with the same list, and waits (4.3, T4, T5)', async () => {
    const one = await environment(1);
    const plan = await planOn(one.id);
    const first = (await api.get(`/plans/${plan.id}/run/false`)).body;
    expect(first).toMatchObject({ successful: true, unavailable_env_list: [] });
    const before = await api.services.runs.countByPlan(plan.id);
    for (const path of ['run/false', 'run', 'run/company/1']) {
      const { status, body } = await api.get(`/plans/${plan.id}/${path}`);
      expect([status, body]).toEqual([
        200,
        {
          unavailable_env_list: [one],
          test_plan_id: plan.id,
          successful: false,
          succesful: false,
          already_running: false,
          error: 'ENVIRONMENT_UNAVAILABLE',
          message: `No free slot in environment ${one.id}.`,
        },
      ]);
    }
    expect(await api.services.runs.countByPlan(plan.id)).toBe(before);
    const headers = { 'idempotency-key': 'forced' };
    const forced = await api.get(`/plans/${plan.id}/run/true`, { headers });
    expect(forced.body).toMatchObject({ successful: true, unavailable_env_list: [one] });
    await api.finish(first.execution_id, [aCase('card', 'passed')]);
    const again = await api.get(`/plans/${plan.id}/run/true`, { headers });
    expect(again.body).toEqual(forced.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('of ten at once gives the last slot to one', async () => {
    const one = await environment(1);
    const plan = await planOn(one.id);
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.get(`/plans/${plan.id}/run/false`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.filter(({ body }) => body.successful)).toHaveLength(1);
  });

  test('of a group lists those of all its children, and starts none of them', async () => {
    const [free, full, off] = [await environment(5), await environment(1), await environment(null, false)];
    const busy = await planOn(full.id);
    // A forced start takes its slot only when it begins.
    await api.get(`/plans/${busy.id}/run/false`);
    const children = [await planOn(off.id), await planOn(free.id), await planOn(full.id)];
    const executor = { type: 'group', children: children.map(({ id }) => id) };
    const parent = await api.addPlan({ project: 'shop', executor, overlap: undefined });
    const { body } = await api.get(`/plans/${parent.id}/run/false?isGroupRun=true`);
    expect(body).toMatchObject({
      successful: false,
      error: 'ENVIRONMENT_UNAVAILABLE',
      unavailable_env_list: [full, off],
    });
    for (const { id } of children) expect(await api.services.runs.countByPlan(id)).toBe(0);
  });
});

test('a plan that says nothing about overlap rejects here, and a start that waits for its plan takes no slot yet (D4)', async () => {
  const one = await environment(1);
  const silent = await planOn(one.id, { overlap: undefined });
  await api.start(silent.id);
  expect((await api.get(`/plans/${silent.id}/run/true`)).status).toBe(409);
  const other = await environment(1);
  const queueing = await planOn(other.id, { overlap: 'queue' });
  await api.start(queueing.id);
  expect((await api.get(`/plans/${queueing.id}/run/false`)).body).toMatchObject({ successful: true });
});
