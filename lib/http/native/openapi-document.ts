import type * as z from 'zod/mini';
import { maxId } from '../../core/schema.ts';
import { type Route, routes, type Surface } from '../routes.ts';
import { problemAnswer } from './answer-schemas.ts';
import recorded from './example-answers.json' with { type: 'json' };
import { type Example, examples } from './examples.ts';
import { answerRef, bodyRef, toComponents } from './openapi-components.ts';
import { tagOf, tags } from './openapi-tags.ts';
import { toWebhookSchemas, toWebhooks, type WebhookExamples } from './openapi-webhooks.ts';
import { type OperationDoc, operations } from './operations.ts';
import type { Parameter } from './parameters.ts';
import { type Answered, resolveExample } from './resolve-example.ts';

/** Their operations are described; the vendors' APIs are described by their vendors. */
export const describedSurfaces: ReadonlySet<Surface> = new Set(['native', 'callbacks', 'hooks']);

const answered: Answered = recorded.answers;

/**
 * The OpenAPI 3.1 document of the native API, of callbacks, hooks and webhooks, made from the route table, the schemas of the
 * rim and the examples.
 */
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
    tags,
    paths,
    webhooks: toWebhooks(recorded.webhooks as WebhookExamples),
    components: {
      schemas: { ...toComponents(), ...toWebhookSchemas() },
      responses: {
        Problem: {
          description: 'RFC 9457 problem; `code` says which',
          content: { 'application/problem+json': { schema: answerRef(problemAnswer) } },
        },
      },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `prk_…`' },
        callback: { type: 'http', scheme: 'bearer', description: 'The token of an attempt, `cbt1.…`' },
        ...hookSchemes,
      },
    },
  };
}

/** The name of the route's operation in the document. */
export function operationIdOf({ method, path, operation }: Pick<Route, 'method' | 'path' | 'operation'>): string {
  if (operation === 'hooks.receive') return 'receiveHook';
  const [, name = operation] = operation.split('.');
  // A vendor may call back by either method.
  return path.startsWith('/callbacks/t/') ? `${name}By${method === 'GET' ? 'Get' : 'Path'}` : name;
}

function toOperation(route: Route, doc: OperationDoc) {
  const { path, scope } = route;
  const operationId = operationIdOf(route);
  const example = resolveExample(examples[operationId] ?? {}, answered);
  return {
    operationId,
    tags: [tagOf(path)],
    summary: doc.summary,
    ...(/^[A-Z]/.test(scope) ? { description: `Needs the scope \`${scope}\`.` } : {}),
    security: toSecurity(route),
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => toPathParameter(name, example)),
      ...toParameters('query', example, doc.query),
      ...toParameters('header', example, doc.headers),
    ],
    ...(doc.body === undefined ? {} : { requestBody: toBody(doc.body, doc.also ?? [], example) }),
    responses: toResponses(doc, scope, answered[operationId]),
  };
}

function toSecurity({ path, scope }: Route) {
  if (scope === 'hook') return Object.keys(hookSchemes).map((name) => ({ [name]: [] }));
  // The token is in the path.
  if (scope === 'public' || path.startsWith('/callbacks/t/')) return [];
  return [{ [scope === 'callback' ? 'callback' : 'key']: [] }];
}

const inHeader = (name: string, description: string) => ({ type: 'apiKey', in: 'header', name, description });
/** How callers of hooks prove who they are. */
const hookSchemes = {
  standardWebhooks: inHeader('webhook-signature', 'Standard Webhooks: `v1,` and the HMAC-SHA256 in base64'),
  github: inHeader('X-Hub-Signature-256', 'GitHub: `sha256=` and the HMAC-SHA256 of the body'),
  bitbucket: inHeader('X-Hub-Signature', 'Bitbucket: `sha256=` and the HMAC-SHA256 of the body'),
  gitlabToken: inHeader('X-Gitlab-Token', 'GitLab without a signing token: the secret itself'),
};

const numbers = new Set(['planId', 'caseId', 'runId', 'environmentId', 'configId', 'scheduleId', 'attempt']);

function toPathParameter(name: string, { with: values = {} }: Example) {
  const schema = numbers.has(name) ? { type: 'integer', minimum: 1, maximum: maxId } : { type: 'string' };
  return { name, in: 'path', required: true, schema, ...exampleOf(values[name]) };
}

function toParameters(
  where: 'query' | 'header',
  { with: values = {} }: Example,
  given: Readonly<Record<string, Parameter>> = {},
) {
  return Object.entries(given).map(([name, { description, schema }]) => {
    // A list is one value with commas.
    const explode = schema.type === 'array' ? { explode: false } : {};
    return { name, in: where, description, ...explode, schema, ...exampleOf(values[name]) };
  });
}

function toBody(body: z.ZodMiniType, also: readonly string[], { body: example, type }: Example) {
  const schema = bodyRef(body);
  const content = Object.fromEntries(
    ['application/json', ...also].map((each) => {
      const isJson = /json|yaml/.test(each);
      return [
        each,
        {
          schema: isJson ? schema : { type: 'string' },
          ...exampleOf(each === (type ?? 'application/json') ? example : undefined),
        },
      ];
    }),
  );
  // Nothing at all is read as `{}`.
  return { required: !body.safeParse({}).success, content };
}

function toResponses(doc: OperationDoc, scope: Route['scope'], answered: Answered[string] | undefined) {
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(doc.answers)) {
    responses[status] = toResponse(answer, Number(status) === answered?.status ? answered.body : undefined);
  }
  const refusals = scope === 'public' ? [] : scope === 'callback' ? [401] : scope === 'hook' ? [] : [401, 403];
  for (const status of [...refusals, ...(doc.problems ?? [])]) {
    responses[status] = { $ref: '#/components/responses/Problem' };
  }
  responses.default = { $ref: '#/components/responses/Problem' };
  return responses;
}

function toResponse(answer: OperationDoc['answers'][number], example: unknown) {
  if (typeof answer !== 'string') {
    const refs = [answer].flat().map(answerRef);
    const schema = refs.length === 1 ? refs[0] : { anyOf: refs };
    return { description: 'Done', content: { 'application/json': { schema, ...exampleOf(example) } } };
  }
  if (!answer.includes('/')) return { description: answer };
  const schema = { type: answer.endsWith('json') ? 'object' : 'string' };
  return { description: 'Done', content: { [answer]: { schema, ...exampleOf(example) } } };
}

function exampleOf(example: unknown) {
  return example === undefined ? {} : { example };
}
