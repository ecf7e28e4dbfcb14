import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { ServiceError } from '../../lib/core/errors.ts';
import { maySee } from '../../lib/http/entry.ts';
import { readJson } from '../../lib/http/json.ts';
import { type HttpRequest, scopes } from '../../lib/http/message.ts';
import { routes } from '../../lib/http/routes.ts';
import { aRequest, createStubbedEntry } from '../support/http.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const bodyOf = (answer: { body: string | Uint8Array }) => JSON.parse(String(answer.body));
const withWrong = (token: string, at: number) => {
  const other = token[at] === 'q' ? 'r' : 'q';
  return token.slice(0, at) + other + token.slice(at + 1);
};

describe('authorization of every route', () => {
  for (const route of routes) {
    const path = route.path.replace(/\{\w+\}/g, '12');
    const needsKey = !['public', 'callback', 'hook'].includes(route.scope);
    // contracts/testinium.md 2.2: the cloud variant says 401 on its run routes.
    const lacking = route.operation === 'testinium.run' ? 401 : 403;

    test(`${route.method} ${route.path} wants ${route.scope}`, async () => {
      const { entry, calls, addKey, clock, keys } = createStubbedEntry();
      const call = async (headers: HttpRequest['headers']) =>
        (await entry(aRequest(route.method, path, { headers }))).status;
      const good = addKey();
      const [revoked, unknown] = [addKey(), addKey()];
      keys.delete(unknown.key.id);
      keys.set(revoked.key.id, { ...revoked.key, revokedAt: clock.now });
      const others = scopes.filter((scope) => scope !== route.scope);
      const denied: [name: string, headers: HttpRequest['headers'], status: number][] = [
        ['none', {}, 401],
        ['malformed', bearer('let me in'), 401],
        ['wrong checksum', bearer(withWrong(good.token, good.token.length - 1)), 401],
        ['unknown', bearer(unknown.token), 401],
        ['expired', bearer(addKey({ expiresAt: clock.now }).token), 401],
        ['revoked', bearer(revoked.token), 401],
        ['basic', { authorization: `Basic ${good.token}` }, 401],
        ['in the query', { 'x-api-key': good.token }, 401],
      ];
      if (route.scope !== 'key') {
        denied.push(['no scope', bearer(addKey({ scopes: [] }).token), lacking]);
        denied.push(['all other scopes', bearer(addKey({ scopes: others }).token), lacking]);
      }
      for (const [name, headers, status] of denied) {
        expect([name, await call(headers)]).toEqual([name, needsKey ? status : 200]);
      }
      expect(calls).toHaveLength(needsKey ? 0 : denied.length);
      const granted = needsKey && route.scope !== 'key' ? [route.scope as (typeof scopes)[number]] : [];
      expect(await call(bearer(addKey({ scopes: granted }).token))).toBe(200);
      expect(calls.at(-1)).toMatchObject({ operation: route.operation, principal: { ownerId: needsKey ? 3 : 0 } });
    });
  }

  test('a key that is well formed but not there, or has another secret, is refused alike and costs a comparison', async () => {
    const compare = vi.spyOn(crypto, 'timingSafeEqual');
    syncBuiltinESMExports();
    const { entry, addKey, keys, reads } = createStubbedEntry();
    const [stranger, known, other] = [addKey(), addKey(), addKey()];
    keys.delete(stranger.key.id);
    keys.set(known.key.id, { ...known.key, secretHash: other.key.secretHash });
    const answers = [];
    for (const { token } of [stranger, known])
      answers.push(await entry(aRequest('GET', '/v1/plans', { headers: bearer(token) })));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(reads).toEqual([stranger.key.id, known.key.id]);
    expect(compare).toHaveBeenCalledTimes(2);
    compare.mockRestore();
    syncBuiltinESMExports();
  });

  test('a typo costs no read', async () => {
    const { entry, addKey, reads } = createStubbedEntry();
    await entry(aRequest('GET', '/v1/plans', { headers: bearer(withWrong(addKey().token, 30)) }));
    expect(reads).toEqual([]);
  });

  test('the header is read as scripts and plugins send it', async () => {
    const { entry, addKey } = createStubbedEntry();
    const { token } = addKey();
    const status = async (headers: HttpRequest['headers']) =>
      (await entry(aRequest('GET', '/api/v1/execution_results/7', { headers }))).status;
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER \t  ${token}  `]) {
      expect(await status({ authorization })).toBe(200);
    }
    expect(await status({ 'x-ts-api-key': ` ${token}` })).toBe(200);
    expect(await status({ authorization: '', 'x-ts-api-key': token })).toBe(200);
    expect(await status({ authorization: 'Bearer nonsense', 'x-ts-api-key': token })).toBe(401);
    expect(await status({ authorization: `Bearer ${token}`, 'x-ts-api-key': 'nonsense' })).toBe(200);
    expect(await status({ authorization: `Bearer ${token}, Bearer ${token}` })).toBe(401);
    expect(await status({ authorization: token })).toBe(401);
    expect(await status({ authorization: `Bearer${' '.repeat(10_000)}` })).toBe(401);
  });

  test('the principal is what the key says', async () => {
    const { entry, addKey, calls } = createStubbedEntry();
    const { key, token } = addKey({ scopes: ['PLAN_VIEW'], projects: ['shop'], planIds: [7] });
    await entry(aRequest('GET', '/v1/plans', { headers: bearer(token) }));
    expect(calls[0]?.principal).toEqual({
      keyId: key.id,
      ownerId: 3,
      scopes: new Set(['PLAN_VIEW']),
      projects: new Set(['shop']),
      planIds: new Set([7]),
    });
  });

  test('a principal sees the plans within both its projects and its plans', () => {
    const all = { projects: null, planIds: null };
    const shop = { projects: new Set(['shop']), planIds: null };
    const seven = { projects: new Set(['shop']), planIds: new Set([7]) };
    const sees = [all, shop, seven].map((who) =>
      [
        { project: 'shop', planId: 7 },
        { project: 'shop', planId: 8 },
        { project: 'bank', planId: 7 },
      ].map((plan) => maySee(who, plan)),
    );
    expect(sees).toEqual([
      [true, true, true],
      [true, true, false],
      [true, false, false],
    ]);
  });
});

describe('the memory of keys', () => {
  const ask = (entry: ReturnType<typeof createStubbedEntry>['entry'], token: string) =>
    entry(aRequest('GET', '/v1/plans', { headers: bearer(token) }));

  test('saves reads, and forgets after 30 s', async () => {
    const { entry, addKey, keys, clock, reads } = createStubbedEntry();
    const { key, token } = addKey();
    await ask(entry, token);
    keys.set(key.id, { ...key, revokedAt: clock.now });
    clock.now += 29_999;
    expect((await ask(entry, token)).status).toBe(200);
    expect(reads).toHaveLength(1);
    clock.now += 1;
    expect((await ask(entry, token)).status).toBe(401);
  });

  test('does not outlive the expiry of a key, nor a clock set back', async () => {
    const { entry, addKey, clock, reads } = createStubbedEntry();
    const { token } = addKey({ expiresAt: clock.now + 10 });
    expect((await ask(entry, token)).status).toBe(200);
    clock.now -= 5;
    await ask(entry, token);
    expect(reads).toHaveLength(2);
    clock.now += 15;
    expect((await ask(entry, token)).status).toBe(401);
  });

  test('ends at once when a key is revoked through this server', async () => {
    const { entry, addKey, keys, clock } = createStubbedEntry();
    const [admin, { key, token }] = [addKey(), addKey()];
    await ask(entry, token);
    keys.set(key.id, { ...key, revokedAt: clock.now });
    await entry(aRequest('DELETE', `/v1/keys/${key.id}`, { headers: bearer(admin.token) }));
    expect((await ask(entry, token)).status).toBe(401);
  });

  test('holds 1,000 keys, and unknown ones push none out', async () => {
    const { entry, addKey, keys, reads } = createStubbedEntry();
    const first = addKey();
    await ask(entry, first.token);
    for (let i = 0; i < 20; i += 1) {
      const { key, token } = addKey();
      keys.delete(key.id);
      await ask(entry, token);
    }
    await ask(entry, first.token);
    expect(reads.filter((id) => id === first.key.id)).toHaveLength(1);
    for (let i = 0; i < 1_000; i += 1) await ask(entry, addKey().token);
    await ask(entry, first.token);
    expect(reads.filter((id) => id === first.key.id)).toHaveLength(2);
  });
});

describe('order of refusals', () => {
  test('Testsigma: the key, then method and size, then the path', async () => {
    const { entry, addKey } = createStubbedEntry();
    const headers = bearer(addKey().token);
    const poor = bearer(addKey({ scopes: [] }).token);
    const body = Buffer.alloc(262_145);
    const cases: [method: string, path: string, change: Partial<HttpRequest>, status: number][] = [
      ['PATCH', '/api/v1/execution_results', {}, 401],
      ['GET', '/api/v1/nothing', {}, 401],
      ['POST', '/api/v1/execution_results', { body }, 401],
      ['POST', '/api/v1/execution_results', { body, headers: poor }, 403],
      ['POST', '/api/v1/execution_results', { body, headers }, 413],
      ['PATCH', '/api/v1/execution_results', { headers }, 405],
      ['GET', '/api/v1/execution_results/%zz', { headers }, 400],
      ['GET', '/api/v1/nothing', { headers }, 404],
    ];
    for (const [method, path, change, status] of cases) {
      expect([method, path, (await entry(aRequest(method, path, change))).status]).toEqual([method, path, status]);
    }
  });

  test('elsewhere: size and route before the key, without a read', async () => {
    const { entry, addKey, reads } = createStubbedEntry();
    const headers = { 'content-length': '262145', ...bearer(addKey().token) };
    expect((await entry(aRequest('POST', '/v1/environments', { headers }))).status).toBe(413);
    expect((await entry(aRequest('POST', '/v1/environments', { body: Buffer.alloc(262_145) }))).status).toBe(413);
    expect((await entry(aRequest('POST', '/callbacks/1/1/results', { body: Buffer.alloc(9_437_185) }))).status).toBe(
      413,
    );
    expect((await entry(aRequest('GET', '/nothing'))).status).toBe(404);
    expect((await entry(aRequest('POST', '/healthz'))).status).toBe(405);
    expect(reads).toEqual([]);
  });

  test('HEAD and OPTIONS reach no handler on any route, but HEAD where it is served like GET', async () => {
    const { entry, addKey, calls } = createStubbedEntry();
    const headers = bearer(addKey().token);
    const served = new Set(routes.filter(({ servesHead }) => servesHead).map(({ path }) => path));
    for (const { path: pattern } of routes) {
      if (served.has(pattern)) continue;
      const path = pattern.replace(/\{\w+\}/g, '12');
      const head = await entry(aRequest('HEAD', path, { headers }));
      expect(head).toMatchObject({ status: 405, headers: { allow: expect.stringMatching(/^[A-Z, ]+$/) } });
      expect(await entry(aRequest('OPTIONS', path))).toMatchObject({
        status: 204,
        body: '',
        headers: { allow: head.headers.allow },
      });
    }
    expect(calls).toEqual([]);
    for (const pattern of served) {
      const path = pattern.replace(/\{\w+\}/g, '12');
      expect(await entry(aRequest('HEAD', path, { headers }))).toMatchObject({ status: 200, body: '' });
      const options = await entry(aRequest('OPTIONS', path));
      expect(options).toMatchObject({ status: 204, headers: { allow: expect.stringContaining('GET, HEAD') } });
    }
    expect(calls).toHaveLength(served.size);
    expect((await entry(aRequest('OPTIONS', '*'))).status).toBe(404);
  });

  test('a function without the handler answers 404', async () => {
    const { entry, addKey } = createStubbedEntry({ 'native.listPlans': undefined as never });
    expect((await entry(aRequest('GET', '/v1/plans', { headers: bearer(addKey().token) }))).status).toBe(404);
  });
});

describe('answers', () => {
  const refusal = new ServiceError('VALIDATION_FAILED', 'id: must be\na number', {
    fields: [
      { field: 'id', message: 'must be a number', rejectedValue: 'x' },
      { field: 'a', message: 'secret' },
    ],
  });
  const ask = async (path: string, error: unknown) => {
    const fail = async () => {
      throw error;
    };
    const stub = createStubbedEntry({ 'native.getRun': fail, 'testsigma.getRun': fail });
    const answer = await stub.entry(aRequest('GET', path, { headers: bearer(stub.addKey().token) }));
    return { ...stub, answer };
  };

  test('Testsigma errors have five keys on one line', async () => {
    const { answer } = await ask('/api/v1/execution_results/7', refusal);
    expect(answer.status).toBe(400);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
      'x-request-id': 'request-1',
    });
    expect(answer.body).not.toContain('\n');
    expect(answer.body).toMatch(/^\{"timeStamp":null,"error":"id: must be\\na number","code":"VALIDATION_FAILED",/);
    expect(bodyOf(answer)).toEqual({
      timeStamp: null,
      error: 'id: must be\na number',
      code: 'VALIDATION_FAILED',
      fieldErrors: [
        { field: 'id', rejectedValue: 'x', message: 'must be a number', bindingFailure: false, codes: null },
        { field: 'a', rejectedValue: null, message: 'secret', bindingFailure: false, codes: null },
      ],
      objectErrors: null,
    });
  });

  test('the others are problem documents', async () => {
    const { answer } = await ask('/v1/runs/7', refusal);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(bodyOf(answer)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'id: must be\na number',
      code: 'VALIDATION_FAILED',
      requestId: 'request-1',
      errors: refusal.fields,
    });
    const busy = await ask(
      '/v1/runs/7',
      new ServiceError('ALREADY_RUNNING', 'busy', { runId: 12, retryAfterSeconds: 2.1 }),
    );
    expect(busy.answer).toMatchObject({ status: 409, headers: { 'retry-after': '3' } });
    expect(bodyOf(busy.answer)).toMatchObject({ code: 'ALREADY_RUNNING', runId: 12 });
    expect((await ask('/v1/runs/7', new ServiceError('UNAVAILABLE', 'later'))).answer.headers['retry-after']).toBe('1');
  });

  test.each(['/v1/runs/7', '/api/v1/execution_results/7'])(
    'a bug on %s shows nothing and is logged whole',
    async (path) => {
      for (const bug of [new Error('hunter2'), 'hunter2', null, undefined, { status: 200 }]) {
        const { answer, logs } = await ask(path, bug);
        expect(answer.status).toBe(500);
        expect(bodyOf(answer)).toMatchObject({ code: 'INTERNAL' });
        expect(answer.body).not.toContain('hunter2');
        expect(logs).toEqual([expect.objectContaining({ level: 'error', status: 500, error: bug })]);
      }
    },
  );

  test('logs hold the pattern of the path and the id of the key, and nothing that was sent', async () => {
    const { entry, addKey, logs } = createStubbedEntry();
    const { key, token } = addKey();
    const query = new URLSearchParams('canary=1');
    const headers = { ...bearer(token), 'x-canary': 'canary' };
    await entry(aRequest('GET', '/v1/runs/canary', { headers, query, body: Buffer.from('canary') }));
    await entry(aRequest('POST', '/callbacks/t/canary/results', { headers }));
    await entry(aRequest('GET', '/v1/canary', { headers, method: 'GET' }));
    expect(logs).toMatchObject([
      { route: 'GET /v1/runs/{runId}', status: 200, keyId: key.id, requestId: 'request-1' },
      { route: 'POST /callbacks/t/{token}/results', status: 200 },
      { route: 'none', status: 404, code: 'NOT_FOUND' },
    ]);
    expect(JSON.stringify(logs)).not.toMatch(/canary/);
    expect(JSON.stringify(logs)).not.toContain(token);
  });

  test('handlers get decoded parameters and may set their own cache rule', async () => {
    const own = async () => ({ status: 200, headers: { 'cache-control': 'max-age=60' }, body: '' });
    const { entry, addKey, calls } = createStubbedEntry({ 'native.getOpenapi': own });
    expect((await entry(aRequest('GET', '/v1/openapi.json'))).headers['cache-control']).toBe('max-age=60');
    await entry(aRequest('GET', '//v1/runs/%37/', { headers: bearer(addKey().token) }));
    expect(calls[0]?.request.params).toEqual({ runId: '7' });
  });
});

describe('whatever is sent', () => {
  const reading = async (request: HttpRequest) => {
    readJson(request, { keepDigits: ['buildNo'] });
    return { status: 200, headers: {}, body: '' };
  };
  const stub = createStubbedEntry(Object.fromEntries(routes.map(({ operation }) => [operation, reading])));
  const { token } = stub.addKey();
  const segment = fc.oneof(
    fc.constantFrom(
      'api',
      'v1',
      'plans',
      'runs',
      'execution_results',
      'callbacks',
      't',
      '..',
      '%',
      '%00',
      '__proto__',
      '',
    ),
    fc.string({ unit: 'binary', maxLength: 10 }),
  );
  const path = fc.oneof(
    fc.array(segment, { maxLength: 7 }).map((segments) => `/${segments.join('/')}`),
    fc
      .tuple(fc.constantFrom(...routes), segment)
      .map(([route, value]) => route.path.replace(/\{\w+\}/g, () => value || '1')),
    fc.string({ unit: 'binary' }),
  );
  const method = fc.oneof(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'), fc.string());
  const headers = fc.oneof(
    fc.constant(bearer(token)),
    fc.dictionary(
      fc.oneof(fc.constantFrom('authorization', 'x-ts-api-key', 'content-length', 'content-type'), fc.string()),
      fc.oneof(
        fc.constantFrom(`Bearer ${token}`, token, 'Bearer ', '-1', 'NaN', '1e999'),
        fc.string({ unit: 'binary' }),
      ),
    ),
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
  );
  const query = fc.string({ unit: 'binary' }).map((text) => new URLSearchParams(text));

  test('the entry answers below 500, in JSON, at once', async () => {
    await fc.assert(
      fc.asyncProperty(method, path, headers, body, query, async (method, path, headers, body, query) => {
        // Of this process: a busy machine is no slow entry.
        const before = process.cpuUsage();
        const answer = await stub.entry(aRequest(method, path, { headers, body, query }));
        expect(answer.status).toBeGreaterThanOrEqual(200);
        expect(answer.status).toBeLessThan(500);
        if (answer.body !== '') expect(bodyOf(answer)).toBeTypeOf('object');
        expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
      }),
      // The soak has its own figure.
      { numRuns: 2_000 * Number(process.env.FUZZ ?? 1) },
    );
  });
});
