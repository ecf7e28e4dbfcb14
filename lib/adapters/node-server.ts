import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Entry } from '../http/entry.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { matchRoute } from '../http/router.ts';
import { routes } from '../http/routes.ts';
import { compressAnswer } from './compress-answer.ts';

export interface NodeServer {
  /** Where it listens, without a final slash. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets those under way end for at most `graceMs`, then cuts them. */
  close(graceMs?: number): Promise<void>;
}

/** As API Gateway has them, so that what works here works there. */
const maxHeaderBytes = 10_240;
const requestTimeoutMs = 30_000;
/** How long a refused body is read and dropped, so that the client gets to read why. */
const lingerMs = 1_000;

/**
 * The entry on node:http, listening. `publicUrl` is where clients reach it if not at host and port; `publicUrl` and `url`
 * have no final slash. Rejects if the port cannot be had.
 */
export async function createNodeServer(options: {
  readonly entry: Entry;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly publicUrl?: string;
}): Promise<NodeServer> {
  const { entry, host } = options;
  let baseUrl = options.publicUrl ?? '';

  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse, mustContinue: boolean) => {
    // Both report a client that went away, which is nobody's failure.
    incoming.on('error', ignore);
    outgoing.on('error', ignore);
    answer(entry, baseUrl, incoming, outgoing, mustContinue).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500, { connection: 'close' });
      outgoing.end();
    });
  };

  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: 10_000,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 65_000,
  });
  server.maxConnections = 1_024;
  server.on('request', (incoming, outgoing) => onRequest(incoming, outgoing, false));
  server.on('checkContinue', (incoming, outgoing) => onRequest(incoming, outgoing, true));
  server.on('checkExpectation', (incoming, outgoing) => onRequest(incoming, outgoing, false));
  server.on('clientError', refuseBrokenRequest);
  server.on('upgrade', (_, socket) => socket.destroy());
  server.on('connect', (_, socket) => socket.destroy());

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', ignore);
  const { port } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (baseUrl === '') baseUrl = url;

  return {
    url,
    port,
    close: (graceMs = 5_000) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function answer(
  entry: Entry,
  baseUrl: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  mustContinue: boolean,
): Promise<void> {
  const method = incoming.method ?? 'GET';
  const [path, query] = targetOf(incoming.url ?? '/');
  const most = maxBodyOf(method, path);
  const isRefused = Number(incoming.headers['content-length']) > most;
  if (mustContinue && !isRefused) outgoing.writeContinue();
  const body = isRefused ? new Uint8Array() : await readUpTo(incoming, most);
  if (!body) return;
  const request: HttpRequest = {
    method,
    path,
    params: {},
    query: new URLSearchParams(query),
    headers: headersOf(incoming),
    body,
    sourceIp: incoming.socket.remoteAddress ?? '',
    requestId: randomUUID(),
    baseUrl,
  };
  const response = await compressAnswer(await entry(request), request.headers['accept-encoding']);
  await send(response, incoming, outgoing);
}

/** Path and query of the request line; proxies may send the whole URL. */
function targetOf(target: string): [path: string, query: string] {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '').split('#', 1)[0] as string;
  const mark = local.indexOf('?');
  return mark < 0 ? [local, ''] : [local.slice(0, mark), local.slice(mark + 1)];
}

function maxBodyOf(method: string, path: string): number {
  const match = matchRoute(routes, method, path);
  return match && 'route' in match ? match.route.maxBodyBytes : 0;
}

/** The body, or its first bytes and one past the limit (the entry refuses it); undefined if the client went away. */
function readUpTo(incoming: IncomingMessage, most: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const onData = (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > most) finish(Buffer.concat(chunks).subarray(0, most + 1));
    };
    const finish = (body: Uint8Array | undefined) => {
      incoming.off('data', onData);
      incoming.pause();
      resolve(body);
    };
    incoming.on('data', onData);
    incoming.once('end', () => finish(Buffer.concat(chunks)));
    incoming.once('close', () => finish(undefined));
  });
}

function headersOf(incoming: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    headers[name] = values?.join(name === 'cookie' ? '; ' : ', ');
  }
  return headers;
}

async function send(response: HttpResponse, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { status, headers, body } = response;
  // HEAD has no body, and its length is not that of GET's.
  const hasBody = status !== 204 && incoming.method !== 'HEAD';
  const length = hasBody ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  if (incoming.complete) {
    outgoing.writeHead(status, { ...headers, ...length }).end(body);
    return;
  }
  // The body was not read to its end: closing at once would reset the connection before the client reads the answer.
  outgoing.writeHead(status, { ...headers, ...length, connection: 'close' });
  if (body.length > 0) outgoing.write(body);
  else outgoing.flushHeaders();
  await new Promise<void>((resolve) => {
    const enough = setTimeout(resolve, lingerMs);
    incoming.once('close', () => {
      clearTimeout(enough);
      resolve();
    });
    incoming.resume();
  });
  outgoing.end();
  incoming.destroy();
}

const brokenRequests: Readonly<Record<string, readonly [status: number, title: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** What the parser refuses never reaches the entry. Its path is not known, so the body has the keys clients of any API read. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, title] = brokenRequests[error.code ?? ''] ?? [400, 'Bad Request'];
  const description = 'The request is not HTTP this server understands.';
  const body = JSON.stringify({ status, error: title, message: title, error_description: description });
  const head = `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nCache-Control: no-store\r\n`;
  socket.end(`${head}Content-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function ignore(): void {}
