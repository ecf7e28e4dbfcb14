import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { createApiClient } from '../../lib/client/api-client.ts';

/** A server that answers each request by the next of these, the last one again and again. */
export async function serve(...answers: ((response: ServerResponse) => void)[]) {
  const requests: IncomingMessage[] = [];
  const bodies: Promise<string>[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    bodies.push(text(request));
    answers[Math.min(requests.length, answers.length) - 1]?.(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { api: createApiClient(`http://127.0.0.1:${address.port}`, 'key'), requests, bodies };
}

export const answer = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' }).end(JSON.stringify(body));
};
export const hangUp = (response: ServerResponse) => {
  response.destroy();
};
/** The connection ends in the middle of the body. */
export const cutShort = (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"id":', () => response.destroy());
};
