import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeServer, type NodeServer } from '../../lib/adapters/node-server.ts';
import type { Entry } from '../../lib/http/entry.ts';
import { json } from '../../lib/http/json.ts';
import type { HttpRequest } from '../../lib/http/message.ts';
import { startApiGatewayLoopback } from '../support/api-gateway-loopback.ts';
import { createStubbedEntry } from '../support/http.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function send(
  server: NodeServer,
  method: string,
  path: string,
  headers: Record<string, string | string[]> = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: server.port, method, path, headers, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Writes bytes as they are and answers all that comes back until the server closes or falls silent. */
function sendRaw(server: NodeServer, text: string, until = /\r\n\r\n/): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text, 'latin1'));
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (until.test(answer)) done();
    });
    socket.on('close', done);
    socket.on('error', done);
  });
}

const seen: HttpRequest[] = [];
const stub = createStubbedEntry();
const { token } = stub.addKey();
const headers = { authorization: `Bearer ${token}` };
const long = 'é'.repeat(2_000);

/** Remembers every request; some paths answer what is hard to carry. */
const entry: Entry = async (request) => {
  seen.push(request);
  if (request.path === '/bytes') return { status: 200, headers: {}, body: Uint8Array.from([0, 255, 254, 128]) };
  if (request.path === '/long') return json(200, long);
  return stub.entry(request);
};
const last = () => seen.at(-1) as HttpRequest;

const servers: [name: string, start: () => Promise<NodeServer>, baseUrl: string | undefined][] = [
  ['node:http', () => createNodeServer({ entry, host: '127.0.0.1', port: 0 }), undefined],
  ['API Gateway', () => startApiGatewayLoopback(entry), 'https://abc.execute-api.eu-central-1.amazonaws.com'],
  [
    'API Gateway with a stage',
    () => startApiGatewayLoopback(entry, 'prod'),
    'https://abc.execute-api.eu-central-1.amazonaws.com/prod',
  ],
];

describe.each(servers)('%s', (_, start, baseUrl) => {
  let server: NodeServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close(100));

  test('hands over method, path, query, address, id and base URL', async () => {
    await send(server, 'GET', '//api/v1/execution_results/7/?page=1&page=2&name=a%20b+c&=x', headers);
    expect(last()).toMatchObject({ method: 'GET', path: '//api/v1/execution_results/7/', sourceIp: '127.0.0.1' });
    expect(last().query.getAll('page')).toEqual(['1', '2']);
    expect(last().query.get('name')).toBe('a b c');
    expect(last().requestId.length).toBeGreaterThan(8);
    expect(last().baseUrl).toBe(baseUrl ?? server.url);
  });

  test('parameters arrive decoded once, whatever they hold', async () => {
    for (const value of ['7', 'a b', 'ä', '100%', '%31', 'a?b', 'a#b', '\'"<>']) {
      await send(server, 'GET', `/v1/plans/${encodeURIComponent(value)}`, headers);
      expect(stub.calls.at(-1)?.request.params).toEqual({ planId: value });
    }
  });

  test('the bytes of the body survive', async () => {
    const bodies = [randomBytes(100_000), Buffer.from('{"a":"é"}'), Buffer.from([0xff, 0xfe, 0])];
    for (const body of bodies) {
      for (const type of ['application/octet-stream', 'multipart/form-data']) {
        await send(server, 'POST', '/callbacks/1/1/results', { 'content-type': type }, body);
        expect(Buffer.from(last().body).equals(body)).toBe(true);
      }
    }
    await send(server, 'POST', '/callbacks/1/1/results', { 'content-type': 'application/json; UTF-8' }, '{"a":"é"}');
    expect(Buffer.from(last().body).toString()).toBe('{"a":"é"}');
    await send(server, 'GET', '/v1/plans', { ...headers, 'content-type': 'application/json; UTF-8' });
    expect(last().body).toHaveLength(0);
  });

  test('headers are in lower case, repeated ones joined, cookies kept', async () => {
    await send(server, 'GET', '/v1/plans', { 'X-Thing': ['a', 'b'], Cookie: 'a=1; b=2', Accept: '???' });
    expect(last().headers['x-thing']).toMatch(/^a, ?b$/);
    expect(last().headers).toMatchObject({ cookie: 'a=1; b=2', accept: '???' });
    expect(last().headers.constructor).toBeUndefined();
  });

  test('a key sent twice is refused, not chosen from', async () => {
    const twice = [`Bearer ${token}`, `Bearer ${token}`];
    expect((await send(server, 'GET', '/v1/plans', { 'X-TS-API-KEY': [token, token] })).status).toBe(401);
    expect((await send(server, 'GET', '/v1/plans', { Authorization: twice })).status).toBe(401);
  });

  test('answers carry status, headers and bytes', async () => {
    const answer = await send(server, 'GET', '/v1/plans', headers);
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store' },
    });
    expect(answer.headers['x-request-id']).toBe(last().requestId);
    expect(answer.body.toString()).toBe('{"operation":"native.listPlans"}');
    expect([...(await send(server, 'GET', '/bytes')).body]).toEqual([0, 255, 254, 128]);
    expect(await send(server, 'OPTIONS', '/v1/plans')).toMatchObject({ status: 204, headers: { allow: 'GET, POST' } });
    expect((await send(server, 'HEAD', '/v1/plans', headers)).status).toBe(405);
  });

  test('compresses only what is long and asked for', async () => {
    const plain = await send(server, 'GET', '/long');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(JSON.parse(plain.body.toString())).toBe(long);
    for (const refused of ['br', 'gzip;q=0', 'identity', 'GZIP; q=0.000']) {
      expect(
        (await send(server, 'GET', '/long', { 'accept-encoding': refused })).headers['content-encoding'],
      ).toBeUndefined();
    }
    const packed = await send(server, 'GET', '/long', { 'accept-encoding': 'deflate, gzip;q=0.5' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(JSON.parse(gunzipSync(packed.body).toString())).toBe(long);
    const short = await send(server, 'GET', '/v1/plans', { ...headers, 'accept-encoding': 'gzip' });
    expect(short.headers['content-encoding']).toBeUndefined();
  });

  test('a body over the limit is 413 in the shape of its surface, and none is read by a handler', async () => {
    const before = stub.calls.length;
    const body = Buffer.alloc(400_000, ' ');
    const native = await send(server, 'POST', '/v1/environments', headers, body);
    expect([native.status, JSON.parse(native.body.toString()).code]).toEqual([413, 'BODY_TOO_LARGE']);
    const chunked = await send(
      server,
      'POST',
      '/v1/environments',
      { ...headers, 'transfer-encoding': 'chunked' },
      body,
    );
    expect(chunked.status).toBe(413);
    const testsigma = await send(server, 'POST', '/api/v1/execution_results', headers, body);
    expect([testsigma.status, JSON.parse(testsigma.body.toString())]).toMatchObject([413, { timeStamp: null }]);
    expect((await send(server, 'POST', '/callbacks/1/1/results', {}, Buffer.alloc(9_437_185))).status).toBe(413);
    expect(stub.calls).toHaveLength(before);
    expect((await send(server, 'POST', '/callbacks/1/1/results', {}, body)).status).toBe(200);
  });
});

describe('node:http alone', () => {
  let server: NodeServer;
  beforeAll(async () => {
    server = await createNodeServer({ entry, host: '127.0.0.1', port: 0, publicUrl: 'https://proctor.example.com/x' });
  });
  afterAll(() => server.close(100));
  const isUp = async () => expect((await send(server, 'GET', '/v1/environments', headers)).status).toBe(200);

  test('links start with the public URL', async () => {
    await send(server, 'GET', '/healthz');
    expect(last().baseUrl).toBe('https://proctor.example.com/x');
  });

  test('a header without a blank after the colon, and a whole URL, are understood', async () => {
    const plain = `GET /api/v1/execution_results/7 HTTP/1.1\r\nHost:x\r\nAuthorization:Bearer ${token}\r\n\r\n`;
    expect(await sendRaw(server, plain)).toMatch(/^HTTP\/1.1 200 /);
    const whole = `GET http://x/v1/plans?a=1#b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    expect(await sendRaw(server, whole)).toMatch(/^HTTP\/1.1 200 /);
    expect(last().query.get('a')).toBe('1');
  });

  test('refuses a declared length without waiting for the body, and closes', async () => {
    const start = performance.now();
    const head = 'POST /v1/environments HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n';
    const answer = await sendRaw(server, `${head}\r\n`, /BODY_TOO_LARGE/);
    expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*connection: close/i);
    expect(performance.now() - start).toBeLessThan(900);
    const expecting = await sendRaw(server, `${head}Expect: 100-continue\r\n\r\n`, /BODY_TOO_LARGE/);
    expect(expecting).toMatch(/^HTTP\/1.1 413 /);
    const fine =
      'POST /callbacks/1/1/progress HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n';
    expect(await sendRaw(server, fine)).toMatch(/^HTTP\/1.1 100 /);
  });

  test('stops reading an endless body at the limit', async () => {
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    const head = `POST /v1/environments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await sendRaw(server, head + chunk.repeat(5), /BODY_TOO_LARGE/)).toMatch(/^HTTP\/1.1 413 /);
    expect(last().body).toHaveLength(262_145);
  });

  test('broken requests get 400 or 431 and harm nobody', async () => {
    expect(await sendRaw(server, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendRaw(server, 'GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendRaw(server, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(
      await sendRaw(server, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
    ).toMatch(/^HTTP\/1.1 400 /);
    await sendRaw(server, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await sendRaw(server, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await isUp();
  });

  test('a client that goes away in the middle of its body starts nothing', async () => {
    const before = seen.length;
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => {
        socket.write('POST /callbacks/1/1/results HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
        setTimeout(() => socket.destroy(), 30);
      });
      socket.on('close', () => setTimeout(resolve, 50));
    });
    expect(seen).toHaveLength(before);
    await isUp();
  });

  test('an entry that throws, or an answer that cannot be written, is 500', async () => {
    const bad = await createNodeServer({
      entry: async ({ path }) => {
        if (path === '/throws') throw new Error('hunter2');
        return { status: 200, headers: { 'x-a': 'a\r\nx-b: b' }, body: '' };
      },
      host: '127.0.0.1',
      port: 0,
    });
    for (const path of ['/throws', '/splits']) {
      const answer = await send(bad, 'GET', path);
      expect([answer.status, answer.body.length, answer.headers['x-b']]).toEqual([500, 0, undefined]);
    }
    await bad.close(100);
  });

  test('says so when the port is taken', async () => {
    await expect(createNodeServer({ entry, host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('closing lets the request under way end, and takes no new one', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const slow = await createNodeServer({
      entry: async () => {
        arrived();
        await held;
        return json(200, 'done');
      },
      host: '127.0.0.1',
      port: 0,
    });
    const underWay = send(slow, 'GET', '/');
    await arrival;
    const closed = slow.close(2_000);
    await expect(send(slow, 'GET', '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    release();
    expect((await underWay).body.toString()).toBe('"done"');
    await closed;
  });

  test('closing cuts what does not end', async () => {
    const stuck = await createNodeServer({ entry: () => new Promise(() => {}), host: '127.0.0.1', port: 0 });
    const underWay = send(stuck, 'GET', '/').catch((error: NodeJS.ErrnoException) => error.code);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await stuck.close(50);
    expect(await underWay).toBe('ECONNRESET');
  });
});
