import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestinium, type Testinium } from './facade.ts';

let api: Testinium;
let secret: string;
beforeAll(async () => {
  api = await openTestinium();
  secret = await api.addKey();
});
afterAll(() => api.close());

const path = '/Testinium.RestApi/oauth/token';
const login = (fields: Record<string, string>, headers: Record<string, string> = {}, target = path) =>
  api.post(target, new URLSearchParams(fields).toString(), { token: '', headers });
const password = (over: Record<string, string> = {}) => ({
  grant_type: 'password',
  username: 'ci',
  password: secret,
  ...over,
});
const status = async (token: string) => (await api.get('/plans', { token })).status;

describe('a login', () => {
  test('by any grant gives a token that acts as its key', async () => {
    const first = await login(password({ username: ' CI ' }), { authorization: 'Basic Y2k6Y2k=' });
    expect(first.status).toBe(200);
    expect(first.headers['cache-control']).toBe('no-store');
    expect(first.body).toEqual({
      access_token: expect.stringMatching(/^pt_/),
      token_type: 'bearer',
      refresh_token: expect.stringMatching(/^pt_/),
      expires_in: 86_400,
      scope: 'api',
      jti: expect.stringMatching(/./),
    });
    const byKey = { grant_type: 'testinium_access_key', username: 'ci', access_key: secret };
    const second = await login(byKey, {}, '/uaa/oauth/token/');
    expect(second.body.scope).toBe('openid');
    const query = new URLSearchParams(password({ scope: 'mine' }));
    const third = await api.call('POST', `${path}?${query}`, { token: '' });
    expect(third.body.scope).toBe('mine');
    const fourth = await login({ grant_type: 'refresh_token', refresh_token: third.body.refresh_token });
    // A login ends no earlier token (T16).
    for (const { body } of [first, second, third, fourth]) {
      expect(await status(body.access_token)).toBe(200);
      expect(await status(body.refresh_token)).toBe(401);
    }
    const again = await login({ grant_type: 'refresh_token', refresh_token: third.body.refresh_token });
    expect([again.status, again.body.error]).toEqual([401, 'INVALID_CLIENT']);
    const { execution_id: id } = (
      await api.get(`/plans/${(await api.addPlan()).id}/run/true`, { token: fourth.body.access_token })
    ).body;
    expect((await api.get(`/executions/${id}`)).body).toMatchObject({ user_id: 3, username: 'ci' });
  });

  test('leaves neither tokens nor secrets in logs or in the table (T23)', async () => {
    const { body } = await api.call('POST', `${path}?${new URLSearchParams(password())}`, { token: '' });
    await status(body.access_token);
    const logged = JSON.stringify(api.logs);
    for (const text of [body.access_token, body.refresh_token, secret, 'grant_type'])
      expect(logged).not.toContain(text);
    expect(await api.services.tokens.getToken(body.access_token)).toBeUndefined();
  });

  test('gives the rights of its key and no more, and only on this API', async () => {
    const poor = await api.addKey({ scopes: ['PLAN_VIEW'] });
    const { body } = await login(password({ password: poor }));
    const plan = await api.addPlan();
    expect(await status(body.access_token)).toBe(200);
    const run = await api.get(`/plans/${plan.id}/run/true`, { token: body.access_token });
    expect([run.status, run.body.error]).toEqual([401, 'ACCESS_DENIED']);
  });
});

describe('a token ends', () => {
  test('with its time, and a refresh token after 7 days', async () => {
    api.configure({ tokenTtlSeconds: 60 });
    const { body } = await login(password());
    expect(body.expires_in).toBe(60);
    api.clock.now += 59_000;
    expect(await status(body.access_token)).toBe(200);
    api.clock.now += 1000;
    expect(await status(body.access_token)).toBe(401);
    api.clock.now += 7 * 86_400_000;
    expect((await login({ grant_type: 'refresh_token', refresh_token: body.refresh_token })).status).toBe(401);
    api.configure({});
  });

  test('with its key, which then gives no new one: 403', async () => {
    const key = await api.addKey();
    const { body } = await login(password({ password: key }));
    expect(await status(body.access_token)).toBe(200);
    await api.services.keys.revokeKey(key.split('_')[1] ?? '', api.clock.now);
    api.clock.now += 30_000;
    expect(await status(body.access_token)).toBe(401);
    for (const fields of [
      password({ password: key }),
      { grant_type: 'refresh_token', refresh_token: body.refresh_token },
    ]) {
      const { status, body } = await login(fields);
      expect([status, body.error]).toEqual([403, 'ACCESS_DENIED']);
    }
  });
});

describe('a wrong login', () => {
  test.each(['cloud', 'enterprise'] as const)('reads alike in the %s variant', async (variant) => {
    api.configure({ variant });
    api.clock.now += 60_000;
    const rows: [Record<string, string>, number, string][] = [
      [{}, 400, 'INVALID_REQUEST'],
      [{ grant_type: 'magic' }, 400, 'INVALID_REQUEST'],
      [password({ password: '' }), 400, 'INVALID_REQUEST'],
      [password({ username: 'someone' }), 401, 'INVALID_CLIENT'],
      [password({ password: 'guess' }), 401, 'INVALID_CLIENT'],
      [password({ password: `${secret.slice(0, -1)}x` }), 401, 'INVALID_CLIENT'],
      [{ grant_type: 'refresh_token', refresh_token: 'guess' }, 401, 'INVALID_CLIENT'],
    ];
    for (const [fields, wanted, error] of rows) {
      const { status, body } = await login(fields);
      expect([fields, status]).toEqual([fields, wanted]);
      expect(body).toMatchObject({
        status: wanted,
        error,
        message: error,
        path,
        error_description: expect.any(String),
      });
      expect(body).toHaveProperty('timestamp');
    }
    api.configure({});
  });

  test('six times in a minute is 429, for wrong secrets only', async () => {
    api.clock.now += 60_000 - (api.clock.now % 60_000);
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push(await login(password({ password: `guess ${i}` })));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
    expect(Number(answers[5]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await login(password())).status).toBe(200);
    expect((await login(password({ username: 'other', password: 'guess' }))).status).toBe(401);
    api.clock.now += 60_000;
    expect((await login(password({ password: 'guess' }))).status).toBe(401);
  });

  test('of a client that is not listed, where some are', async () => {
    api.configure({ oauthClients: ['Basic Y2k6Y2k='] });
    expect((await login(password())).status).toBe(401);
    expect((await login(password(), { authorization: 'Basic Y2k6Y2k=' })).status).toBe(200);
    api.configure({});
  });
});
