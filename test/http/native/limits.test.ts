import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  explainAnswer,
  projectAnswer,
  projectsAnswer,
  runAnswer,
  runsAnswer,
} from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi, passedCases } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const addPlan = async (change: object = {}): Promise<number> =>
  (await api.call('POST', '/v1/plans', { body: aPlan({ ...change }) })).body.id;
const start = async (planId: number, token?: string) => {
  const answer = await api.call('POST', `/v1/plans/${planId}/runs`, token === undefined ? {} : { token });
  expect(answer.status).toBe(202);
  await api.step(answer.body.id);
  return answer.body.id as number;
};
const read = async (runId: number) => {
  const { body } = await api.call('GET', `/v1/runs/${runId}`);
  expect(runAnswer.parse(body)).toBeTruthy();
  return body;
};
const explain = async (runId: number, token?: string) => {
  const { body } = await api.call('GET', `/v1/runs/${runId}/explain`, token === undefined ? {} : { token });
  expect(explainAnswer.parse(body)).toBeTruthy();
  return body;
};
const finish = async (runId: number) => {
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases: passedCases, final: true } });
  await api.step(runId);
  expect((await read(runId)).status).toBe('completed');
};

describe('a project', () => {
  test('limits how many of its runs go on at once; the others wait and say so', async () => {
    const project = 'limited';
    const [a, b, c] = [await addPlan({ project }), await addPlan({ project }), await addPlan({ project })];
    const path = `/v1/projects/${project}`;
    expect((await api.call('GET', path)).body).toEqual({ name: project, parallelRuns: null });
    const free = await start(c);
    await finish(free);
    const put = await api.call('PUT', path, { body: { parallelRuns: 1 } });
    expect(put).toMatchObject({ status: 200, body: { name: project, parallelRuns: 1 } });
    expect(projectAnswer.parse((await api.call('GET', path)).body)).toEqual(put.body);
    const { body: list } = await api.call('GET', '/v1/projects');
    expect(projectsAnswer.parse(list).projects).toContainEqual(put.body);

    const [first, second] = [await start(a), await start(b)];
    expect([await read(first), await read(second)]).toMatchObject([
      { status: 'running', waitsForSlots: [] },
      { status: 'queued', waitsForSlots: [{ kind: 'project', id: project }], position: null },
    ]);
    expect((await explain(second)).sentence).toContain(`a slot of project ${project} (1 of 1 taken by run ${first})`);
    expect((await explain(second)).steps.map(({ kind }: { kind: string }) => kind)).toContain('waits');
    await finish(first);
    await api.step(second);
    expect(await read(second)).toMatchObject({ status: 'running', waitsForSlots: [] });
    await finish(second);
    expect((await api.call('PUT', path, { body: { parallelRuns: null } })).body.parallelRuns).toBeNull();
    const together = [await start(a), await start(b)];
    expect([(await read(together[0] ?? 0)).status, (await read(together[1] ?? 0)).status]).toEqual([
      'running',
      'running',
    ]);
  });

  test.each([{}, { parallelRuns: 0 }, { parallelRuns: 1.5 }, { parallelRuns: '2' }, { parallelRuns: 1, more: 1 }])(
    'refuses %o',
    async (body) => {
      await addPlan();
      expect((await api.call('PUT', '/v1/projects/shop', { body })).status).toBe(400);
    },
  );

  test('of others, and one that is not there, cannot be told apart', async () => {
    await addPlan({ project: 'secret' });
    const token = await api.addKey({ projects: ['shop'] });
    for (const method of ['GET', 'PUT']) {
      const body = method === 'PUT' ? { body: { parallelRuns: 1 } } : {};
      const foreign = await api.call(method, '/v1/projects/secret', { token, ...body });
      const missing = await api.call(method, '/v1/projects/nobody', { token, ...body });
      expect([foreign.status, foreign.text]).toEqual([404, missing.text.replaceAll('nobody', 'secret')]);
    }
    const { body } = await api.call('GET', '/v1/projects', { token });
    expect(body.projects.map(({ name }: { name: string }) => name)).toEqual(['shop']);
  });

  test('is not limited by a key for some of its plans', async () => {
    const planId = await addPlan();
    const token = await api.addKey({ planIds: [planId] });
    expect((await api.call('PUT', '/v1/projects/shop', { token, body: { parallelRuns: 1 } })).status).toBe(403);
  });
});

describe('a key', () => {
  const makeKey = (change: object, token?: string) =>
    api.call('POST', '/v1/keys', {
      body: { name: 'ci', scopes: ['PLAN_VIEW', 'PLAN_RUN', 'KEY_ADMIN'], ...change },
      ...(token === undefined ? {} : { token }),
    });

  test('may have so many runs at once, over all its plans, and others are not touched by it', async () => {
    const { body: key } = await makeKey({ parallelLimit: 1 });
    expect(key.parallelLimit).toBe(1);
    const [a, b, c] = [await addPlan(), await addPlan(), await addPlan()];
    const [first, second, other] = [await start(a, key.token), await start(b, key.token), await start(c)];
    expect([(await read(first)).status, (await read(other)).status]).toEqual(['running', 'running']);
    expect(await read(second)).toMatchObject({ status: 'queued', waitsForSlots: [{ kind: 'key', id: key.id }] });
    const stopped = await api.call('POST', `/v1/runs/${second}/stop`);
    expect(stopped.body).toMatchObject({ status: 'completed', result: 'stopped' });
    await finish(first);
    const third = await start(b, key.token);
    expect((await read(third)).status).toBe('running');
  });

  test('keeps its limit when it is rotated, and gives nobody more', async () => {
    const { body: key } = await makeKey({ parallelLimit: 2 });
    const rotated = await api.call('POST', `/v1/keys/${key.id}/rotate`);
    expect(rotated.body.parallelLimit).toBe(2);
    expect((await makeKey({}, key.token)).body.parallelLimit).toBe(2);
    expect((await makeKey({ parallelLimit: 1 }, key.token)).body.parallelLimit).toBe(1);
    expect((await makeKey({ parallelLimit: 3 }, key.token)).status).toBe(403);
    expect((await makeKey({ parallelLimit: null }, key.token)).status).toBe(403);
    expect((await makeKey({ parallelLimit: null })).body.parallelLimit).toBeNull();
  });
});

describe('an environment without a free slot', () => {
  test('is named with the runs that have its slots, as far as the caller sees them', async () => {
    const created = await api.stores.environments.createEnvironment(
      { name: 'staging', description: null, project: 'shop', variables: [] },
      1,
      api.clock.now,
    );
    await api.stores.environments.putEnvironment({ ...created, capacity: 2, version: 2 });
    const plans = [];
    for (let i = 0; i < 3; i++) plans.push(await addPlan({ environment: created.id }));
    const [first, second, third] = [await start(plans[0] ?? 0), await start(plans[1] ?? 0), await start(plans[2] ?? 0)];
    const all = `waits for a slot of environment staging (2 of 2 taken by runs ${first}, ${second}).`;
    expect((await explain(third)).sentence).toContain(all);
    const token = await api.addKey({ planIds: [plans[0] ?? 0, plans[2] ?? 0] });
    expect((await explain(third, token)).sentence).toContain(`(2 of 2 taken by run ${first}).`);
    await finish(second);
    await api.step(third);
    expect((await read(third)).status).toBe('running');
  });
});

describe('a run that waits for earlier runs of its plan', () => {
  test('shows its place as it is now, in lists too, and no client keeps an old one', async () => {
    const planId = await addPlan();
    const [first, second, third] = [await start(planId), await start(planId), await start(planId)];
    const last = await api.call('GET', `/v1/runs/${third}`);
    expect(last.body).toMatchObject({ waitsFor: [first, second], position: 2, overlap: 'queue' });
    expect((await explain(third)).steps[1].sentence).toContain('number 2 of those that wait');
    await api.call('POST', `/v1/runs/${second}/stop`);
    const etag = last.headers.etag ?? '';
    const again = await api.call('GET', `/v1/runs/${third}`, { headers: { 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 200, body: { waitsFor: [first], position: 1 } });
    const { body } = await api.call('GET', `/v1/runs?plan=${planId}&status=queued`);
    expect(runsAnswer.parse(body).runs).toMatchObject([{ id: third, waitsFor: [first], position: 1 }]);
    await finish(first);
    expect(await read(third)).toMatchObject({ waitsFor: [], position: null });
  });
});
