import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeParams, matchRoute, surfaceOf } from '../../lib/http/router.ts';
import { routes } from '../../lib/http/routes.ts';

const find = (method: string, path: string) => {
  const match = matchRoute(routes, method, path);
  if (match && 'route' in match)
    return { path: match.route.path, operation: match.route.operation, params: match.params };
  return match;
};

describe('the route table', () => {
  test('names each method and path once', () => {
    const shapes = routes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  test('gives an operation one function, scope, surface and limit', () => {
    const seen = new Map<string, unknown>();
    for (const { operation, function: owner, scope, surface, maxBodyBytes } of routes) {
      const facts = { owner, scope, surface, maxBodyBytes };
      expect(facts).toEqual(seen.get(operation) ?? facts);
      seen.set(operation, facts);
    }
  });

  test('leaves only health, badges, the API description, the schema of plans, logins, callbacks, hooks and the page without a key', () => {
    const open = routes
      .filter(({ scope }) => ['public', 'callback', 'hook'].includes(scope))
      .map(({ method, path }) => `${method} ${path}`);
    expect(open).toEqual([
      'POST /Testinium.RestApi/oauth/token',
      'POST /uaa/oauth/token',
      'GET /v1/openapi.json',
      'GET /v1/plan.schema.json',
      'POST /callbacks/{runId}/{attempt}/results',
      'POST /callbacks/{runId}/{attempt}/progress',
      'POST /callbacks/t/{token}/results',
      'POST /callbacks/t/{token}/progress',
      'GET /callbacks/t/{token}/look',
      'POST /callbacks/t/{token}/look',
      'POST /hooks/{hookId}',
      'GET /badges/{badge}',
      'GET /healthz',
      'GET /',
      'GET /runs',
      'GET /runs/{id}',
      'GET /plans',
      'GET /plans/{id}',
      'GET /schedules',
      'GET /deliveries',
      'GET /assets/{file}',
    ]);
  });

  test('has the surface its path gives errors in', () => {
    for (const { path, surface } of routes) expect(surfaceOf(path)).toBe(surface);
  });

  test('lets no scope but those of reading see a GET, but for the two that start and stop on the Testinium API', () => {
    for (const { method, scope, operation, servesHead } of routes) {
      if (method !== 'GET') expect(servesHead).toBe(false);
      else if (operation !== 'testinium.run' && operation !== 'testinium.stop') {
        expect(['PLAN_VIEW', 'KEY_ADMIN', 'WEBHOOK_ADMIN', 'key', 'public', 'callback']).toContain(scope);
      } else expect(servesHead).toBe(false);
    }
  });

  test('takes 9 MB of results, 4 MB of a plan or of a webhook, and 256 kB of anything else', () => {
    const large = new Set(
      routes.filter(({ maxBodyBytes }) => maxBodyBytes > 262_144).map(({ operation }) => operation),
    );
    expect([...large].sort()).toEqual([
      'callbacks.addResults',
      'hooks.receive',
      'native.applyPlan',
      'native.updatePlan',
      'native.uploadResults',
    ]);
  });
});

describe('matching', () => {
  test('finds every route by its own path', () => {
    for (const route of routes) {
      const path = route.path.replace(/\{\w+\}/g, '12');
      expect(matchRoute(routes, route.method, path)).toMatchObject({ route });
    }
  });

  test.each(['/api/v1/execution_results/7', '/api/v1/execution_results/7/', '//api/v1///execution_results//7//'])(
    'serves %s in place',
    (path) => expect(find('GET', path)).toMatchObject({ operation: 'testsigma.getRun', params: { id: '7' } }),
  );

  test('prefers the literal segment to a parameter', () => {
    expect(find('POST', '/callbacks/t/abc/results')).toMatchObject({ params: { token: 'abc' } });
    expect(find('POST', '/callbacks/9/2/results')).toMatchObject({ params: { runId: '9', attempt: '2' } });
  });

  test('tells the methods of a path it knows, and nothing of one it does not', () => {
    expect(find('PATCH', '/v1/plans/1')).toEqual({ methodNotAllowed: ['DELETE', 'GET', 'PUT'] });
    expect(find('HEAD', '/v1/plans/1')).toEqual({ methodNotAllowed: ['DELETE', 'GET', 'PUT'] });
    expect(find('get', '/v1/plans')).toEqual({ methodNotAllowed: ['GET', 'POST'] });
    for (const path of [
      '*',
      '/v1',
      '/runs/1/2',
      '/assets',
      '/v1/plans/1/2/3',
      '/V1/plans',
      '/v1/plans/../keys/x',
      '/__proto__',
    ]) {
      expect(find('GET', path)).toBeNull();
    }
  });

  test('answers HEAD like GET where a route says so, and lists it', () => {
    const path = '/Testinium.RestApi/api/executions/7';
    expect(find('HEAD', path)).toMatchObject({ operation: 'testinium.getExecution' });
    expect(find('POST', path)).toEqual({ methodNotAllowed: ['GET', 'HEAD'] });
    for (const changing of ['run', 'stop']) {
      const answer = find('HEAD', `/Testinium.RestApi/api/plans/7/${changing}`);
      expect(answer).toEqual({ methodNotAllowed: ['GET', 'POST'] });
    }
  });

  test('takes two words in any case, and every other as it is written', () => {
    const path = '/Testinium.RestApi/api/plans/7/setANDROIDMobileApp/64';
    expect(find('PUT', path)).toMatchObject({ operation: 'testinium.selectAndroidApp', params: { appId: '64' } });
    expect(find('GET', '/Testinium.RestApi/API/plans')).toBeNull();
    expect(find('GET', '/testinium.restapi/api/plans')).toBeNull();
  });

  test('decodes parameters once', () => {
    expect(decodeParams({ id: '%31%2f%252e' })).toEqual({ id: '1/%2e' });
    expect(() => decodeParams({ id: '%E0%A4%A' })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', fields: [expect.objectContaining({ field: 'id' })] }),
    );
  });

  test('any parameter survives encoding and decoding', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (value) => {
        const match = find('GET', `/v1/plans/${encodeURIComponent(value)}`);
        expect(match).toMatchObject({ operation: 'native.getPlan' });
        if (match && 'params' in match) expect(decodeParams(match.params)).toEqual({ planId: value });
      }),
    );
  });
});
