import dgram from 'node:dgram';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, Socket } from 'node:net';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEgress, type EgressOptions } from '../../../lib/adapters/egress.ts';
import { createPostWebhook } from '../../../lib/adapters/webhook-post.ts';
import { callbackIdOf, type Delivery } from '../../../lib/core/delivery.ts';
import type { Services } from '../../../lib/core/ports.ts';
import { seal } from '../../../lib/core/sealed.ts';
import { sendDelivery } from '../../../lib/workflow/send-delivery.ts';
import { type DeliveryWorld, openDeliveryWorld } from '../../support/delivery-world.ts';
import { hostileAnswers, hostileHosts, hostileUrls } from './corpus.ts';

/** Every connection this process begins, as `host:port`; the table's own is left out once it is known. */
const connected: string[] = [];
const open: Server[] = [];
let d: DeliveryWorld;

beforeAll(async () => {
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [first] = (Array.isArray(args[0]) ? args[0] : args) as [{ host?: string; port?: number; path?: string }];
    connected.push(`${first.host ?? first.path}:${first.port}`);
    return Reflect.apply(connect, this, args) as Socket;
  });
  vi.spyOn(tls, 'connect');
  vi.spyOn(dgram, 'createSocket');
  d = await openDeliveryWorld();
});
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});
afterAll(async () => {
  await d.close();
  vi.restoreAllMocks();
});

let made = 0;
const aDelivery = async (url: string): Promise<Delivery> => {
  made += 1;
  const at = d.clock.now;
  const sealedUrl = seal(await d.services.masterKeys(), url, d.services.random);
  const to = { kind: 'callback', host: 'hostile', sealedUrl } as const;
  const about = { type: 'run.completed', state: 'pending', planId: 1, project: 'shop', runId: made } as const;
  const rest = { schedule: 'callback', body: '{}', createdAt: at, tries: 0, attempts: [], nextActionAt: at } as const;
  return { id: callbackIdOf(made), ...about, to, ...rest };
};
const resolveHostile = async (host: string) =>
  (hostileAnswers[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const postBy = (change: Partial<EgressOptions>, timeoutMs: number) =>
  createPostWebhook({
    egress: createEgress({ allowHttp: false, allowPrivate: [], ports: [], resolve: resolveHostile, ...change }),
    secrets: { get: async () => '' },
    now: d.services.now,
    timeoutMs,
  });

/** A delivery to the URL, as if it had been stored before anybody checked it, tried once. */
const deliver = async (url: string, change: Partial<EgressOptions> = {}, timeoutMs = 600): Promise<Delivery> => {
  const delivery = await aDelivery(url);
  await d.stores.deliveries.putDelivery(delivery);
  await sendDelivery(d.services, postBy(change, timeoutMs), delivery.id);
  return d.getDelivery(delivery.id);
};

/** The same without the table, which would take most of the time of hundreds of them. */
const deliverInMemory = async (url: string, change: Partial<EgressOptions> = {}): Promise<Delivery> => {
  let stored = await aDelivery(url);
  const keep = async (next: Partial<Delivery>): Promise<Delivery> => {
    stored = { ...stored, ...next };
    return stored;
  };
  const deliveries: Services['deliveries'] = {
    ...d.services.deliveries,
    getDelivery: async () => stored,
    claimDelivery: (_, { at, attempts }) => keep({ claimedAt: at, attempts, tries: stored.tries + 1 }),
    recordDelivery: (_, { state, attempts }) => keep({ state, attempts }),
  };
  await sendDelivery({ ...d.services, deliveries }, postBy(change, 600), stored.id);
  return stored;
};

/** The connections begun by the work, but those to the table. */
const connectionsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
  const [table = ''] = connected;
  connected.length = 0;
  await work();
  const others = connected.filter((target) => target !== table);
  connected.splice(0, connected.length, table);
  return others;
};
const embedded = { allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' } as const;
const listen = async (server: Server): Promise<string> => {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const serve = (listener: RequestListener) => listen(createServer(listener));

describe('the corpus', () => {
  const urls = [
    ...hostileHosts.map((host) => `https://${host}/hook?token=canary`),
    ...hostileUrls,
    ...Object.keys(hostileAnswers).map((host) => `https://${host}/hook?token=canary`),
  ];

  it('has more than 150 items, each once', () => {
    expect(new Set(urls).size).toBe(urls.length);
    expect(urls.length).toBeGreaterThan(250);
  });

  it('is refused as a whole: no socket, no datagram, and the log of each delivery says why', async () => {
    const failed: string[] = [];
    const begun = await connectionsOf(async () => {
      for (let from = 0; from < urls.length; from += 50) {
        const some = urls.slice(from, from + 50);
        const deliveries = await Promise.all(some.map((url) => deliverInMemory(url)));
        deliveries.forEach(({ state, attempts }, i) => {
          const refused = state === 'pending' && attempts.length === 1 && attempts[0]?.code === 'TARGET_REFUSED';
          if (!refused) failed.push(`${some[i]} ${JSON.stringify(attempts)}`);
        });
      }
    });
    expect(failed).toEqual([]);
    expect(begun).toEqual([]);
    expect(tls.connect).not.toHaveBeenCalled();
    expect(dgram.createSocket).not.toHaveBeenCalled();
    expect(JSON.stringify(d.logs)).not.toContain('canary');
  });

  it('is refused in embedded mode too, where loopback alone is open', async () => {
    const loopback = /127|localhost|lo\]|2130706433|0x7f|0X7F|017|①|１２７|⓪|ⓛ|ｌ|%31|7f00|::1|example/i;
    const others = hostileHosts.filter((host) => !loopback.test(host));
    expect(others.length).toBeGreaterThan(80);
    const begun = await connectionsOf(async () => {
      const deliveries = await Promise.all(others.map((host) => deliverInMemory(`http://${host}/`, embedded)));
      for (const { attempts } of deliveries) expect(attempts).toMatchObject([{ code: 'TARGET_REFUSED' }]);
    });
    expect(begun).toEqual([]);
  });

  it('a name without an address, or a resolver that is too slow, is no answer', async () => {
    const slow = { connectTimeoutMs: 30, resolve: () => new Promise<never>(() => {}) };
    const begun = await connectionsOf(async () => {
      expect((await deliver('https://none.example/')).attempts).toMatchObject([{ code: 'NO_ANSWER' }]);
      expect((await deliver('https://slow.example/', slow)).attempts).toMatchObject([{ code: 'NO_ANSWER' }]);
    });
    expect(begun).toEqual([]);
  });

  it('a name that is rebound between two tries is connected to once, and refused the second time', async () => {
    const host = await serve((_request, response) => response.writeHead(500).end());
    const [, port] = host.split(':');
    const answers = ['127.0.0.1', '169.254.169.254'];
    const resolve = async () => [{ address: answers.shift() ?? '', family: 4 }];
    const url = `http://rebind.example:${port}/`;
    const first = await deliver(url, { ...embedded, resolve });
    expect(first.attempts).toMatchObject([{ status: 500 }]);
    d.clock.now = first.nextActionAt ?? 0;
    const begun = await connectionsOf(() => sendDelivery(d.services, postBy({ ...embedded, resolve }, 600), first.id));
    expect(begun).toEqual([]);
    expect((await d.getDelivery(first.id)).attempts).toMatchObject([{ status: 500 }, { code: 'TARGET_REFUSED' }]);
  });

  it.each([301, 302, 303, 307, 308])(
    'a %i to the metadata service is a failure and is not followed',
    async (status) => {
      const host = await serve((_request, response) => {
        response.writeHead(status, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      });
      const begun = await connectionsOf(async () => {
        expect((await deliver(`http://${host}/`, embedded)).attempts).toMatchObject([{ status }]);
      });
      expect(begun).toEqual([host]);
    },
  );
});

describe('a receiver that misbehaves', () => {
  const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  const flood: RequestListener = (_request, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', write);
    write();
  };

  it.each<[string, RequestListener, object]>([
    ['with an endless body', flood, { status: 200 }],
    ['with a gzip bomb', (_q, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), { status: 200 }],
    [
      'whose body never comes',
      (_q, r) => void r.writeHead(204, { 'content-length': '9' }).flushHeaders(),
      { status: 204 },
    ],
    [
      'whose body breaks off',
      (_q, r) => void r.writeHead(200, { 'content-length': '9' }).write('x', () => r.destroy()),
      { status: 200 },
    ],
    ['that never answers', () => {}, { code: 'NO_ANSWER' }],
    ['that hangs up', (q) => q.socket.destroy(), { code: 'NO_ANSWER' }],
  ])('%s is told apart by its status, if there was one', async (_name, listener, attempt) => {
    const host = await serve(listener);
    expect((await deliver(`http://${host}/`, embedded, listener === flood ? 10_000 : 600)).attempts).toMatchObject([
      attempt,
    ]);
  });

  it.each([
    ['huge headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['endless headers', 'HTTP/1.1 200 OK\r\n'],
    ['nothing but early hints', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ])('that sends %s gave no answer', async (_name, bytes) => {
    const host = await listen(createTcpServer((socket) => socket.on('error', () => {}).write(bytes)));
    expect((await deliver(`http://${host}/`, embedded)).attempts).toMatchObject([{ code: 'NO_ANSWER' }]);
  });

  it('costs no memory: twenty floods at once leave less than 32 MB behind', async () => {
    const host = await serve(flood);
    const before = process.memoryUsage();
    await Promise.all(Array.from({ length: 20 }, () => deliver(`http://${host}/`, embedded, 10_000)));
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(32 * 1024 * 1024);
  });
});
