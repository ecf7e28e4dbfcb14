import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Deployed, deploy } from '../../support/deployed/deploy.ts';
import { serveTable } from '../../support/table.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';
import { createMeter, type Meter } from './meter.ts';

/** What a runner is sent. */
export interface Dispatched {
  readonly runId: number;
  readonly attempt: number;
  readonly callback: { readonly url: string; readonly token: string };
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** The deployed shape in virtual time, everything it does counted. */
export interface World {
  readonly proctor: Deployed;
  readonly clock: VirtualClock;
  readonly meter: Meter;
  /** Calls the API with a key, unless `headers` hold another one. */
  call<T = { id: number }>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<T>>;
  /** As the runner of the dispatch: JUnit XML that ends the attempt, or nothing but a sign of life. */
  report(dispatched: Dispatched, kind: 'results' | 'progress', body?: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

type Serve = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** `serve` is the internet. The first key is made, so that the functions behind it are not what is measured. */
export async function openWorld(serve: Serve): Promise<World> {
  const clock = createVirtualClock();
  const meter = createMeter();
  const table = await serveTable();
  const internet = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    serve(request, Buffer.concat(chunks).toString(), response);
  };
  const proctor = await deploy(internet, { table, clock, ...meter.options });
  const { token } = (await proctor.invoke('HttpKeys', { proctor: 'first-key' })) as { token: string };

  const send = async (method: string, path: string, headers: Record<string, string>, body?: string | Uint8Array) => {
    const response = await fetch(proctor.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    proctor,
    clock,
    meter,
    call: (method, path, body, headers) => {
      const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
      return send(method, path, all, body === undefined ? undefined : JSON.stringify(body));
    },
    async report({ callback }, kind, body) {
      const { pathname } = new URL(`${callback.url}/${kind}`);
      const packed = body === undefined ? {} : { 'content-type': 'application/xml', 'content-encoding': 'gzip' };
      await send('POST', pathname, { authorization: `Bearer ${callback.token}`, ...packed }, body ?? '');
    },
    close: () => proctor.close(),
  };
}
