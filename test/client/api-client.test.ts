import { expect, test } from 'vitest';
import { answer, cutShort, hangUp, serve } from './serve.ts';

const run = { id: 7, status: 'completed' };
const params = { path: { planId: 1 } };
const ofRun = { params: { path: { runId: 1 } } };

test('a trigger whose answer got lost is sent again under one key of its own, so that it starts one run', async () => {
  const { api, requests, bodies } = await serve(hangUp, answer(503, {}), answer(202, run));
  const { data } = await api.POST('/v1/plans/{planId}/runs', { params, body: { buildNo: '7' } });
  expect(data).toEqual(run);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0], keys[0]]);
  expect(await Promise.all(bodies)).toEqual(Array(3).fill('{"buildNo":"7"}'));
  await api.POST('/v1/plans/{planId}/runs', { params, body: {} });
  expect(requests[3]?.headers['idempotency-key']).not.toBe(keys[0]);
});

test('an answer that breaks off is none: it is asked for again, or told as such', async () => {
  const trigger = await serve(cutShort, answer(202, run));
  expect((await trigger.api.POST('/v1/plans/{planId}/runs', { params, body: {} })).data).toEqual(run);
  const [first, second] = trigger.requests.map(({ headers }) => headers['idempotency-key']);
  expect(second).toBe(first);
  const { api, requests } = await serve(cutShort);
  await expect(api.GET('/v1/runs/{runId}', { ...ofRun, repeat: false })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('no answer from http://127.0.0.1:'),
  });
  expect(requests).toHaveLength(1);
});

test('an answer without a body is one', async () => {
  const { api, requests } = await serve((response) => response.writeHead(204).end());
  const { response } = await api.DELETE('/v1/keys/{keyId}', { params: { path: { keyId: 'k' } } });
  expect(response.status).toBe(204);
  expect(requests).toHaveLength(1);
});

test('a key that is given is kept', async () => {
  const { api, requests } = await serve(answer(503, {}), answer(202, run));
  await api.POST('/v1/runs/{runId}/rerun', {
    params: { path: { runId: 7 }, header: { 'Idempotency-Key': 'k1' } },
    body: { which: 'all' },
  });
  expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k1', 'k1']);
});

test('a request that would do something twice is sent once, unless its caller knows better', async () => {
  const { api, requests } = await serve(answer(503, { code: 'UNAVAILABLE', detail: 'later' }));
  const body = { name: 'ci', scopes: ['PLAN_RUN' as const] };
  await expect(api.POST('/v1/keys', { body })).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'later' });
  expect(requests).toHaveLength(1);
  await expect(api.POST('/v1/runs/{runId}/stop', { ...ofRun, repeat: true })).rejects.toThrow('later');
  expect(requests).toHaveLength(4);
  await expect(api.GET('/v1/runs/{runId}', { ...ofRun, repeat: false })).rejects.toThrow('later');
  expect(requests).toHaveLength(5);
});

test('a server that says when to ask again is asked then, and at most three times', async () => {
  const { api, requests } = await serve(answer(429, {}), answer(429, {}), answer(200, run));
  expect((await api.GET('/v1/runs/{runId}', ofRun)).data).toEqual(run);
  expect(requests).toHaveLength(3);
  const down = await serve(answer(502, {}));
  await expect(down.api.GET('/v1/keys')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(down.requests).toHaveLength(3);
});

test('paths, lists and the key are written as the server reads them', async () => {
  const { api, requests } = await serve(answer(200, {}));
  const query = { result: ['failed' as const, 'errored' as const], limit: 100 };
  await api.GET('/v1/runs/{runId}/cases', { params: { path: { runId: 7 }, query } });
  await api.DELETE('/v1/keys/{keyId}', { params: { path: { keyId: '../x?' } } });
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /v1/runs/7/cases?result=failed,errored&limit=100',
    'DELETE /v1/keys/..%2Fx%3F',
  ]);
  expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key', 'Bearer key']);
});

test('a refusal has the code, the fields and the run of the server', async () => {
  const errors = [{ field: 'scopes', message: 'must be some', rejectedValue: 'X' }];
  const problem = { code: 'ALREADY_RUNNING', detail: 'run 9 is going on', runId: 9, errors };
  const { api } = await serve(answer(409, problem));
  await expect(api.POST('/v1/plans/{planId}/runs', { params, body: {} })).rejects.toMatchObject({
    code: 'ALREADY_RUNNING',
    message: 'run 9 is going on',
    runId: 9,
    fields: errors,
  });
});

test('who has a bad key hears where it is from', async () => {
  const { api } = await serve(answer(401, { code: 'UNAUTHORIZED', detail: 'no such key' }));
  const message = 'no such key; the key is from PROCTOR_KEY: set PROCTOR_KEY to a valid one';
  await expect(api.GET('/v1/keys')).rejects.toMatchObject({ code: 'UNAUTHORIZED', message });
});

test('what is no Proctor is told as such, and an unknown code by its status', async () => {
  const page = await serve((response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'));
  await expect(page.api.GET('/v1/runs/{runId}', ofRun)).rejects.toThrow(/is that a Proctor\? Check PROCTOR_URL/);
  const login = await serve((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
  await expect(login.api.GET('/v1/runs/{runId}', ofRun)).rejects.toThrow(/no JSON: is that a Proctor\?/);
  const newer = await serve(answer(409, { code: 'SOMETHING_NEW', detail: 'no' }));
  await expect(newer.api.GET('/v1/runs/{runId}', ofRun)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: 'no',
  });
});

test('a text is answered as it is', async () => {
  const { api } = await serve((response) => response.writeHead(200).end('<testsuites/>'));
  expect((await api.GET('/v1/runs/{runId}/junit', { ...ofRun, parseAs: 'text' })).data).toBe('<testsuites/>');
});
