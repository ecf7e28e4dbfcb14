import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { createStores } from '../../lib/adapters/dynamodb/client.ts';
import { parsePlan } from '../../lib/core/plan.ts';
import { serveTable } from '../support/table.ts';

/** Calls to Step Functions and EventBridge, by the operation's name. */
const calls: { readonly operation: string; readonly input: Record<string, unknown> }[] = [];
let api: Server;
let table: Awaited<ReturnType<typeof serveTable>>;
let stores: ReturnType<typeof createStores>;
let handler: (event: unknown) => Promise<void>;

beforeAll(async () => {
  table = await serveTable();
  stores = createStores(table.client, table.tableName);
  api = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    calls.push({ operation, input: JSON.parse(Buffer.concat(chunks).toString()) });
    const answer =
      operation === 'PutEvents'
        ? { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] }
        : { executionArn: 'arn', startDate: 1 };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  for (const [name, value] of Object.entries({
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    AWS_ENDPOINT_URL_SFN: endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint,
    TABLE_NAME: table.tableName,
    BUS_NAME: 'proctor',
    STATE_MACHINE_ARN: 'arn:aws:states:local:1:stateMachine:run',
    PUBLIC_URL: 'https://proctor.example',
  }))
    vi.stubEnv(name, value);
  await stores.plans.createPlan(plan('after deployments', deployments), 1, 1);
  await stores.plans.createPlan(plan('plain', []), 1, 1);
  ({ handler } = await import('../../functions/bus-event.ts'));
});
beforeEach(() => {
  calls.length = 0;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  api.close();
  await table.close();
});

const plan = (name: string, events: readonly object[]) =>
  parsePlan({ name, executor: { type: 'http', url: 'https://runner.example/start' }, triggers: { events } });
const deployments = [
  {
    name: 'pipeline',
    pattern: { source: ['aws.codepipeline'], detail: { state: ['SUCCEEDED'] } },
    variables: { PIPELINE: '$.detail.pipeline', FROM: 'pipeline' },
  },
  { name: 'service', pattern: { source: ['aws.ecs'], detail: { eventName: ['SERVICE_DEPLOYMENT_COMPLETED'] } } },
  { name: 'group', pattern: { source: ['aws.codedeploy'], detail: { state: ['SUCCESS'] } } },
];
const envelope = {
  version: '0',
  account: '123456789012',
  region: 'eu-west-1',
  time: '2027-01-04T09:00:00Z',
};
// As the user guides of the services show them.
const samples = {
  pipeline: {
    ...envelope,
    id: '01234567-0123-0123-0123-012345678901',
    source: 'aws.codepipeline',
    'detail-type': 'CodePipeline Pipeline Execution State Change',
    resources: ['arn:aws:codepipeline:eu-west-1:123456789012:shop'],
    detail: { pipeline: 'shop', 'execution-id': '01234567', state: 'SUCCEEDED', version: 1 },
  },
  service: {
    ...envelope,
    id: 'ddca6449-b258-46c0-8653-e0e3aEXAMPLE',
    source: 'aws.ecs',
    'detail-type': 'ECS Deployment State Change',
    resources: ['arn:aws:ecs:eu-west-1:123456789012:service/default/shop'],
    detail: {
      eventType: 'INFO',
      eventName: 'SERVICE_DEPLOYMENT_COMPLETED',
      deploymentId: 'ecs-svc/123',
      reason: 'ECS deployment ecs-svc/123 completed.',
    },
  },
  group: {
    ...envelope,
    id: 'c071bfbf-83c4-49ca-a6ff-3df053957145',
    source: 'aws.codedeploy',
    'detail-type': 'CodeDeploy Deployment State-change Notification',
    resources: ['arn:aws:codedeploy:eu-west-1:123456789012:application:shop'],
    detail: { region: 'eu-west-1', deploymentId: 'd-123', state: 'SUCCESS', application: 'shop' },
  },
};
const runsOf = async (planId: number) =>
  Promise.all((await stores.runs.listByPlan(planId, 2 ** 31, 100)).map((id) => stores.runs.getRun(id)));
const schemaOf = async (name: string) =>
  z.fromJSONSchema(JSON.parse(await readFile(`docs/events/${name}.schema.json`, 'utf8')));
const told = () =>
  calls.flatMap(({ operation, input }) =>
    operation === 'PutEvents' ? (input.Entries as Record<string, string>[]) : [],
  );

test.each(Object.entries(samples))(
  'an event of a %s starts one run, though it is delivered three times',
  async (name, event) => {
    const before = (await runsOf(1)).length;
    await handler(event);
    await Promise.all([handler(event), handler(event)]);
    const runs = await runsOf(1);
    expect(runs).toHaveLength(before + 1);
    const [run] = runs;
    expect(run?.trigger).toMatchObject({ type: 'event', event: { id: event.id, source: event.source } });
    if (name !== 'pipeline') return;
    expect((await stores.runs.getInput(run?.id ?? 0, true)).runtimeData).toEqual({
      PIPELINE: 'shop',
      FROM: 'pipeline',
    });
    expect(calls.filter(({ operation }) => operation === 'StartExecution')[0]?.input).toMatchObject({
      name: `run-${run?.id}-1`,
    });
  },
);

test('an event nobody waits for starts nothing', async () => {
  const before = (await runsOf(1)).length;
  await handler({ ...samples.pipeline, id: 'other', detail: { ...samples.pipeline.detail, state: 'FAILED' } });
  expect([(await runsOf(1)).length, calls]).toEqual([before, []]);
});

test('a Run Requested starts a run, once for each requestId', async () => {
  const detail = { plan: { name: 'plain' }, buildNo: '7', runtimeData: { A: 'b' }, requestId: 'deploy-7' };
  expect((await schemaOf('run-requested')).safeParse(detail).error).toBeUndefined();
  const event = { ...envelope, id: 'one', source: 'com.acme', 'detail-type': 'Run Requested', resources: [], detail };
  for (const id of ['one', 'two']) await handler({ ...event, id });
  expect(await runsOf(2)).toMatchObject([{ buildNo: '7', trigger: { event: { source: 'com.acme' } } }]);
});

test.each([
  ['names no plan there is', { plan: 999 }, 'NOT_FOUND'],
  ['names no plan', { buildNo: '7' }, 'VALIDATION_FAILED'],
  ['has a typo', { plan: 2, build: '7' }, 'VALIDATION_FAILED'],
  ['came by runs of that plan', { plan: 2, causedBy: 1, requestId: 'ring' }, 'PLAN_CYCLE'],
  ['reuses an id', { plan: { name: 'plain' }, requestId: 'deploy-7' }, 'IDEMPOTENCY_KEY_REUSED'],
])('a Run Requested that %s is refused for good, and the bus is told so', async (what, given, code) => {
  const [first] = await runsOf(2);
  const detail = 'causedBy' in given ? { ...given, causedBy: first?.id } : given;
  const event = { ...envelope, id: what, source: 'com.acme', 'detail-type': 'Run Requested', resources: [], detail };
  for (let i = 0; i < 2; i++) await handler(event);
  const events = told().map(({ DetailType, Detail }) => [DetailType, JSON.parse(String(Detail))] as const);
  expect(events.map(([type, { code }]) => [type, code])).toEqual(Array(2).fill(['Run Refused', code]));
  expect(new Set(events.map(([, { id }]) => id)).size).toBe(1);
  expect((await schemaOf('run-refused')).safeParse(events[0]?.[1]).error).toBeUndefined();
  // What was refused starts nothing, by its own event neither.
  await handler({ ...envelope, id: 'r', source: 'proctor', 'detail-type': 'Run Refused', detail: events[0]?.[1] });
  expect(await runsOf(2)).toHaveLength(1);
});
