import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentAnswer, environmentsAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const secret = 'hunter2-canary';
let made = 0;
const create = (change: object = {}) => {
  made += 1;
  const variables = [
    { key: 'URL', value: 'https://staging.example' },
    { key: 'PASSWORD', value: secret, secret: true },
  ];
  return api.call('POST', '/v1/environments', { body: { name: `env ${made}`, project: 'shop', variables, ...change } });
};
const values = async (id: number) =>
  (await api.stores.environments.getEnvironment(id))?.variables.map(({ key, value, secret }) => [key, value, secret]);

describe('an environment', () => {
  test('never shows a secret again', async () => {
    const created = await create();
    expect(created).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(environmentAnswer.parse(created.body)).toBeTruthy();
    const { id } = created.body;
    const shown = await api.call('GET', `/v1/environments/${id}`);
    expect(shown.body.variables).toMatchObject([
      { key: 'URL', value: 'https://staging.example', secret: false },
      { key: 'PASSWORD', value: null, secret: true },
    ]);
    const list = await api.call('GET', '/v1/environments');
    expect(environmentsAnswer.parse(list.body)).toBeTruthy();
    expect(`${created.text}${shown.text}${list.text}${JSON.stringify(api.logs)}`).not.toContain(secret);
  });

  test('keeps a stored value for null, and nobody makes a kept secret public', async () => {
    const { id } = (await create()).body;
    const put = (variables: object[], headers = {}) =>
      api.call('PUT', `/v1/environments/${id}`, { body: { name: `env ${id}`, variables }, headers });
    const kept = await put([
      { key: 'PASSWORD', value: null },
      { key: 'NEW', value: 'n' },
    ]);
    expect(kept).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(await values(id)).toEqual([
      ['PASSWORD', secret, true],
      ['NEW', 'n', false],
    ]);
    const exposed = await put([{ key: 'PASSWORD', value: null, secret: false }]);
    expect(exposed).toMatchObject({ status: 400, body: { errors: [{ field: 'variables[0].secret' }] } });
    const nothing = await put([{ key: 'OTHER', value: null }]);
    expect(nothing).toMatchObject({ status: 400, body: { errors: [{ field: 'variables[0].value' }] } });
    expect(await put([], { 'if-match': '"1"' })).toMatchObject({ status: 409, body: { code: 'VERSION_CONFLICT' } });
    expect(await values(id)).toHaveLength(2);
  });

  test('names where a value is, which is shown and is secret, and a new value takes its place', async () => {
    const valueFrom = 'secretsmanager:proctor/staging';
    const { id, ...created } = (await create({ variables: [{ key: 'PASSWORD', valueFrom }] })).body;
    expect(created.variables).toMatchObject([{ key: 'PASSWORD', value: null, valueFrom, secret: true }]);
    const put = (variable: object) =>
      api.call('PUT', `/v1/environments/${id}`, { body: { name: created.name, variables: [variable] } });
    // What GET shows may be put as it is.
    expect((await put({ key: 'PASSWORD', value: null, valueFrom, secret: true })).status).toBe(200);
    expect((await put({ key: 'PASSWORD', value: null })).body.variables).toMatchObject([{ valueFrom, secret: true }]);
    expect((await put({ key: 'PASSWORD', value: 'plain' })).body.variables).toMatchObject([
      { value: null, valueFrom: null, secret: true },
    ]);
    expect((await put({ key: 'PASSWORD', value: 'plain', secret: false })).body.variables[0].value).toBe('plain');
    expect((await put({ key: 'PASSWORD', valueFrom: 'env:NAME' })).body.variables[0].secret).toBe(true);
    for (const [field, variable] of [
      ['valueFrom', { key: 'A', value: 'b', valueFrom }],
      ['secret', { key: 'A', valueFrom, secret: false }],
      ['valueFrom', { key: 'A', valueFrom: 'secretsmanager:other/secret' }],
      ['valueFrom', { key: 'A', valueFrom: 'file:/etc/passwd' }],
      ['value', { key: 'A' }],
    ] as const) {
      const refused = await create({ variables: [variable] });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: `variables[0].${field}` }] } });
    }
  });

  test('has a capacity and may be disabled; without either it takes any number of runs', async () => {
    const { id, name, enabled, capacity } = (await create()).body;
    expect({ enabled, capacity }).toEqual({ enabled: true, capacity: null });
    const put = (change: object) => api.call('PUT', `/v1/environments/${id}`, { body: { name, ...change } });
    expect((await put({ enabled: false, capacity: 2 })).body).toMatchObject({ enabled: false, capacity: 2 });
    expect(await api.stores.environments.getEnvironment(id)).toMatchObject({ enabled: false, capacity: 2 });
    expect((await create({ capacity: 3, enabled: false })).body).toMatchObject({ enabled: false, capacity: 3 });
    for (const capacity of [0, -1, 1.5, '2', 10_001]) expect((await put({ capacity })).status).toBe(400);
  });

  test('has one name in its project, and stays in it', async () => {
    const { id, name } = (await create()).body;
    expect(await create({ name })).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN' } });
    expect((await create({ name, project: 'bank' })).status).toBe(201);
    const moved = await api.call('PUT', `/v1/environments/${id}`, { body: { name, project: 'bank' } });
    expect(moved).toMatchObject({ status: 400, body: { errors: [{ field: 'project' }] } });
    expect((await api.call('DELETE', `/v1/environments/${id}`)).status).toBe(204);
    expect((await api.call('GET', `/v1/environments/${id}`)).status).toBe(404);
  });

  test('of another project is not there, and no plan may use it', async () => {
    const { id } = (await create({ project: 'bank' })).body;
    const token = await api.addKey({ projects: ['shop'] });
    for (const [method, body] of [['GET'], ['PUT', { name: 'x' }], ['DELETE']] as const) {
      const foreign = await api.call(method, `/v1/environments/${id}`, { token, body });
      const missing = await api.call(method, '/v1/environments/2000000', { token, body });
      expect(foreign.text.replace(String(id), '2000000')).toBe(missing.text);
      expect(foreign.status).toBe(404);
    }
    expect((await create({ project: 'bank', name: 'mine' })).status).toBe(201);
    expect((await api.call('POST', '/v1/environments', { token, body: { name: 'y', project: 'bank' } })).status).toBe(
      403,
    );
    const plan = await api.call('POST', '/v1/plans', { body: aPlan({ environment: id }) });
    expect(plan).toMatchObject({ status: 400, body: { code: 'UNKNOWN_ENVIRONMENT' } });
    const listed = await api.call('GET', '/v1/environments', { token });
    expect(listed.body.environments.every(({ project }: { project: string }) => project === 'shop')).toBe(true);
  });

  test('a wrong value is not repeated in the refusal', async () => {
    const answer = await create({ variables: [{ key: 'A', value: secret.repeat(1000), secret: true }] });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'variables[0].value' }] } });
    expect(answer.text).not.toContain(secret);
  });
});
