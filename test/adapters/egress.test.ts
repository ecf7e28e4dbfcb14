import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEgress, type EgressOptions } from '../../lib/adapters/egress.ts';
import { certificate } from './egress/certificate.ts';
import { hostileHosts, hostileUrls } from './egress/corpus.ts';

const publicAddress = { address: '93.184.216.34', family: 4 };
const strict = (change: Partial<EgressOptions> = {}) =>
  createEgress({ allowHttp: true, allowPrivate: [], ports: 'any', resolve: async () => [publicAddress], ...change });
const local = (change: Partial<EgressOptions> = {}) => strict({ allowPrivate: ['127.0.0.0/8'], ...change });

const open: { close(): unknown }[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of open.splice(0)) server.close();
});
const listen = (server: Server | ReturnType<typeof createTcpServer>): Promise<number> => {
  open.push(server);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
};
const serve = (listener: RequestListener) => listen(createServer(listener));
const serveRaw = (bytes: string) => listen(createTcpServer((socket) => socket.on('error', () => {}).write(bytes)));
const get = (port: number, change: object = {}) =>
  local().send({ method: 'GET', url: `http://127.0.0.1:${port}/`, ...change });
const failing = (code: string) => expect.objectContaining({ code });

describe('forbidden targets', () => {
  const urls = [
    ...hostileHosts.flatMap((host) => [`http://${host}/`, `https://${host}/p?token=canary`]),
    ...hostileUrls,
  ];

  it('are at least 80 hosts and 30 URLs here', () => {
    expect(new Set(hostileHosts).size).toBeGreaterThanOrEqual(80);
    expect(hostileUrls.length).toBeGreaterThanOrEqual(30);
  });

  it.each(urls)('%j is refused when stored and when sent to, before any socket or name is touched', async (url) => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    const resolve = vi.fn(async () => [publicAddress]);
    const egress = strict({ resolve });
    expect(() => egress.checkUrl(url, 'executor.url')).toThrow(
      expect.objectContaining({ code: 'VALIDATION_FAILED', message: expect.stringMatching(/^executor\.url: [^?]*$/) }),
    );
    await expect(egress.send({ method: 'GET', url })).rejects.toThrow(
      expect.objectContaining({ code: 'EXECUTOR_REFUSED', message: expect.not.stringContaining('canary') }),
    );
    expect(connect).not.toHaveBeenCalled();
    expect(resolve).not.toHaveBeenCalled();
  });

  it.each([
    [['10.0.0.1']],
    [['93.184.216.34', '10.0.0.1']],
    [['10.0.0.1', '93.184.216.34']],
    [['93.184.216.34', '2606:2800:220:1::1', '::1']],
    [['93.184.216.34', '::ffff:169.254.169.254']],
    [['fd00:ec2::254']],
    [['fe80::1%eth0']],
    [['2606:2800:220:1::1%1']],
    [['not an address']],
    [['']],
  ])('a name that resolves to %j is refused as a whole', async (addresses) => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const send = strict({ resolve }).send({ method: 'POST', url: 'https://runner.example/hook?token=canary' });
    await expect(send).rejects.toThrow(
      expect.objectContaining({ code: 'EXECUTOR_REFUSED', message: expect.not.stringContaining('canary') }),
    );
    expect(connect).not.toHaveBeenCalled();
  });

  it('include plain http and other ports unless the deployment allows them', () => {
    const egress = createEgress({ allowHttp: false, allowPrivate: [], ports: [9443] });
    for (const url of ['https://a.example', 'https://a.example:8443', 'https://a.example:9443']) egress.checkUrl(url);
    for (const url of ['http://a.example', 'https://a.example:80', 'https://a.example:22', 'http://a.example:443']) {
      expect(() => egress.checkUrl(url)).toThrow(failing('VALIDATION_FAILED'));
    }
    createEgress({ allowHttp: true, allowPrivate: [], ports: [] }).checkUrl('http://a.example');
  });

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '192.0.1.1',
    '198.20.0.1',
    '223.255.255.255',
    '[2606:4700::1111]',
    '[2001:200::1]',
    '[2001:4860:4860::8888]',
    '[2a00:1450::1]',
    '[3ffe::1]',
    '[::ffff:8.8.8.8]',
    'example.com',
    'example.com.',
    'localhost.example.com',
    'bücher.example',
  ])('do not include the public host %s', (host) => {
    expect(() => strict().checkUrl(`https://${host}/path?q=1#f`)).not.toThrow();
  });
});

describe('the allow-list', () => {
  it.each([
    ['10.1.0.0/16', 'http://10.1.2.3/', 'http://10.2.0.1/'],
    ['10.1.2.3', 'http://[::ffff:10.1.2.3]/', 'http://10.1.2.4/'],
    ['::1', 'http://[::1]/', 'http://[::2]/'],
    ['fd00::/8', 'http://[fd12::1]/', 'http://[fc00::1]/'],
    ['127.0.0.0/8', 'http://localhost:4000/', 'http://[::1]/'],
    ['localhost', 'http://localhost/', 'http://x.localhost/'],
  ])('%s opens %s, not %s', (entry, allowed, refused) => {
    const egress = strict({ allowPrivate: [entry] });
    expect(() => egress.checkUrl(allowed)).not.toThrow();
    expect(() => egress.checkUrl(refused)).toThrow(failing('VALIDATION_FAILED'));
  });

  it('takes a name with whatever addresses it has', async () => {
    const port = await serve((_request, response) => response.end('inside'));
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const egress = strict({ allowPrivate: ['runner.internal'], resolve });
    const answer = await egress.send({ method: 'GET', url: `http://runner.internal:${port}/` });
    expect(Buffer.from(answer.body).toString()).toBe('inside');
    await expect(egress.send({ method: 'GET', url: `http://other.internal:${port}/` })).rejects.toThrow(
      failing('EXECUTOR_REFUSED'),
    );
  });

  it.each(['10.0.0.0/33', '::/129', 'a/b', '', '10.0.0.0/', '*'])('has no entry %j', (entry) => {
    expect(() => strict({ allowPrivate: [entry] })).toThrow('Not a host, address or network');
  });
});

describe('sending', () => {
  it('asks once for the name, connects to what was checked, and keeps the name in Host', async () => {
    let host = '';
    const port = await serve((request, response) => {
      host = request.headers.host ?? '';
      response.end();
    });
    const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '169.254.169.254', family: 4 }]];
    const resolve = vi.fn(async () => answers.shift() ?? []);
    const connect = vi.spyOn(Socket.prototype, 'connect');
    await local({ resolve }).send({ method: 'GET', url: `http://rebind.example:${port}/` });
    expect(resolve.mock.calls).toEqual([['rebind.example']]);
    expect(connect).toHaveBeenCalledTimes(1);
    expect(host).toBe(`rebind.example:${port}`);
  });

  it('names the host in the TLS handshake', async () => {
    let name = '';
    const server = createTlsServer({
      SNICallback: (servername, callback) => {
        name = servername;
        callback(new Error('no certificate'));
      },
    });
    server.on('tlsClientError', () => {});
    const port = await listen(server);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const send = local({ resolve }).send({ method: 'GET', url: `https://runner.example.:${port}/` });
    await expect(send).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    expect(name).toBe('runner.example');
  });

  it('trusts no certificate that nobody vouches for, and sends it nothing', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    let received = '';
    const server = createTlsServer(certificate, (socket) => {
      socket
        .on('error', () => {})
        .on('data', (chunk) => {
          received += chunk;
        });
    });
    server.on('tlsClientError', () => {});
    const port = await listen(server);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const url = `https://runner.example:${port}/`;
    await expect(local({ resolve }).send({ method: 'GET', url })).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(received).toBe('');
    vi.unstubAllEnvs();
  });

  it('sends method, headers, body and query, and asks for no compression', async () => {
    let seen: unknown;
    const port = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { 'x-one': one, 'accept-encoding': encoding, connection } = request.headers;
      seen = [request.method, request.url, one, encoding, connection, Buffer.concat(chunks).toString()];
      response.writeHead(201, { 'X-Two': '2' }).end('made');
    });
    const url = `http://127.0.0.1:${port}/a%2Fb?q=1&q=%20#fragment`;
    const headers = { 'x-one': '1' };
    const answer = await local().send({ method: 'POST', url, headers, body: Buffer.from('bytes') });
    expect(seen).toEqual(['POST', '/a%2Fb?q=1&q=%20', '1', 'identity', 'close', 'bytes']);
    expect(answer).toMatchObject({ status: 201, headers: { 'x-two': '2' }, truncated: false });
  });

  it('follows no redirect', async () => {
    let hits = 0;
    const port = await serve((_request, response) => {
      hits += 1;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    });
    const answer = await get(port);
    expect([answer.status, hits]).toEqual([302, 1]);
  });

  it('reads no proxy variables', async () => {
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const port = await serve((_request, response) => response.end());
    expect((await get(port)).status).toBe(200);
    vi.unstubAllEnvs();
  });

  it('cuts an endless body at 64 kB and hangs up', async () => {
    let hungUp = (): void => {};
    const closed = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const port = await serve((_request, response) => {
      const write = (): void => {
        while (response.write(Buffer.alloc(16_384))) if (response.destroyed) return;
      };
      response.on('drain', write).on('close', () => hungUp());
      write();
    });
    const answer = await get(port);
    expect([answer.body.byteLength, answer.truncated]).toEqual([65_536, true]);
    await closed;
  });

  it('reads as much as the content type is allowed', async () => {
    const port = await serve((_request, response) => response.setHeader('content-type', 'a/b').end('x'.repeat(100)));
    const answer = await get(port, { maxResponseBytes: (type: string) => (type === 'a/b' ? 10 : 1000) });
    expect([answer.body.byteLength, answer.truncated]).toEqual([10, true]);
  });

  it('gives up on a slow body, and on an answer that never comes', async () => {
    const slow = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(timer));
    });
    await expect(get(slow, { timeoutMs: 100 })).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    const silent = await serve(() => {});
    await expect(get(silent, { timeoutMs: 50 })).rejects.toThrow('no complete answer in time');
  });

  it('gives up on a handshake or a name that takes too long', async () => {
    const port = await serveRaw('');
    const egress = local({ connectTimeoutMs: 50 });
    const url = `https://127.0.0.1:${port}/`;
    await expect(egress.send({ method: 'GET', url })).rejects.toThrow('no connection in time');
    const stuck = strict({ connectTimeoutMs: 50, resolve: () => new Promise(() => {}) });
    await expect(stuck.send({ method: 'GET', url: 'https://a.example/' })).rejects.toThrow('not resolved in time');
  });

  it.each([
    ['a broken status line', 'what?\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['huge headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['a wrong chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('takes %s for a network failure', async (_name, bytes) => {
    const port = await serveRaw(bytes);
    await expect(get(port)).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
  });

  it('takes a connection that breaks, or was never there, for a network failure without details', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 10);
    });
    await expect(get(port)).rejects.toThrow(failing('EXECUTOR_UNAVAILABLE'));
    await expect(get(1, { url: 'http://127.0.0.1:1/?token=canary' })).rejects.toThrow(
      expect.objectContaining({
        code: 'EXECUTOR_UNAVAILABLE',
        message: 'http://127.0.0.1:1 did not answer: ECONNREFUSED.',
      }),
    );
    const nowhere = strict({ resolve: async () => [] });
    await expect(nowhere.send({ method: 'GET', url: 'https://a.example' })).rejects.toThrow('the name has no address');
  });
});
