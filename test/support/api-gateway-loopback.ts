import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ApiGatewayEvent,
  type ApiGatewayResult,
  createApiGatewayHandler,
} from '../../lib/adapters/api-gateway.ts';
import type { NodeServer } from '../../lib/adapters/node-server.ts';
import type { Entry } from '../../lib/http/entry.ts';

/** Stands in for an HTTP API whose one function serves everything by the entry. */
export function startApiGatewayLoopback(entry: Entry, stage = '$default'): Promise<NodeServer> {
  return serveApiGateway(createApiGatewayHandler({ entry }), stage);
}

/**
 * Stands in for an HTTP API on 127.0.0.1: makes events of payload format 2.0 as the service does. The path arrives
 * percent-decoded and with the stage, repeated headers are joined with a comma, cookies stand apart, and bodies of other
 * than textual types are base64.
 */
export async function serveApiGateway(
  handle: (event: ApiGatewayEvent) => Promise<ApiGatewayResult>,
  stage = '$default',
): Promise<NodeServer> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
    const headers: Record<string, string> = {};
    for (const [name, values] of Object.entries(incoming.headersDistinct)) {
      if (name !== 'cookie' && values) headers[name] = values.join(',');
    }
    const isText = /^(text\/|application\/(json|javascript|xml))/.test(headers['content-type'] ?? 'text/plain');
    const isBase64Encoded = body.length > 0 && (!isText || headers['content-encoding'] !== undefined);
    const cookies = incoming.headers.cookie?.split('; ');
    const result = await handle({
      rawPath: (stage === '$default' ? '' : `/${stage}`) + lenientDecode(path),
      rawQueryString: query,
      headers,
      ...(cookies ? { cookies } : {}),
      ...(body.length > 0 ? { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') } : {}),
      isBase64Encoded,
      requestContext: {
        domainName: 'abc.execute-api.eu-central-1.amazonaws.com',
        requestId: `gateway-${Date.now()}`,
        stage,
        http: { method: incoming.method ?? '', sourceIp: incoming.socket.remoteAddress ?? '' },
      },
    });
    outgoing.writeHead(result.statusCode, result.headers);
    outgoing.end(Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function lenientDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
