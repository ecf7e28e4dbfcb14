import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/local.ts';

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let system: TestSystem;
let server: Server;
let hooks: string;
const received: Received[] = [];

beforeAll(async () => {
  vi.stubEnv('JOURNEY_SECRET', secret);
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hooks = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  system = await startTestSystem();
});
afterAll(async () => {
  await system.close();
  server.close();
  vi.unstubAllEnvs();
});

const waitFor = async (count: number): Promise<void> => {
  for (let tries = 0; received.length < count && tries < 400; tries++) await sleep(50);
};
const verify = ({ body, headers }: Received, key: string): unknown =>
  new Webhook(key).verify(body, headers as Record<string, string>);

test('a run of the embedded system tells its subscriber and its callback, in signatures their library accepts', async () => {
  const plan = await system.post<{ id: number }>('/v1/plans', {
    name: 'told',
    executor: { type: 'command', command: 'false', directory: system.directory },
    notify: [{ url: `${hooks}/chat`, on: ['run.completed', 'plan.became_failed'], secret: 'env:JOURNEY_SECRET' }],
  });
  const ping = await system.post<{ deliveries: { state: string }[] }>(`/v1/plans/${plan.body.id}/notify/test`, '');
  expect(ping.body.deliveries).toMatchObject([{ state: 'delivered' }]);
  const run = await system.post<{ id: number }>(`/v1/plans/${plan.body.id}/runs`, { callbackUrl: `${hooks}/ci?t=1` });
  const { result } = await system.completed(run.body.id);
  await waitFor(4);
  const { secrets } = (await system.call<{ secrets: [string] }>('/v1/callback-secrets')).body;
  const told = received.map((one) => {
    const { type, data } = verify(one, one.path === '/chat' ? secret : secrets[0]) as {
      type: string;
      data: { runId?: number; result?: string };
    };
    return [one.path, type, data.runId, data.result];
  });
  expect(told.sort()).toEqual([
    ['/chat', 'endpoint.ping', undefined, undefined],
    ['/chat', 'plan.became_failed', run.body.id, result],
    ['/chat', 'run.completed', run.body.id, result],
    ['/ci?t=1', 'run.completed', run.body.id, result],
  ]);
  // The answer is recorded after it was received.
  await vi.waitFor(async () => {
    const list = await system.call<{ deliveries: { state: string }[] }>(`/v1/deliveries?run=${run.body.id}`);
    expect(list.body.deliveries.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  }, 10_000);
});
