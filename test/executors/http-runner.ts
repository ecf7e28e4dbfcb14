import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReportedCase } from '../../lib/core/results.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly json: Record<string, unknown>;
}

export interface HttpJob {
  ended: boolean;
  cases: readonly ReportedCase[];
}

export interface HttpRunner {
  readonly origin: string;
  readonly received: readonly Received[];
  readonly jobs: Map<string, HttpJob>;
  /** What is different about jobs that start from now on. */
  newJob: Partial<HttpJob>;
  /** Does what it is asked, and says what the runner's own answer is. */
  serve(received: Received): { status: number; body: unknown };
  /** Takes the place of the runner's own answers, from now on. */
  answer: ((received: Received, response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

/** A runner as a user would write one: knows repeated starts by their key, and forgets nothing. */
export async function startHttpRunner(): Promise<HttpRunner> {
  const received: Received[] = [];
  const jobs: HttpRunner['jobs'] = new Map();
  const server = createServer(async (request, response) => {
    const message = await receive(request);
    received.push(message);
    if (runner.answer) return runner.answer(message, response);
    const { status, body } = runner.serve(message);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const runner: HttpRunner = {
    origin: '',
    received,
    jobs,
    answer: undefined,
    serve(message) {
      const url = new URL(message.url, 'http://runner');
      const key = url.searchParams.get('key') ?? String(message.json.key);
      const job = jobs.get(key);
      if (url.pathname === '/start') {
        if (!job) jobs.set(key, { ended: false, cases: [], ...runner.newJob });
        return { status: 202, body: { ref: `job-of-${key}` } };
      }
      if (!job) return { status: 404, body: {} };
      if (url.pathname === '/stop') job.ended = true;
      return { status: 200, body: { state: job.ended ? 'ended' : 'running', cases: job.cases } };
    },
    newJob: {},
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(runner, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const body = Buffer.concat(chunks);
  const headers = request.headers as Record<string, string | undefined>;
  const json = body.byteLength > 0 ? (JSON.parse(body.toString('utf8')) as Record<string, unknown>) : {};
  return { method: request.method ?? '', url: request.url ?? '', headers, body, json };
}
