import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, aCase, type Facade, openFacade } from './facade.ts';

let facade: Facade;
beforeAll(async () => {
  facade = await openFacade();
});
afterAll(() => facade.close());

const path = '/api/v1/environments';
const canary = 'hunter2-canary';
const post = (body: unknown, token?: string): Promise<Answer> =>
  facade.call('POST', path, token === undefined ? { body } : { body, token });
let made = 0;
const name = (): string => {
  made += 1;
  return `environment ${made}`;
};

describe('an environment', () => {
  test('answers the contract’s object: keys, order and values', async () => {
    const variables = [{ key: 'baseUrl', value: 'https://stg.example.com', isEncrypted: false }];
    const { status, body } = await post({ name: 'staging', variables });
    const dates = { createdDate: facade.clock.now, updatedDate: facade.clock.now };
    const { id, projectId } = body;
    expect(status).toBe(201);
    expect(body).toEqual({
      ...{ id, name: 'staging', description: null, projectId, createdById: 3, updatedById: 3, ...dates },
      variables: [{ id: body.variables[0].id, ...variables[0], projectId, isDefault: null, ...dates }],
    });
    expect(Object.keys(body)).toEqual(
      'id name description projectId createdById updatedById createdDate updatedDate variables'.split(' '),
    );
    expect(Object.keys(body.variables[0])).toEqual(
      'id key value isEncrypted projectId isDefault createdDate updatedDate'.split(' '),
    );
    for (const number of [id, projectId, body.variables[0].id]) expect(number).toBeGreaterThan(0);
    expect(await facade.call('GET', `${path}/${id}`)).toMatchObject({ status: 200, body });
  });

  test('never shows an encrypted value', async () => {
    const created = await post({ name: name(), variables: [{ key: 'PASSWORD', value: canary, isEncrypted: true }] });
    const shown = await facade.call('GET', `${path}/${created.body.id}`);
    const list = await facade.call('GET', path);
    for (const { variables } of [created.body, shown.body, list.body.content[0]]) {
      expect(variables[0]).toMatchObject({ key: 'PASSWORD', value: null, isEncrypted: true });
    }
    const refused = await post({ name: 7, variables: [{ key: 'A=', value: canary, isEncrypted: canary }] });
    expect(refused.body.fieldErrors.map(({ field }: { field: string }) => field)).toEqual([
      'name',
      'variables[0].key',
      'variables[0].isEncrypted',
    ]);
    const said = [created, shown, list, refused].map(({ text }) => text).join();
    expect(`${said}${JSON.stringify(facade.logs)}`).not.toContain(canary);
  });

  test('belongs to the key’s only project, to default, or to the one whose number is given', async () => {
    const shop = await facade.addPlan({ project: 'shop' });
    const bank = await facade.addPlan({ project: 'bank' });
    const projectOf = async ({ body }: Answer) => (await facade.services.environments.getEnvironment(body.id))?.project;
    const onlyBank = await facade.addKey({ projects: ['bank'] });
    expect((await post({ name: name() }, onlyBank)).body.projectId).toBe(bank.projectId);
    expect(await projectOf(await post({ name: name() }))).toBe('default');
    expect(await projectOf(await post({ name: name(), projectId: String(shop.projectId) }))).toBe('shop');
    const two = await facade.addKey({ projects: ['bank', 'shop'] });
    for (const [body, token] of [
      [{ projectId: shop.projectId }, onlyBank],
      [{ projectId: 4711 }, undefined],
      [{}, two],
    ] as const) {
      const { status, body: refusal } = await post({ name: name(), ...body }, token);
      expect([status, refusal.fieldErrors[0].field]).toEqual([400, 'projectId']);
    }
  });

  test('of another project is not there', async () => {
    const { id } = (await post({ name: name() })).body;
    const token = await facade.addKey({ projects: ['elsewhere'] });
    const hidden = await facade.call('GET', `${path}/${id}`, { token });
    const absent = await facade.call('GET', `${path}/2147483647`, { token });
    expect(hidden.status).toBe(404);
    expect(hidden.text.replace(String(id), '2147483647')).toBe(absent.text);
    expect((await facade.call('GET', path, { token })).body.totalElements).toBe(0);
  });

  test('is listed in pages, in either order', async () => {
    const all = (await facade.call('GET', `${path}?size=100`)).body.content.map(({ id }: { id: number }) => id);
    expect(all).toEqual([...all].sort((a, b) => b - a));
    const seen: number[] = [];
    for (let page = 0; page * 2 < all.length; page += 1) {
      const { content } = (await facade.call('GET', `${path}?page=${page}&size=2&sort=startTime,asc`)).body;
      seen.push(...content.map(({ id }: { id: number }) => id));
    }
    expect(seen).toEqual([...all].reverse());
  });

  test('is written with PLAN_RUN, and with PLAN_EDIT if it names secrets', async () => {
    expect((await post({ name: name() }, await facade.addKey({ scopes: ['PLAN_VIEW'] }))).status).toBe(403);
    const token = await facade.addKey({ scopes: ['PLAN_RUN'] });
    expect((await post({ name: name() }, token)).status).toBe(201);
    const body = { name: name(), variables: [{ key: 'PASSWORD', valueFrom: 'env:DB_PASSWORD' }] };
    expect((await post(body, token)).body).toMatchObject({ code: 'FORBIDDEN' });
    const variable = { value: null, valueFrom: 'env:DB_PASSWORD', isEncrypted: true };
    expect((await post(body)).body.variables).toMatchObject([variable]);
  });

  test('refuses what a pipeline may get wrong, by name', async () => {
    const wrong: [string, unknown][] = [
      ['name', {}],
      ['name', { name: '' }],
      ['body', []],
      ['variables', { name: name(), variables: {} }],
      ['variables[0].key', { name: name(), variables: [{ value: 'a' }] }],
      ['variables[0].value', { name: name(), variables: [{ key: 'a' }] }],
      ['variables[1].key', { name: name(), variables: ['a', 'a'].map((key) => ({ key, value: '' })) }],
      ['variables[0].isEncrypted', { name: name(), variables: [{ key: 'a', valueFrom: 'env:A', isEncrypted: false }] }],
    ];
    for (const [field, body] of wrong) {
      const answer = await post(body);
      expect([answer.status, answer.body.fieldErrors?.[0].field]).toEqual([400, field]);
    }
  });
});

describe('a value by reference', () => {
  const startWith = async (variables: object[], runtimeData: Record<string, string> = {}) => {
    const environment = (await post({ name: name(), variables })).body;
    const plan = await facade.addPlan({ environment: environment.id });
    const runId = await facade.trigger(plan, { runtimeData });
    await facade.dispatch(runId);
    return { runId, environment, dispatch: facade.dispatches.find((one) => one.runId === runId) };
  };
  const everything = async (runId: number) => {
    const answers = ['', '/test_case_results'].map((rest) =>
      facade.call('GET', `/api/v1/execution_results/${runId}${rest}`),
    );
    const run = await facade.getRun(runId);
    return JSON.stringify([
      ...(await Promise.all(answers)),
      run,
      await facade.services.runs.readItems(run),
      facade.logs,
    ]);
  };

  test('is read when the run is dispatched, and is kept nowhere', async () => {
    facade.secrets.values['env:DB_PASSWORD'] = canary;
    facade.secrets.asked.length = 0;
    const { runId, dispatch } = await startWith([
      { key: 'URL', value: 'https://stg.example.com' },
      { key: 'PASSWORD', valueFrom: 'env:DB_PASSWORD' },
    ]);
    expect(dispatch?.variables).toEqual({ URL: 'https://stg.example.com', PASSWORD: canary });
    expect(facade.secrets.asked).toEqual(['env:DB_PASSWORD']);
    await facade.report(runId, [aCase('first', 'passed')], {});
    await facade.complete(runId);
    expect(await everything(runId)).not.toContain(canary);
  });

  test('is not read where the run brings its own', async () => {
    const { dispatch } = await startWith([{ key: 'PASSWORD', valueFrom: 'env:NOBODY_SET' }], { PASSWORD: 'mine' });
    expect(dispatch?.variables).toEqual({ PASSWORD: 'mine' });
  });

  test('that cannot be read ends the dispatch, naming the variable', async () => {
    const { runId, environment, dispatch } = await startWith([
      { key: 'OTHER', value: canary, isEncrypted: true },
      { key: 'PASSWORD', valueFrom: 'env:NOBODY_SET' },
    ]);
    expect(dispatch).toBeUndefined();
    const run = await facade.complete(runId);
    expect(run).toMatchObject({ result: 'errored', reason: 'executorRefused' });
    expect(run.explanation).toBe(
      `The run could not be dispatched: its variable PASSWORD of the environment ${environment.name} cannot be read: There is no secret env:NOBODY_SET.`,
    );
    expect(await everything(runId)).not.toContain(canary);
  });

  test('is read again when the store of secrets had trouble', async () => {
    const { get } = facade.services.secrets;
    facade.services.secrets.get = () => Promise.reject(new Error('throttled'));
    facade.secrets.values['env:DB_PASSWORD'] = canary;
    const { runId, dispatch } = await startWith([{ key: 'PASSWORD', valueFrom: 'env:DB_PASSWORD' }]);
    expect(dispatch).toBeUndefined();
    expect(await facade.getRun(runId)).toMatchObject({ status: 'queued', dispatch: 'due', dispatchTries: 1 });
    facade.services.secrets.get = get;
    await facade.dispatch(runId);
    expect(facade.dispatches.find((one) => one.runId === runId)?.variables).toEqual({ PASSWORD: canary });
  });
});
