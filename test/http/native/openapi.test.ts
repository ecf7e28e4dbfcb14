import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { notifyTypes } from '../../../lib/core/delivery.ts';
import { createGetOpenapi } from '../../../lib/http/native/documents.ts';
import { createOpenapiDocument, describedSurfaces } from '../../../lib/http/native/openapi-document.ts';
import { operations } from '../../../lib/http/native/operations.ts';
import { routes } from '../../../lib/http/routes.ts';
import { aRequest } from '../../support/http.ts';

const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const document = JSON.parse(JSON.stringify(createOpenapiDocument(version)));

test('docs/openapi.json is current: `npm run openapi` writes it', async () => {
  expect(JSON.parse(await readFile(new URL('docs/openapi.json', root), 'utf8'))).toEqual(document);
});

const own = routes.filter(({ surface }) => describedSurfaces.has(surface));

test('every route of the native API, of callbacks and hooks is in it, and nothing else', () => {
  const written = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(written.sort()).toEqual(own.map(({ method, path }) => `${method} ${path}`).sort());
  expect(new Set(own.map(({ operation }) => operation))).toEqual(new Set(Object.keys(operations)));
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
    readonly schema: { readonly type: string };
  }[];
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
  expect(names.size).toBe(own.length);
});

const eachOperation = own.map((route) => ({
  route,
  operation: document.paths[route.path][route.method.toLowerCase()] as Operation,
}));

test('who may call is said by the security of each operation, in schemes that are there', () => {
  const schemes = Object.keys(document.components.securitySchemes);
  for (const { route, operation } of eachOperation) {
    const names = operation.security.flatMap((one) => Object.keys(one));
    expect(schemes).toEqual(expect.arrayContaining(names));
    const isTokenInPath = route.path.includes('{token}');
    const wanted = {
      public: [],
      callback: isTokenInPath ? [] : ['callback'],
      hook: ['standardWebhooks', 'github', 'bitbucket', 'gitlabToken'],
    };
    expect([route.path, names]).toEqual([route.path, wanted[route.scope as keyof typeof wanted] ?? ['key']]);
  }
});

test('every operation has one tag, every tag a description and operations', () => {
  const webhooks = Object.values<{ post: Operation }>(document.webhooks).map(({ post }) => post);
  const used = [...eachOperation.map(({ operation }) => operation), ...webhooks].map(({ tags }) => tags);
  expect(used.every(({ length }) => length === 1)).toBe(true);
  expect([...new Set(used.flat())].sort()).toEqual(document.tags.map(({ name }: { name: string }) => name).sort());
  for (const { description } of document.tags) expect(description.length).toBeGreaterThan(20);
});

test('parameters have a type of their own, and those outside of the path a description', () => {
  const types: Record<string, string> = {};
  for (const { operation } of eachOperation) {
    for (const { name, description, schema, ...parameter } of operation.parameters) {
      expect([name, schema.type]).toEqual([name, expect.stringMatching(/^(string|integer|boolean|array)$/)]);
      if (parameter.in !== 'path') expect(description?.length).toBeGreaterThan(8);
      types[name] = schema.type;
    }
  }
  expect(types).toMatchObject({
    limit: 'integer',
    dryRun: 'boolean',
    result: 'array',
    planId: 'integer',
    cursor: 'string',
  });
});

test('answers say what is always there, bodies what may be left out', () => {
  const { PlanDocument, Plan, PlanExecutor, Run } = document.components.schemas;
  expect(PlanDocument.required).toEqual(['name', 'executor']);
  expect(Plan.required).toEqual(
    expect.arrayContaining(['project', 'rerun', 'suites', 'configs', 'schedules', 'links']),
  );
  expect(Plan.properties.machines.items.required).toEqual(['title']);
  expect(PlanExecutor.oneOf[0].required).toEqual(['type', 'command', 'directory']);
  expect(Run.required).toEqual(Object.keys(Run.properties));
  expect(document.paths['/v1/plans'].post.requestBody.required).toBe(true);
  expect(document.paths['/v1/runs/{runId}/rerun'].post.requestBody.required).toBe(false);
});

test('every webhook a subscription may ask for, and the ping, is in it', () => {
  expect(Object.keys(document.webhooks).sort()).toEqual([...notifyTypes, 'endpoint.ping'].sort());
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
