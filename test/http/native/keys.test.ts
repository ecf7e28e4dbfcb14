import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyAnswer, keysAnswer, newKeyAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const create = (body: object, token?: string) =>
  api.call('POST', '/v1/keys', { body: { name: 'ci', scopes: ['PLAN_VIEW'], ...body }, ...(token ? { token } : {}) });
const planOf = async (project: string): Promise<number> =>
  (await api.call('POST', '/v1/plans', { body: aPlan({ name: `of ${project}`, project }) })).body.id;
const works = async (token: string) => (await api.call('GET', '/v1/plans', { token })).status === 200;

describe('API keys', () => {
  test('a new one works, and its token is shown once', async () => {
    const made = await create({});
    expect(made.status).toBe(201);
    expect(newKeyAnswer.parse(made.body)).toBeTruthy();
    expect(await works(made.body.token)).toBe(true);
    const list = await api.call('GET', '/v1/keys');
    expect(keysAnswer.parse(list.body)).toBeTruthy();
    expect(list.body.keys.map(({ id }: { id: string }) => id)).toContain(made.body.id);
    expect(list.text).not.toMatch(/prk_|secretHash/);
    expect(JSON.stringify(api.logs)).not.toContain(made.body.token);
  });

  test('any of them reads itself, and nothing of another', async () => {
    const token = await api.addKey({ scopes: [], projects: ['shop'], planIds: [7] });
    const own = await api.call('GET', '/v1/keys/self', { token });
    expect(own).toMatchObject({ status: 200, body: { scopes: [], projects: ['shop'], planIds: [7], revokedAt: null } });
    expect(keyAnswer.parse(own.body)).toBeTruthy();
    expect(own.text).not.toMatch(/prk_|secretHash/);
    expect((await api.call('GET', '/v1/keys', { token })).status).toBe(403);
    expect((await api.call('GET', '/v1/keys/self', { token: `${token}x` })).status).toBe(401);
  });

  test('nobody gives scopes, projects or plans they do not have', async () => {
    const token = await api.addKey({ scopes: ['KEY_ADMIN', 'PLAN_VIEW'], projects: ['shop'], planIds: [7, 8] });
    const before = (await api.stores.keys.listKeys()).length;
    for (const body of [
      { scopes: ['PLAN_EDIT'] },
      { projects: ['bank'] },
      { projects: ['shop', 'bank'] },
      { projects: null },
      { planIds: null },
      { planIds: [9] },
    ]) {
      expect([body, (await create(body, token)).status]).toEqual([body, 403]);
    }
    expect(await api.stores.keys.listKeys()).toHaveLength(before);
    const own = await create({}, token);
    expect(own).toMatchObject({ status: 201, body: { projects: ['shop'], planIds: [7, 8] } });
    const narrower = await create({ projects: ['shop'], planIds: [7] }, token);
    expect(narrower).toMatchObject({ status: 201, body: { planIds: [7] } });
  });

  test('one for plans alone is for their projects, and changes no environment, which is for all plans', async () => {
    const [a, b] = [await planOf('shop'), await planOf('bank')];
    const made = await create({ planIds: [a, b], scopes: ['PLAN_VIEW', 'PLAN_EDIT'] });
    expect(made).toMatchObject({ status: 201, body: { projects: ['shop', 'bank'], planIds: [a, b] } });
    const maker = await api.addKey({ scopes: ['KEY_ADMIN', 'PLAN_VIEW'], projects: ['shop', 'bank'] });
    expect((await create({ planIds: [a] }, maker)).body).toMatchObject({ projects: ['shop'], planIds: [a] });
    const unknown = await create({ planIds: [a, 2_000_000_000] });
    expect(unknown).toMatchObject({ status: 400, body: { errors: [{ field: 'planIds[1]' }] } });

    const environment = async (project: string) =>
      (await api.call('POST', '/v1/environments', { body: { name: `of ${project}`, project, variables: [] } })).body.id;
    const [own, foreign] = [await environment('shop'), await environment('else')];
    const { token } = made.body;
    for (const [id, read, changed] of [
      [own, 200, 403],
      [foreign, 404, 404],
    ]) {
      const path = `/v1/environments/${id}`;
      expect((await api.call('GET', path, { token })).status).toBe(read);
      expect((await api.call('PUT', path, { token, body: { name: 'mine', variables: [] } })).status).toBe(changed);
      expect((await api.call('DELETE', path, { token })).status).toBe(changed);
    }
  });

  test('those that reach further are not there for a limited administrator', async () => {
    const wide = (await create({})).body;
    const token = await api.addKey({ scopes: ['KEY_ADMIN', 'PLAN_VIEW'], projects: ['shop'] });
    const missing = await api.call('DELETE', '/v1/keys/zzzzzzzzzzzz', { token });
    for (const path of [`/v1/keys/${wide.id}`, `/v1/keys/${wide.id}/rotate`]) {
      const answer = await api.call(path.endsWith('rotate') ? 'POST' : 'DELETE', path, { token });
      expect(answer.status).toBe(404);
      expect(answer.text.replace(wide.id, 'zzzzzzzzzzzz')).toBe(missing.text);
    }
    const { keys } = (await api.call('GET', '/v1/keys', { token })).body;
    expect(keys.map(({ id }: { id: string }) => id)).not.toContain(wide.id);
    expect(await works(wide.token)).toBe(true);
  });

  test('a revoked one is dead at once, and revoking it again is no error', async () => {
    const { id, token } = (await create({})).body;
    expect(await works(token)).toBe(true);
    expect((await api.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect((await api.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect(await works(token)).toBe(false);
    expect((await api.call('POST', `/v1/keys/${id}/rotate`)).status).toBe(409);
  });

  test('rotating makes another with the same rights; the old one lives until told otherwise', async () => {
    const old = (await create({ projects: ['shop'], planIds: [7] })).body;
    const rotated = (await api.call('POST', `/v1/keys/${old.id}/rotate`)).body;
    expect(rotated).toMatchObject({ scopes: ['PLAN_VIEW'], projects: ['shop'], planIds: [7], ownerId: old.ownerId });
    expect(rotated.id).not.toBe(old.id);
    expect([await works(old.token), await works(rotated.token)]).toEqual([true, true]);
    const again = await api.call('POST', `/v1/keys/${old.id}/rotate?expireOldAfterSeconds=3600`);
    expect(again.status).toBe(201);
    expect(await works(old.token)).toBe(true);
    await api.call('DELETE', `/v1/keys/${old.id}`);
    expect(await works(old.token)).toBe(false);
    const third = await api.call('POST', `/v1/keys/${rotated.id}/rotate?expireOldAfterSeconds=60`);
    api.clock.now += 61_000;
    expect([await works(rotated.token), await works(third.body.token)]).toEqual([false, true]);
  });

  test('rotation gives nobody a scope they lack', async () => {
    const wide = (await create({ scopes: ['PLAN_EDIT'] })).body;
    const token = await api.addKey({ scopes: ['KEY_ADMIN', 'PLAN_VIEW'] });
    expect((await api.call('POST', `/v1/keys/${wide.id}/rotate`, { token })).status).toBe(403);
  });

  test('one that expires does', async () => {
    const expiresAt = new Date(api.clock.now + 60_000).toISOString();
    const { token } = (await create({ expiresAt })).body;
    expect(await works(token)).toBe(true);
    api.clock.now += 60_000;
    expect(await works(token)).toBe(false);
    const past = await create({ expiresAt });
    expect(past).toMatchObject({ status: 400, body: { errors: [{ field: 'expiresAt' }] } });
  });
});
