import type { RequestListener } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { toDynalite } from './dynalite-handler.ts';
import { closeIterators } from './dynalite-iterators.ts';
import { createDynamoClient } from './dynamodb/client.ts';
import { indexes } from './dynamodb/definition.ts';

export interface EmbeddedTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** The wire itself, for a server that other processes can reach. */
  readonly listener: RequestListener;
  close(): Promise<void>;
}

const tableName = 'proctor';

// The SDK warns on Node 20 that versions of 2027 will not run there. Ours is pinned, and people need not read that at every start.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/**
 * The table inside this process: dynalite, the real DynamoDB wire protocol, without a port. Kept on disk under `path`, or in
 * memory without one.
 */
export async function openEmbeddedTable(path?: string): Promise<EmbeddedTable> {
  closeIterators();
  const server = dynalite({ ...(path === undefined ? {} : { path }), createTableMs: 0 });
  const listener: RequestListener = (request, response) => server.emit('request', request, response);
  let isClosed = false;
  const client = createDynamoClient({
    region: 'local',
    // Never called: the SDK wants to know where it would be.
    endpoint: 'http://localhost',
    credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
    transport: toDynalite(listener, () => isClosed),
  });
  await createTableOnce(client);
  return {
    client,
    tableName,
    listener,
    async close() {
      isClosed = true;
      client.destroy();
      // It closes what is on disk once it listens no more, so it must have listened.
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function createTableOnce(client: DynamoDBClient): Promise<void> {
  const attributes = new Map<string, 'S' | 'N'>([
    ['pk', 'S'],
    ['sk', 'S'],
  ]);
  for (const { partition, sort } of indexes) {
    attributes.set(partition, 'S');
    attributes.set(sort, 'N');
  }
  const keySchema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  const command = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema('pk', 'sk'),
    AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    GlobalSecondaryIndexes: indexes.map(({ name, partition, sort }) => ({
      IndexName: name,
      KeySchema: keySchema(partition, sort),
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    })),
  });
  try {
    await client.send(command);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  // The answer comes before the table can be used.
  const describe = new DescribeTableCommand({ TableName: tableName });
  while ((await client.send(describe)).Table?.TableStatus !== 'ACTIVE') await setTimeout(5);
}
