import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { toLookToken } from '../../lib/core/callback-token.ts';
import { examples } from '../../lib/http/native/examples.ts';
import { resolveExample } from '../../lib/http/native/resolve-example.ts';
import { toRequest } from './example-request.ts';
import { startTestSystem } from './local.ts';

/** What came back for one example, as the document shows it. */
export interface Visit {
  readonly status: number;
  readonly body?: unknown;
}

export interface Message {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Tour {
  readonly visits: Readonly<Record<string, Visit>>;
  /** What the plan's subscriptions and the callback URL were sent, in order. */
  readonly messages: readonly Message[];
}

const publicUrl = 'https://proctor.example.com';
export const chatSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** The outside world of the examples. */
const hosts = ['runner', 'hooks'] as const;

/**
 * Sends every example to an embedded system, in their order, over HTTP. `runner.example.com` and `hooks.example.com` are a
 * server of this process; in what comes back they have their names again.
 */
export async function tourApi(): Promise<Tour> {
  vi.stubEnv('CHAT_SECRET', chatSecret);
  vi.stubEnv('STAGING_TOKEN', 'token');
  const world = await openWorld();
  const system = await startTestSystem({ publicUrl });
  const { url, adminKey } = system.system;
  const [adminKeyId = ''] = (await system.call<{ keys: { id: string }[] }>('/v1/keys')).body.keys.map(({ id }) => id);
  const visits: Record<string, Visit> = {};
  /** Of the attempts dispatched to the runner. */
  const dispatches: { runId: number; attempt: number; callback: { token: string } }[] = [];
  const dispatched = (count: number) =>
    vi.waitFor(() => {
      const sent = world.messages.filter(({ url }) => url.endsWith('runner.example.com/start'));
      if (sent.length < count) throw new Error(`${sent.length} of ${count} attempts were dispatched`);
      dispatches.push(...sent.slice(dispatches.length).map(({ body }) => JSON.parse(body)));
    }, patience);
  const start = async (planId: number) => (await system.post<{ id: number }>(`/v1/plans/${planId}/runs`, {})).body.id;

  /** What has to have happened before an example makes sense. */
  const before: Readonly<Record<string, () => Promise<unknown>>> = {
    testNotify: () => system.post('/v1/plans/1/notify/test', { name: 'events' }),
    addProgress: () => dispatched(1),
    addProgressByPath: () => dispatched(2),
    getRun: () => system.completed(1),
    uploadResults: () => dispatched(3),
    getHistory: () => system.completed(2),
    stopRun: async () => {
      await start(1);
      await dispatched(4);
    },
    getOutput: async () => {
      const command = `echo "1 test"; echo '<testsuite name="Hello"><testcase name="greets"/></testsuite>' > {report}`;
      const executor = { type: 'command', directory: system.directory, command };
      const notify = [
        { name: 'chat', url: `${world.base}/hooks/hello`, on: ['run.completed'], secret: 'env:CHAT_SECRET' },
      ];
      const plan = { name: 'hello', project: 'shop', executor, notify };
      const { body } = await system.post<{ id: number }>('/v1/plans', plan);
      await system.completed(await start(body.id));
    },
    listDeliveries: () =>
      vi.waitFor(async () => {
        const { body } = await system.call<{ deliveries: object[] }>('/v1/deliveries?run=4&state=delivered');
        if (body.deliveries.length === 0) throw new Error('it is not delivered');
      }, patience),
    listSchedules: () =>
      system.post('/v1/schedules', { planId: 2, name: 'once', once: new Date(Date.now() + 1500).toISOString() }),
    listOccurrences: () =>
      vi.waitFor(async () => {
        const { body } = await system.call<{ occurrences: object[] }>('/v1/schedules/2/occurrences');
        if (body.occurrences.length === 0) throw new Error('the schedule has not fired');
      }, patience),
    deletePlan: async () => {
      await dispatched(5);
      await system.post('/v1/runs/6/stop', '');
      await system.completed(6);
    },
  };

  try {
    for (const [operationId, given] of Object.entries(examples)) {
      await before[operationId]?.();
      const dispatch = dispatches.at(-1);
      const example = resolveExample(given, visits);
      const callbackToken = dispatch?.callback.token ?? '';
      const isLook = operationId.startsWith('look');
      const request = toRequest(operationId, example, isLook ? toLookToken(callbackToken) : callbackToken);
      const token = request.isCallback ? callbackToken : adminKey.token;
      const response = await fetch(url + request.target, {
        method: request.method,
        headers: { authorization: `Bearer ${token}`, ...request.headers },
        ...(request.body === undefined ? {} : { body: world.outwards(request.body) }),
      });
      const answer = world.inwards(await response.text()).replaceAll(adminKeyId, 'adminkey0001');
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      visits[operationId] = {
        status: response.status,
        ...(answer === '' ? {} : { body: isJson ? JSON.parse(answer) : answer }),
      };
    }
    return { visits, messages: world.messages.filter(({ url }) => url.includes('hooks.example.com')) };
  } finally {
    await system.close();
    world.close();
    vi.unstubAllEnvs();
  }
}

const patience = { timeout: 60_000, interval: 50 };

/** A server that is each of the hosts, and keeps what they are sent. */
async function openWorld() {
  const messages: Message[] = [];
  const server = createServer(async (request, response) => {
    const body = inwards(await text(request));
    messages.push({ url: inwards(`${base}${request.url}`), headers: request.headers, body });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(request.url === '/runner/stop' ? '{"state":"ended"}' : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  const inwards = (given: string) =>
    hosts
      .reduce((changed, host) => changed.replaceAll(`${base}/${host}`, `https://${host}.example.com`), given)
      .replaceAll(`127.0.0.1:${port}`, 'hooks.example.com');
  const outwards = (given: string) =>
    hosts.reduce((changed, host) => changed.replaceAll(`https://${host}.example.com`, `${base}/${host}`), given);
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base, messages, inwards, outwards, close };
}
