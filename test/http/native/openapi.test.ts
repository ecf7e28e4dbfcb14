import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createGetOpenapi } from '../../../lib/http/native/openapi.ts';
import { createOpenapiDocument } from '../../../lib/http/native/openapi-document.ts';
import { operations } from '../../../lib/http/native/operations.ts';
import { routes } from '../../../lib/http/routes.ts';
import { aRequest } from '../../support/http.ts';

const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const document = JSON.parse(JSON.stringify(createOpenapiDocument(version)));

test('docs/openapi.json is current: `npm run openapi` writes it', async () => {
  expect(JSON.parse(await readFile(new URL('docs/openapi.json', root), 'utf8'))).toEqual(document);
});

test('every route of the native and the callback API is in it, and nothing else', () => {
  const own = routes.filter(({ surface }) => surface === 'native' || surface === 'callbacks');
  const written = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(written.sort()).toEqual(own.map(({ method, path }) => `${method} ${path}`).sort());
  expect(new Set(own.map(({ operation }) => operation))).toEqual(new Set(Object.keys(operations)));
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: unknown }>> };
}

test('every operation has a name of its own, a summary, its parameters and answers', () => {
  const names = new Set<string>();
  for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, { operationId, summary, parameters, responses, requestBody }] of Object.entries(methods)) {
      names.add(operationId);
      expect(summary.length).toBeGreaterThan(8);
      const inPath = parameters.filter((each) => each.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
      const bodies = Object.values(requestBody?.content ?? {});
      expect([path, bodies.every(({ schema }) => schema !== undefined)]).toEqual([path, true]);
      if (method === 'put') expect(requestBody).toBeDefined();
    }
  }
  expect(names.size).toBe(routes.filter(({ surface }) => surface === 'native' || surface === 'callbacks').length);
});

test('every reference leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path.split('/'));
  expect(refs.length).toBeGreaterThan(50);
  for (const path of refs) {
    const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], document);
    expect([path, typeof found]).toEqual([path, 'object']);
  }
});

test('it is served as it was built', async () => {
  const principal = { keyId: '', ownerId: 0, scopes: new Set<never>(), projects: null, planIds: null };
  const answer = await createGetOpenapi()(aRequest('GET', '/v1/openapi.json'), principal);
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json;charset=UTF-8' } });
  expect(JSON.parse(String(answer.body))).toEqual(document);
});
