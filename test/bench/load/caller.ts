import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfterSeconds: number;
}

export interface Caller {
  /** `body` is sent as JSON text. An error is thrown where there is no answer. */
  send(method: string, path: string, token: string, body?: string): Promise<Answer>;
  /** The same as long as it is refused for now (429, 503) or the connection breaks; `onRefused` hears of each. */
  sendPatiently(method: string, path: string, token: string, body: string, onRefused: () => void): Promise<Answer>;
  close(): void;
}

/** A caller on kept connections: `fetch` would take the processor the server needs. */
export function createCaller(origin: string, connections = 256): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  const send: Caller['send'] = (method, path, token, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      };
      const call = request(origin + path, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            retryAfterSeconds: Number(response.headers['retry-after'] ?? 1),
          }),
        );
      });
      call.on('error', reject);
      call.end(body);
    });

  return {
    send,
    async sendPatiently(method, path, token, body, onRefused) {
      for (;;) {
        const answer = await send(method, path, token, body).catch(() => undefined);
        if (answer !== undefined && answer.status !== 429 && answer.status !== 503) return answer;
        onRefused();
        await sleep((answer?.retryAfterSeconds ?? 0.1) * 1000 * (0.5 + Math.random()));
      }
    },
    close: () => agent.destroy(),
  };
}
