import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering } from '../../support/fake-testinium.ts';
import { type OpenTenant, openTenant } from './tenant.ts';

let open: OpenTenant;
beforeEach(async () => {
  open = await openTenant();
});
afterEach(() => open.tenant.close());

const start = (settings: Record<string, unknown> = {}) => open.executor.start(open.dispatch(settings));
const logins = () => open.tenant.asked.filter(({ path }) => path.endsWith('/oauth/token'));

describe('a token', () => {
  it.each([
    ['cloud', {}, '/uaa/oauth/token'],
    ['enterprise', { variant: 'enterprise' }, '/Testinium.RestApi/oauth/token'],
  ])('comes from the token endpoint of the variant (%s)', async (_variant, settings, path) => {
    await start(settings);
    expect(logins().map((one) => one.path)).toEqual([path]);
    expect(Object.fromEntries(new URLSearchParams(logins()[0]?.body))).toEqual({
      grant_type: 'password',
      username: 'proctor',
      password: 'prk_example',
      scope: 'api',
    });
  });

  it('comes from another host where the plan says so, for an access key, to a client that names itself', async () => {
    open.tenant.client = `Basic ${Buffer.from('suite:client-canary').toString('base64')}`;
    const client = { clientId: 'suite', clientSecret: 'env:CLIENT_SECRET' };
    const tokenUrl = `${open.tenant.origin}/accounts/oauth/token`;
    await start({ tokenUrl, password: undefined, accessKey: 'env:TENANT_PASSWORD', ...client });
    expect(logins().map(({ path }) => path)).toEqual(['/accounts/oauth/token']);
    expect(open.tenant.grants).toEqual(['testinium_access_key']);
  });

  it('is got once for all who ask at the same time, and used until shortly before its end', async () => {
    const { executor, dispatch, clock, tenant } = open;
    const others = [53, 54, 55].map((runId) => dispatch({}, { runId, key: `run-${runId}-a1` }));
    await Promise.all([executor.start(dispatch()), ...others.map((one) => executor.start(one))]);
    expect(tenant.grants).toEqual(['password']);
    clock.now += 86_400_000 - 61_000;
    await start();
    expect(tenant.grants).toEqual(['password']);
    clock.now += 2000;
    await Promise.all([start(), executor.start(others[0] ?? dispatch())]);
    expect(tenant.grants).toEqual(['password', 'refresh_token']);
  });

  it('is renewed once and the call repeated when the tenant takes it no longer, by a login if refreshing fails', async () => {
    const { ref } = await start();
    open.tenant.expireTokens();
    const polls = [1, 2, 3].map(() => open.executor.poll(ref, open.dispatch()));
    expect(await Promise.all(polls)).toMatchObject(polls.map(() => ({ state: 'running' })));
    expect(open.tenant.grants).toEqual(['password', 'refresh_token']);
    open.tenant.expireTokens();
    open.tenant.forgetRefreshTokens();
    expect(await open.executor.poll(ref, open.dispatch())).toMatchObject({ state: 'running' });
    expect(open.tenant.grants).toEqual(['password', 'refresh_token', 'refresh_token', 'password']);
  });

  it('that is never taken is refused after one repeat, not asked for for ever', async () => {
    open.tenant.before = ({ path }, response) => {
      if (path.endsWith('/oauth/token')) return false;
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"UNAUTHORIZED"}');
      return true;
    };
    await expect(start()).rejects.toMatchObject({ code: 'EXECUTOR_REFUSED' });
    expect(open.tenant.grants).toEqual(['password', 'refresh_token']);
  });

  it('is not renewed for a user that may not run plans: that is another 401', async () => {
    open.tenant.before = ({ path }, response) => {
      if (path.endsWith('/oauth/token')) return false;
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"ACCESS_DENIED"}');
      return true;
    };
    await expect(start()).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining('ACCESS_DENIED'),
    });
    expect(open.tenant.grants).toEqual(['password']);
  });

  it.each([
    ['a wrong password', () => start({ password: 'env:WRONG' }), 'EXECUTOR_REFUSED'],
    ['too many of them', () => answerLogins(429, { 'retry-after': '40' }), 'EXECUTOR_UNAVAILABLE'],
    ['a broken endpoint', () => answerLogins(502), 'EXECUTOR_UNAVAILABLE'],
    ['a web page', () => answerLogins(200), 'EXECUTOR_PROTOCOL'],
    ['a redirect', () => answerLogins(302, { location: '/login' }), 'EXECUTOR_PROTOCOL'],
  ])('that is not given says why, and nothing of a secret: %s', async (_what, attempt, code) => {
    const error = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ code });
    for (const canary of ['wrong-canary', 'prk_example']) expect(error?.stack).not.toContain(canary);
  });

  const answerLogins = (status: number, headers: Record<string, string> = {}) => {
    open.tenant.before = answering.status(status, headers);
    return start();
  };
});
