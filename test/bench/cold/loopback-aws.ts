import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of the one secret there is: the master key to some, the secret of webhooks to others. */
export const masterKey = { epoch: 1, key: 'k'.repeat(64) };
export const webhookSecret = 'of the webhook';

export interface LoopbackAws {
  readonly url: string;
  close(): void;
}

/** What the functions call besides the table, answered at once. */
export async function startLoopbackAws(): Promise<LoopbackAws> {
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await readBody(request));
    const target = String(request.headers['x-amz-target']);
    const answer = answers[target.split('.')[1] ?? '']?.(body);
    response.writeHead(answer === undefined ? 501 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer ?? { __type: 'UnknownOperationException', message: target }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const answers: Readonly<Record<string, (input: Record<string, string>) => object>> = {
  StartExecution: ({ stateMachineArn, name }) => ({
    executionArn: `${stateMachineArn?.replace(':stateMachine:', ':execution:')}:${name}`,
    startDate: Date.now() / 1000,
  }),
  SendTaskSuccess: () => ({}),
  SendTaskFailure: () => ({}),
  PutEvents: () => ({ FailedEntryCount: 0, Entries: [{ EventId: 'event' }] }),
  GetSecretValue: ({ SecretId }) => ({
    ARN: SecretId,
    SecretString: JSON.stringify({ ...masterKey, webhookSecret }),
    CreatedDate: 1_700_000_000,
  }),
  StartBuild: ({ projectName }) => ({
    build: {
      id: `${projectName}:1`,
      arn: 'arn:aws:codebuild:eu-central-1:123456789012:build/1',
      buildStatus: 'IN_PROGRESS',
    },
  }),
};

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
