import type * as z from 'zod/mini';
import { maxId } from '../../core/schema.ts';
import { type Route, routes } from '../routes.ts';
import * as answers from './answer-schemas.ts';
import * as history from './history-schemas.ts';
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
    ...describeAccess(scope),
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

const numbers = new Set(['planId', 'runId', 'environmentId', 'configId', 'scheduleId', 'attempt']);

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
  const refusals = scope === 'public' ? [] : scope === 'callback' || scope === 'key' ? [401] : [401, 403];
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

/** Schemas by the name they have in the document. */
const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries<z.ZodMiniType>({
  PlanDocument: planSchema,
  Executor: executorSettings,
  TriggerBody: bodies.triggerBody,
  RerunBody: bodies.rerunBody,
  OverrideBody: bodies.overrideBody,
  ConfigBody: configBody,
  ResultsBody: bodies.resultsBody,
  EnvironmentBody: bodies.environmentBody,
  EnvironmentChange: bodies.environmentChange,
  ProjectBody: bodies.projectBody,
  KeyBody: bodies.keyBody,
  PingBody: bodies.pingBody,
  EventBody: bodies.eventBody,
  HookBody: bodies.hookBody,
  HookChange: bodies.hookChange,
  RotateHookBody: bodies.rotateHookBody,
  ScheduleBody: schedules.scheduleBody,
  ScheduleChange: schedules.scheduleChange,
  PreviewBody: schedules.previewBody,
  Plan: answers.planAnswer,
  Plans: answers.plansAnswer,
  Config: answers.configAnswer,
  Configs: answers.configsAnswer,
  Run: answers.runAnswer,
  Runs: answers.runsAnswer,
  Cases: answers.casesAnswer,
  Overrides: answers.overridesAnswer,
  History: history.historyAnswer,
  CaseHistory: history.caseHistoryAnswer,
  Attempts: answers.attemptsAnswer,
  Explanation: answers.explainAnswer,
  Environment: answers.environmentAnswer,
  Environments: answers.environmentsAnswer,
  Schedule: answers.scheduleAnswer,
  Schedules: answers.schedulesAnswer,
  Occurrences: answers.occurrencesAnswer,
  SchedulePreview: answers.previewAnswer,
  Project: answers.projectAnswer,
  Projects: answers.projectsAnswer,
  Delivery: answers.deliveryAnswer,
  Deliveries: answers.deliveriesAnswer,
  Pings: answers.pingsAnswer,
  PutEvent: answers.eventAnswer,
  CallbackSecrets: answers.callbackSecretsAnswer,
  Event: answers.eventAnswer,
  Hook: answers.hookAnswer,
  Hooks: answers.hooksAnswer,
  NewHook: answers.newHookAnswer,
  HookCalls: answers.hookCallsAnswer,
  Keys: answers.keysAnswer,
  NewKey: answers.newKeyAnswer,
  Accepted: answers.acceptedAnswer,
  Problem: answers.problemAnswer,
})) {
  names.add(schema, { id });
}

const uriOf = (id: string): string => `#/components/schemas/${id}`;

function refTo(schema: z.ZodMiniType): { $ref: string } {
  const name = names.get(schema)?.id;
  if (name === undefined) throw new Error('a schema of the API has no name');
  return { $ref: uriOf(name) };
}

/** As clients write them: before defaults are filled in. OpenAPI 3.1 is JSON Schema 2020-12, so nothing is translated. */
function toComponents(): Record<string, unknown> {
  const { schemas } = z.toJSONSchema(names, { io: 'input', unrepresentable: 'any', uri: uriOf });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}
