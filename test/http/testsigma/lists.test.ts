import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../../lib/core/plan.ts';
import { aCase, type Facade, openFacade } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());

type Listed = { readonly id: number; readonly startTime: number };
const idsOf = (body: { content: readonly Listed[] }) => body.content.map(({ id }) => id);

describe('the list of runs', () => {
  let plan: Plan;
  const ids: number[] = [];
  const list = (parameters: string) =>
    facade.call('GET', `/api/v1/execution_results?executionId=${plan.id}&${parameters}`);
  beforeAll(async () => {
    plan = await facade.addPlan();
    for (let i = 0; i < 7; i += 1) {
      facade.clock.now += 1000;
      ids.push(await facade.trigger(plan));
      await facade.trigger(await facade.addPlan());
    }
  });

  test('is the page envelope around run objects, newest first', async () => {
    const { status, body } = await list('page=0&size=1&sortBy=id&direction=DESC');
    const sort = { sorted: true, unsorted: false, empty: false };
    expect(status).toBe(200);
    const { content, ...envelope } = body;
    expect(idsOf({ content })).toEqual([ids[6]]);
    expect(Object.keys(body)).toEqual([
      'content',
      'pageable',
      'last',
      'totalPages',
      'totalElements',
      'sort',
      'first',
      'size',
      'number',
      'numberOfElements',
      'empty',
    ]);
    expect(envelope).toEqual({
      pageable: { sort, pageNumber: 0, pageSize: 1, offset: 0, paged: true, unpaged: false },
      last: false,
      totalPages: 7,
      totalElements: 7,
      sort,
      first: true,
      size: 1,
      number: 0,
      numberOfElements: 1,
      empty: false,
    });
    const { execution, ...own } = (await facade.call('GET', `/api/v1/execution_results/${ids[6]}`)).body;
    expect(execution.id).toBe(plan.id);
    expect(content[0]).toEqual({ ...own, execution: null });
    expect(Object.keys(content[0]).slice(0, 3)).toEqual(['id', 'execution', 'executionId']);
  });

  test('has its pages in either direction, each run once', async () => {
    for (const [parameters, expected] of [
      ['', [...ids].reverse()],
      ['direction=ASC', ids],
      ['sort=id,asc', ids],
      ['sort=startTime,desc', [...ids].reverse()],
      ['sortBy=startTime&direction=asc', ids],
      ['sort=id', [...ids].reverse()],
      ['sort=startTime,desc&sortBy=id&direction=ASC', ids],
      ['sort=id,asc&sortBy=startTime', ids],
    ] as const) {
      const seen: number[] = [];
      for (let page = 0; page < 4; page += 1)
        seen.push(...idsOf((await list(`${parameters}&page=${page}&size=3`)).body));
      expect([parameters, seen]).toEqual([parameters, expected]);
    }
    expect((await list('page=2&size=3')).body).toMatchObject({ last: true, first: false, numberOfElements: 1 });
  });

  test('is empty beyond the end and for a plan that never ran', async () => {
    expect((await list('page=999999999&size=100')).body).toMatchObject({ empty: true, last: true, totalElements: 7 });
    const { body } = await facade.call('GET', `/api/v1/execution_results?executionId=${(await facade.addPlan()).id}`);
    expect(body).toMatchObject({ content: [], totalPages: 0, totalElements: 0, first: true, last: true, empty: true });
  });

  test('has 20 runs a page unless asked, 100 at most', async () => {
    expect((await list('')).body.size).toBe(20);
    expect((await list('size=5000')).body.size).toBe(100);
  });

  test('refuses what a parameter may not be', async () => {
    const wrong = {
      page: ['-1', 'x', '1.5', ''],
      size: ['0', '-1', 'all', ''],
      sortBy: ['name', ''],
      direction: ['UP', ''],
      sort: ['name', 'id,UP', 'id,ASC,x', ','],
      testPlanId: ['4711', 'x'],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const { status, body } = await list(`${name}=${value}`);
        expect([name, value, status, body.fieldErrors?.[0].field]).toEqual([name, value, 400, name]);
      }
    }
    for (const both of ['sort=name&sortBy=id', 'sort=id,UP&direction=ASC']) {
      expect((await list(both)).body.fieldErrors[0].field).toBe('sort');
    }
  });

  test('walks ids in bounded steps on the way to a deep page', async () => {
    facade.calls.length = 0;
    await list('page=3&size=2');
    expect(facade.calls.filter((call) => call === 'listByPlan')).toHaveLength(2);
  });

  test('serves "is a run of this plan active?"', async () => {
    const busy = await facade.addPlan();
    await facade.finished(busy, [aCase('first', 'passed')]);
    const ask = async () =>
      (await facade.call('GET', `/api/v1/execution_results?executionId=${busy.id}&size=1`)).body.content[0].status;
    expect(await ask()).toBe('STATUS_COMPLETED');
    await facade.trigger(busy);
    expect(await ask()).toBe('STATUS_IN_PROGRESS');
  });
});

describe('the list of plans', () => {
  let plans: Plan[];
  const list = (query: string, token?: string) =>
    facade.call('GET', `/api/v1/test_plans?${query}`, token === undefined ? {} : { token });
  beforeAll(async () => {
    plans = [
      await facade.addPlan({ project: 'lists', name: 'Smoke' }),
      await facade.addPlan({ project: 'lists', name: 'Smoke: fast, cheap' }),
      await facade.addPlan({ project: 'lists too', name: 'Smoke' }),
    ];
  });

  test('finds by project, id and name, which all must fit', async () => {
    const [a, b, c] = plans as [Plan, Plan, Plan];
    const found = async (query: string) => idsOf((await list(`query=${encodeURIComponent(query)}`)).body);
    expect(await found(`applicationVersionId:${a.projectId}`)).toEqual([b.id, a.id]);
    expect(await found(`id:${c.id}`)).toEqual([c.id]);
    expect(await found('name:Smoke')).toEqual([c.id, a.id]);
    expect(await found(`name:Smoke,applicationVersionId:${a.projectId}`)).toEqual([a.id]);
    expect(await found('name:Smoke: fast, cheap')).toEqual([b.id]);
    expect(await found(`id:${a.id},id:${b.id}`)).toEqual([]);
  });

  test('shows each plan as a run’s execution does', async () => {
    const [plan] = plans as [Plan];
    const shown = async () => (await list(`query=id:${plan.id}`)).body.content[0];
    expect((await shown()).lastRunId).toBe(null);
    const runId = await facade.trigger(plan);
    const { execution } = (await facade.call('GET', `/api/v1/execution_results/${runId}`)).body;
    expect(execution.lastRunId).toBe(runId);
    expect(await shown()).toEqual(execution);
    expect(Object.keys(await shown())).toEqual(Object.keys(execution));
  });

  test('refuses other keys and operators', async () => {
    for (const query of ['status:x', 'name', 'id>5', 'id:abc', 'id:', 'name:a,owner:3', 'Id:5', ':5', 'id!5']) {
      const { status, body } = await list(`query=${encodeURIComponent(query)}`);
      expect([query, status, body.fieldErrors?.[0].field]).toEqual([query, 400, 'query']);
    }
  });

  test('holds only what the key may see', async () => {
    const [a, , c] = plans as [Plan, Plan, Plan];
    const project = await facade.addKey({ projects: ['lists'] });
    expect((await list('', project)).body.totalElements).toBe(2);
    const one = await facade.addKey({ planIds: [a.id] });
    expect(idsOf((await list('', one)).body)).toEqual([a.id]);
    expect(idsOf((await list(`query=id:${c.id}`, one)).body)).toEqual([]);
  });

  test('has pages', async () => {
    const { totalElements } = (await list('')).body;
    const seen: number[] = [];
    for (let page = 0; page < 5; page += 1) seen.push(...idsOf((await list(`page=${page}&size=5&sort=id,asc`)).body));
    expect(seen).toHaveLength(totalElements);
    expect([...new Set(seen)].sort((x, y) => x - y)).toEqual(seen);
    expect(idsOf((await list('sortBy=startTime&size=100')).body)).toHaveLength(totalElements);
  });
});
