import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStoresOn } from '../../lib/adapters/dynamodb/client.ts';
import { createEgress, type Egress, type EgressResponse } from '../../lib/adapters/egress.ts';
import { readJUnit } from '../../lib/adapters/junit/read-junit.ts';
import { createLocalSender } from '../../lib/adapters/local-sender.ts';
import { createLocalWorkflow } from '../../lib/adapters/local-workflow.ts';
import { createNodeServer } from '../../lib/adapters/node-server.ts';
import { createPostWebhook } from '../../lib/adapters/webhook-post.ts';
import { parsePlan } from '../../lib/core/plan.ts';
import type { BusEvent, Services } from '../../lib/core/ports.ts';
import { createHttpExecutor } from '../../lib/executors/http.ts';
import { createAddResults } from '../../lib/http/callbacks/results.ts';
import { createEntry } from '../../lib/http/entry.ts';
import { completeRun } from '../../lib/workflow/complete-run.ts';
import { renderNative } from '../../lib/workflow/render-delivery.ts';
import { sendDelivery } from '../../lib/workflow/send-delivery.ts';
import { stepRun } from '../../lib/workflow/step-run.ts';
import { sweep } from '../../lib/workflow/sweep.ts';
import { triggerRun } from '../../lib/workflow/trigger-run.ts';
import { createFakeSecrets } from './fake-secrets.ts';
import { type NetworkFault, openFaultyProxy } from './faulty-proxy.ts';
import { seededBytes } from './http.ts';
import { createMemoryTable } from './memory-table.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** The connections between us and the world: to the runner, to a receiver of webhooks, and from the runner to us. */
export const links = ['runner', 'receiver', 'callbacks'] as const;
export type Link = (typeof links)[number];

/** How long we wait for an answer here, in milliseconds of real time. */
const patienceMs = 200;
const cases = ['pays', 'refunds', 'ships'];

/** A message as the receiver got it, and what went wrong with its connection. */
export interface Receipt {
  readonly id: string;
  readonly body: string;
  readonly fault: NetworkFault | undefined;
}

/** Real sockets between the procedures, a runner and a receiver, with a proxy on each way; the time between them is virtual. */
export async function openNetworkWorld(decide: (link: Link) => NetworkFault | undefined) {
  const clock = createVirtualClock();
  const stores = createStoresOn(createMemoryTable());
  const published: BusEvent[] = [];
  const receipts: Receipt[] = [];
  /** Attempts the runner has started, by the key of their dispatch. */
  const jobs = new Set<string>();
  /** Statuses of the answers to batches that came through. */
  const answers: number[] = [];
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

  const runner = await listen(async (request, response) => {
    const dispatch = JSON.parse(await textOf(request));
    const isNew = !jobs.has(dispatch.key);
    jobs.add(dispatch.key);
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ ref: dispatch.key }));
    if (isNew) clock.after(1000, () => report(dispatch));
  });
  const receiver = await listen(async (request, response) => {
    const body = await textOf(request);
    const fault = proxies.receiver.faultOf(request.socket.remotePort);
    receipts.push({ id: String(request.headers['webhook-id']), body, fault });
    response.writeHead(204).end();
  });

  /** One case fails in the first attempt. Whatever gets no answer is sent again, to the byte. */
  const report = async (dispatch: {
    readonly attempt: number;
    readonly selection: readonly { readonly name: string }[] | null;
    readonly callback: { readonly url: string; readonly token: string };
  }): Promise<void> => {
    const names = dispatch.selection?.map(({ name }) => name) ?? cases;
    const resultOf = (name: string): string => (name === 'ships' && dispatch.attempt === 1 ? 'failed' : 'passed');
    const batches = names.map((name, i) => ({
      batchId: `b${i}`,
      cases: [{ suite: 'S', name, result: resultOf(name) }],
    }));
    for (const batch of [...batches, { batchId: 'end', final: true, cases: [], expectedCases: names.length }])
      await send(dispatch.callback, JSON.stringify(batch));
  };
  const send = async ({ url, token }: { url: string; token: string }, body: string): Promise<void> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = { method: 'POST' as const, url: `${url}/results`, headers, body: new TextEncoder().encode(body) };
    let answer: EgressResponse | undefined;
    while (answer === undefined) answer = await egress.send(request).catch(() => undefined);
    answers.push(answer.status);
  };

  const real = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.0/8'], ports: 'any' });
  const egress: Egress = { ...real, send: (request) => real.send({ ...request, timeoutMs: patienceMs }) };
  const secrets = createFakeSecrets({ 'env:SECRET': secret });
  const executor = createHttpExecutor({ egress, secrets, now: clock.now, newId: () => `${clock.now()}` });
  const workflow = createLocalWorkflow({
    step: (runId) => stepRun(services, runId),
    complete: (runId) => completeRun(services, runId),
    timers: clock,
    log: () => {},
  });
  const post = createPostWebhook({ egress, secrets, now: clock.now });
  const sender = createLocalSender({
    send: (deliveryId) => sendDelivery(services, post, deliveryId),
    timers: clock,
    log: () => {},
  });
  const services: Services = {
    ...stores,
    workflow,
    sender,
    scheduler: { arm: async () => {}, disarm: async () => {} },
    renderDelivery: (_kind, run) => renderNative(services, run),
    bus: { publish: async (events) => void published.push(...events) },
    executors: () => executor,
    now: clock.now,
    random: seededBytes('network'),
    get publicUrl() {
      return proxies.callbacks.url;
    },
    masterKeys: async () => [{ epoch: 1, key: new Uint8Array(32) }],
    secrets,
    log: () => {},
  };
  const entry = createEntry({
    keys: stores.keys,
    now: clock.now,
    handlers: { 'callbacks.addResults': createAddResults(services, readJUnit) },
    log: () => {},
  });
  const us = await createNodeServer({ entry, host: '127.0.0.1', port: 0 });
  const proxies = {
    runner: await openFaultyProxy(portOf(runner), () => decide('runner')),
    receiver: await openFaultyProxy(portOf(receiver), () => decide('receiver')),
    callbacks: await openFaultyProxy(us.port, () => decide('callbacks')),
  };
  const document = parsePlan({
    name: 'network',
    overlap: 'allow',
    rerun: { max: 1 },
    executor: { type: 'http', url: `${proxies.runner.url}/start`, selects: 'cases', secret: 'env:SECRET' },
    suites: [{ name: 'S', cases: cases.map((name) => ({ name })) }],
    notify: [{ name: 'n', url: `${proxies.receiver.url}/`, on: ['run.completed'], secret: 'env:SECRET' }],
  });
  const plan = await stores.plans.createPlan(document, 1, clock.now());
  const sweeper = async (): Promise<void> => {
    clock.after(30_000, sweeper);
    await sweep(services);
  };
  clock.after(30_000, sweeper);
  const trigger = { type: 'api', keyId: 'key', ownerId: 1 } as const;

  return {
    published,
    receipts,
    jobs,
    answers,
    stores,
    /** One run from its trigger until its end was delivered. */
    async run(): Promise<number> {
      const { run } = await triggerRun(services, { planId: plan.id, maySee: () => true, trigger });
      const isOver = async (): Promise<boolean> => {
        const [delivery] = await stores.deliveries.listDeliveriesByRun(run.id);
        return delivery !== undefined && delivery.nextActionAt === undefined;
      };
      await clock.runUntil(isOver, 6 * 3_600_000);
      return run.id;
    },
    async close(): Promise<void> {
      for (const proxy of Object.values(proxies)) await proxy.close();
      await us.close(0);
      for (const server of [runner, receiver]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function listen(handler: RequestListener): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString('utf8');
}
