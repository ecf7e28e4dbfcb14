import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, expect, test } from 'vitest';
// @ts-expect-error: the sample is plain JavaScript
import { claimInTable, createHandler } from '../../examples/events-consumer/handler.mjs';

const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'local',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'seen',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
});
afterAll(() => server.close());

const event = (id: string, detailType = 'Run Completed') => ({
  source: 'proctor',
  'detail-type': detailType,
  detail: { id, result: 'failed' },
});

test('the sample consumer does its work once, and again only if it failed', async () => {
  const done: string[] = [];
  let broken = true;
  const handler = createHandler({
    ...claimInTable({ client, PutItemCommand, DeleteItemCommand, tableName: 'seen' }),
    async onRunCompleted({ id }: { id: string }) {
      if (id === 'evt_2_2' && broken) throw new Error('down');
      done.push(id);
    },
  });
  expect(await handler(event('evt_1_2'))).toBe('done');
  expect(await Promise.all([1, 2, 3].map(() => handler(event('evt_1_2'))))).toEqual(Array(3).fill('repeated'));
  expect(await handler(event('evt_1_1', 'Run Started'))).toBe('ignored');
  await expect(handler(event('evt_2_2'))).rejects.toThrow('down');
  broken = false;
  expect(await handler(event('evt_2_2'))).toBe('done');
  expect(done).toEqual(['evt_1_2', 'evt_2_2']);
});
