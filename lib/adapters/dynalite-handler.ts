import { EventEmitter } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Settings = Pick<DynamoDBClientConfig, 'requestHandler' | 'signer'>;
/** What is used here of a request of the SDK's; its text may be held as bytes. */
interface SdkRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/**
 * Settings of a client that, until `isClosed`, hands its requests to a dynalite of the same process as they are: without a socket and the parsing
 * of HTTP, which are a third of what a call costs, and without a port that every user of the machine could reach.
 */
export function toDynalite(listener: RequestListener, isClosed: () => boolean): Settings {
  const handle = (request: SdkRequest) =>
    new Promise<{ response: { statusCode: number; headers: Record<string, string>; body: Uint8Array } }>((resolve) => {
      // dynalite would throw where nobody catches it.
      if (isClosed()) throw new Error('the table is closed');
      const { method, headers: given, body = '' } = request;
      const incoming = Object.assign(new EventEmitter(), { method, url: '/', headers: given });
      const headers: Record<string, string> = {};
      const outgoing = {
        statusCode: 200,
        setHeader(name: string, value: unknown) {
          headers[name.toLowerCase()] = String(value);
        },
        end(text = '') {
          resolve({ response: { statusCode: outgoing.statusCode, headers, body: Buffer.from(text) } });
        },
      };
      listener(incoming as unknown as IncomingMessage, outgoing as unknown as ServerResponse);
      incoming.emit('data', typeof body === 'string' ? Buffer.from(body) : toBuffer(body));
      incoming.emit('end');
    });
  return {
    requestHandler: { handle, updateHttpClientConfig() {}, httpHandlerConfigs: () => ({}) },
    signer: { sign: signAsAnybody },
  };
}

/** dynalite looks for the parts of a signature and checks none of them. */
async function signAsAnybody<T extends { headers: Record<string, string> }>(request: T): Promise<T> {
  request.headers.authorization = 'AWS4-HMAC-SHA256 Credential=embedded, SignedHeaders=host, Signature=none';
  request.headers['x-amz-date'] = '20000101T000000Z';
  return request;
}

/** The same bytes: the SDK's own array warns of whoever converts it. */
function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
