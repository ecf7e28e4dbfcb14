import type * as z from 'zod/mini';
import { maxId } from '../../core/schema.ts';
import { type Route, routes } from '../routes.ts';
import { problemAnswer } from './answer-schemas.ts';
import { answerRef, bodyRef, toComponents } from './openapi-components.ts';
import { type OperationDoc, operations } from './operations.ts';
import type { Parameter } from './parameters.ts';

/** The OpenAPI 3.1 document of the native and the callback API, made from the route table and the schemas of the rim. */
export function createOpenapiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes as readonly Route[]) {
    const doc = operations[route.operation as keyof typeof operations] as OperationDoc | undefined;
    if (doc === undefined) continue;
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: toOperation(route, doc) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Proctor',
      version,
      description:
        'Runs test plans as a service. Words of an enumeration may be added: tolerate those you do not know.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [{ name: 'native' }, { name: 'callbacks' }],
    paths,
    components: {
      schemas: toComponents(),
      responses: {
        Problem: {
          description: 'RFC 9457 problem; `code` says which',
          content: { 'application/problem+json': { schema: answerRef(problemAnswer) } },
        },
      },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `prk_…`' },
        callback: { type: 'http', scheme: 'bearer', description: 'The token of an attempt, `cbt1.…`' },
      },
    },
  };
}

function toOperation({ method, path, operation, scope, surface }: Route, doc: OperationDoc) {
  const [, name = operation] = operation.split('.');
  const inPath = path.startsWith('/callbacks/t/');
  const isOpen = scope === 'public' || inPath;
  return {
    // A vendor may call back by either method.
    operationId: inPath ? `${name}By${method === 'GET' ? 'Get' : 'Path'}` : name,
    tags: [surface],
    summary: doc.summary,
    ...(scope === 'public' || scope === 'callback' ? {} : { description: `Needs the scope \`${scope}\`.` }),
    security: isOpen ? [] : [{ [scope === 'callback' ? 'callback' : 'key']: [] }],
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({
        name: parameter,
        in: 'path',
        required: true,
        schema: numbers.has(parameter) ? { type: 'integer', minimum: 1, maximum: maxId } : { type: 'string' },
      })),
      ...toParameters('query', doc.query),
      ...toParameters('header', doc.headers),
    ],
    ...(doc.body === undefined ? {} : { requestBody: toBody(doc.body, doc.also ?? []) }),
    responses: toResponses(doc, scope),
  };
}

const numbers = new Set(['planId', 'caseId', 'runId', 'environmentId', 'configId', 'scheduleId', 'attempt']);

function toParameters(where: 'query' | 'header', given: Readonly<Record<string, Parameter>> = {}) {
  return Object.entries(given).map(([name, { description, schema }]) => {
    // A list is one value with commas.
    const explode = schema.type === 'array' ? { explode: false } : {};
    return { name, in: where, description, ...explode, schema };
  });
}

function toBody(body: z.ZodMiniType, also: readonly string[]) {
  const schema = bodyRef(body);
  const others = also.map((type) => [type, /yaml/.test(type) ? { schema } : { schema: { type: 'string' } }]);
  // Nothing at all is read as `{}`.
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema }, ...Object.fromEntries(others) } };
}

function toResponses(doc: OperationDoc, scope: Route['scope']) {
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(doc.answers)) responses[status] = toResponse(answer);
  const refusals = scope === 'public' ? [] : scope === 'callback' ? [401] : [401, 403];
  for (const status of [...refusals, ...(doc.problems ?? [])]) {
    responses[status] = { $ref: '#/components/responses/Problem' };
  }
  responses.default = { $ref: '#/components/responses/Problem' };
  return responses;
}

function toResponse(answer: OperationDoc['answers'][number]) {
  if (typeof answer !== 'string') {
    const refs = [answer].flat().map(answerRef);
    const schema = refs.length === 1 ? refs[0] : { anyOf: refs };
    return { description: 'Done', content: { 'application/json': { schema } } };
  }
  if (!answer.includes('/')) return { description: answer };
  const schema = answer === 'application/json' ? { type: 'object' } : { type: 'string' };
  return { description: 'Done', content: { [answer]: { schema } } };
}
