import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { LocalEvent } from '../../lib/adapters/local-bus.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

interface Listed {
  readonly id: number;
  readonly status: string;
  readonly trigger: { readonly type: string; readonly event: { readonly id: string; readonly source: string } | null };
}

let system: TestSystem;
const heard: LocalEvent[] = [];
beforeAll(async () => {
  system = await startTestSystem();
  system.system.subscribe((event) => heard.push(event));
});
beforeEach(() => {
  heard.length = 0;
});
afterAll(() => system.close());

/** The tests of the plan only write down which variables they got. */
const apply = async (name: string, events: readonly object[], change: object = {}): Promise<number> => {
  const answer = await system.post<{ id: number }>('/v1/plans', {
    name,
    executor: { type: 'command', command: `echo "$WHAT" >> ${name}.txt`, directory: system.directory },
    triggers: { events },
    ...change,
  });
  expect([name, answer.status, answer.text]).toEqual([name, 201, expect.anything()]);
  return answer.body.id;
};
const runsOf = async (planId: number): Promise<Listed[]> =>
  (await system.call<{ runs: Listed[] }>(`/v1/runs?plan=${planId}`)).body.runs;
const put = (event: object) => system.post<{ id: string }>('/v1/events', event);
const trigger = async (planId: number): Promise<number> =>
  (await system.post<{ id: number }>(`/v1/plans/${planId}/runs`, {})).body.id;
const refusals = () => heard.filter((event) => event['detail-type'] === 'Run Refused').map(({ detail }) => detail);
const endedOf = (planName: string) =>
  heard.filter((event) => event['detail-type'] === 'Run Completed' && event.detail.planName === planName);
const completionOf = (planName: string) => ({
  source: ['proctor'],
  'detail-type': ['Run Completed'],
  detail: { planName: [planName] },
});

test('the completion of one plan starts the next, with what the event says', async () => {
  const build = await apply('build', []);
  const smoke = await apply('smoke', [{ pattern: completionOf('build'), variables: { WHAT: '$.detail.buildNo' } }]);
  await system.post(`/v1/plans/${build}/runs`, { buildNo: '7.1' });
  await vi.waitFor(async () => expect(await runsOf(smoke)).toMatchObject([{ status: 'completed' }]), 20_000);
  const [run] = await runsOf(smoke);
  expect(run?.trigger).toMatchObject({ type: 'event', event: { id: endedOf('build')[0]?.id, source: 'proctor' } });
  expect(endedOf('smoke')[0]?.detail).toMatchObject({
    trigger: 'event',
    triggerEvent: { id: endedOf('build')[0]?.id, detailType: 'Run Completed' },
  });
  // A crash between the event and its mark in the outbox publishes it again.
  const { id = '', detail = {} } = endedOf('build')[0] ?? {};
  await system.system.services.bus.publish([{ id, detailType: 'Run Completed', time: Date.now(), detail }]);
  expect(await runsOf(smoke)).toHaveLength(1);
  expect(await readFile(`${system.directory}/smoke.txt`, 'utf8')).toBe('7.1\n');
});

test('plans that start each other come to an end, and the bus hears why', async () => {
  const one = await apply('one', [{ name: 'after two', pattern: completionOf('two') }]);
  const two = await apply('two', [{ pattern: completionOf('one') }]);
  await trigger(one);
  await vi.waitFor(() => expect(refusals()).toHaveLength(1), 20_000);
  await sleep(300);
  expect([(await runsOf(one)).length, (await runsOf(two)).length]).toEqual([1, 1]);
  expect(refusals()).toMatchObject([
    {
      code: 'PLAN_CYCLE',
      planId: one,
      trigger: 'after two',
      message: expect.stringContaining(`${one} > ${two} > ${one}`),
    },
  ]);
});

test('a Run Requested that is delivered twice starts one run', async () => {
  const asked = await apply('asked', []);
  const event = {
    source: 'com.acme.deployer',
    detailType: 'Run Requested',
    detail: { plan: { name: 'asked' }, buildNo: '12', runtimeData: { WHAT: 'asked' } },
    id: 'deployment-12',
  };
  for (let i = 0; i < 2; i++) expect(await put(event)).toMatchObject({ status: 202, body: { id: 'deployment-12' } });
  expect(await runsOf(asked)).toMatchObject([{ buildNo: '12', trigger: { event: { id: 'deployment-12' } } }]);
  await put({ ...event, id: 'deployment-13', detail: { plan: asked } });
  expect(await runsOf(asked)).toHaveLength(2);
});

test('a finished pipeline starts the plan that waits for it, another one does not', async () => {
  const deployed = await apply('deployed', [
    {
      pattern: { source: ['aws.codepipeline'], detail: { pipeline: ['shop'], state: ['SUCCEEDED'] } },
      variables: { WHAT: '$.detail.pipeline' },
    },
  ]);
  // "CodePipeline events", user guide of EventBridge.
  const event = (id: string, pipeline: string, state: string) => ({
    id,
    source: 'aws.codepipeline',
    detailType: 'CodePipeline Pipeline Execution State Change',
    detail: { pipeline, 'execution-id': '12345678-1234', state, version: 3 },
  });
  await put(event('a', 'shop', 'STARTED'));
  await put(event('b', 'blog', 'SUCCEEDED'));
  expect(await runsOf(deployed)).toEqual([]);
  await put(event('c', 'shop', 'SUCCEEDED'));
  expect(await runsOf(deployed)).toHaveLength(1);
});

test.each([
  ['an unknown plan', { plan: 99_999 }, 'NOT_FOUND', /plan 99999/],
  ['no plan', {}, 'VALIDATION_FAILED', /^plan: /],
  ['a typo', { plan: 1, buildno: '1' }, 'VALIDATION_FAILED', /buildno/],
])('a Run Requested for %s is refused, and the bus hears why', async (what, detail, code, message) => {
  const answer = await put({ source: 'com.acme', detailType: 'Run Requested', detail, id: what });
  expect(answer.status).toBe(202);
  expect(refusals()).toMatchObject([
    { code, message: expect.stringMatching(message), refusedEvent: { id: what, source: 'com.acme' } },
  ]);
});

test('nobody but Proctor speaks as Proctor', async () => {
  const answer = await put({ source: 'proctor', detailType: 'Run Completed', detail: {} });
  expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
});
