import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Target } from './target.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Response bytes to read at most, as a number or by the response's content type. */
  readonly maxResponseBytes: number | ((contentType: string) => number);
  /** Reads the body within the same bounds and keeps nothing of it; its end, however it comes, is the end. */
  readonly dropBody: boolean;
  readonly connectBy: number;
  readonly endBy: number;
}

export interface ExchangeResponse {
  readonly status: number;
  /** Names in lower case; of repeated headers the first or the joined ones, as node:http has it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The body went on beyond `maxResponseBytes` and was cut there. */
  readonly truncated: boolean;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * One request on a connection of its own to the given, already checked addresses. `connectBy` and `endBy` are
 * milliseconds from now. Redirects are answers like any other. Rejects with the network's error.
 */
export function exchange(target: Target, addresses: readonly Address[], want: Exchange): Promise<ExchangeResponse> {
  return new Promise((resolve, reject) => {
    const secure = target.url.protocol === 'https:';
    const options: RequestOptions & { servername?: string; rejectUnauthorized?: boolean } = {
      method: want.method,
      hostname: target.host,
      port: target.port,
      path: target.url.pathname + target.url.search,
      headers: {
        ...want.headers,
        host: target.url.host,
        'accept-encoding': 'identity',
        'user-agent': 'Proctor',
        connection: 'close',
        ...(want.body ? { 'content-length': String(want.body.byteLength) } : {}),
      },
      // Its own agent: no connection is reused, and no proxy variable is read.
      agent: false,
      lookup: pinnedTo(addresses),
      ...(secure ? { rejectUnauthorized: true, ...(target.literal ? {} : { servername: target.host }) } : {}),
    };
    const request = secure ? httpsRequest(options) : httpRequest(options);
    /** The answer if nothing more comes, once its head is there and its body does not matter. */
    let bare: ExchangeResponse | undefined;
    const settle = (finish: () => void): void => {
      clearTimeout(connectTimer);
      clearTimeout(endTimer);
      finish();
      request.destroy();
    };
    const fail = (error: Error): void => settle(() => (bare ? resolve(bare) : reject(error)));
    const connectTimer = setTimeout(() => fail(new Error('no connection in time')), want.connectBy);
    const endTimer = setTimeout(() => fail(new Error('no complete answer in time')), want.endBy);
    request.on('socket', (socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connectTimer));
    });
    request.on('error', fail);
    let answered = false;
    request.on('close', () => {
      if (!answered) fail(new Error('connection closed without an answer'));
    });
    request.on('response', (response) => {
      answered = true;
      const head = { status: response.statusCode as number, headers: singleHeaders(response) };
      if (want.dropBody) bare = { ...head, body: new Uint8Array(), truncated: false };
      readUpTo(limitOf(want, response), response).then(
        (read) => settle(() => resolve(bare ?? { ...head, ...read })),
        fail,
      );
    });
    request.end(want.body);
  });
}

/** Never asks the resolver again, so that a name cannot point elsewhere once it was checked. */
function pinnedTo(addresses: readonly Address[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) return callback(null, [...addresses]);
    const [first] = addresses;
    return first ? callback(null, first.address, first.family) : callback(new Error('no address'), '', 4);
  };
}

function limitOf({ maxResponseBytes }: Exchange, response: IncomingMessage): number {
  if (typeof maxResponseBytes === 'number') return maxResponseBytes;
  return maxResponseBytes(response.headers['content-type'] ?? '');
}

async function readUpTo(limit: number, response: IncomingMessage): Promise<{ body: Uint8Array; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    chunks.push(chunk);
    if (size > limit) return { body: Buffer.concat(chunks, size).subarray(0, limit), truncated: true };
  }
  return { body: Buffer.concat(chunks, size), truncated: false };
}

function singleHeaders(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers[name] = value;
  return headers;
}
