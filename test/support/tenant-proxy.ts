import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A proxy before a tenant that may fail as networks and overloaded servers do. */
export interface TenantProxy {
  readonly url: string;
  readonly passed: Passing[];
  /** Answers in the tenant's place where it answers true; what it was asked is then not passed on. */
  before: ((request: Passing, response: ServerResponse) => boolean) | undefined;
  /** The tenant has done what it was asked, and its answer is lost if this answers true. */
  after: ((request: Passing) => boolean) | undefined;
  close(): Promise<void>;
}

export async function startTenantProxy(target: () => string): Promise<TenantProxy> {
  const passed: Passing[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { method = 'GET', url: path = '/', headers } = request;
    const body = Buffer.concat(chunks).toString('utf8');
    const passing = { method, path, body };
    if (proxy.before?.(passing, response)) return;
    passed.push(passing);
    try {
      const answer = await fetch(`${target()}${path}`, {
        method,
        headers: {
          authorization: headers.authorization ?? '',
          'content-type': headers['content-type'] ?? 'application/json',
          ...(headers['idempotency-key'] ? { 'idempotency-key': String(headers['idempotency-key']) } : {}),
        },
        ...(body === '' ? {} : { body }),
      });
      const text = await answer.text();
      if (proxy.after?.(passing)) return void request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    } catch {
      request.socket.destroy();
    }
  });
  const proxy: TenantProxy = {
    url: '',
    passed,
    before: undefined,
    after: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
