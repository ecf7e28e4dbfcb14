import {
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

export type Item = Record<string, unknown>;
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Values of an expression: `:name` without the colon. */
type Values = Record<string, unknown>;

export interface QueryInput {
  /** `#name` stands for the attribute; aliases are made from the text, because half of our names are reserved words. */
  readonly where: string;
  readonly values: Values;
  readonly index?: 'due' | 'list' | 'feed';
  readonly limit?: number;
  readonly descending?: boolean;
}

/**
 * One DynamoDB table, single-item conditional writes only (reliability.md rule 1): the same calls work on AWS and on
 * dynalite. A refused condition is an answer, not an error; everything else that fails is thrown.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  getMany(keys: readonly Key[]): Promise<Item[]>;
  /** False if the condition refused it. */
  put(item: Item & Key, condition?: string, values?: Values): Promise<boolean>;
  /** The item after the update, or undefined if the condition refused it. */
  update(key: Key, change: string, values: Values, condition?: string): Promise<Item | undefined>;
  delete(key: Key, condition?: string, values?: Values): Promise<boolean>;
  /** All pages, unless `limit` says fewer. Consistent, but on an index. */
  query(input: QueryInput): Promise<Item[]>;
  count(input: QueryInput): Promise<number>;
}

export function createTable(client: DynamoDBClient, tableName: string): Table {
  return {
    async get(key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: marshall(key), ConsistentRead: true }),
      );
      return Item && unmarshall(Item);
    },

    async getMany(keys) {
      const items: Item[] = [];
      for (let from = 0; from < keys.length; from += 100) {
        let pending = keys.slice(from, from + 100).map((key) => marshall(key));
        while (pending.length > 0) {
          const answer = await client.send(
            new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: pending, ConsistentRead: true } } }),
          );
          items.push(...(answer.Responses?.[tableName] ?? []).map((item) => unmarshall(item)));
          pending = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
        }
      }
      return items;
    },

    async put(item, condition, values) {
      const put = client.send(
        new PutItemCommand({ TableName: tableName, Item: toItem(item), ...conditionOf(condition, values) }),
      );
      return (await held(put)) !== undefined;
    },

    async update(key, change, values, condition) {
      const answer = await held(
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: marshall(key),
            UpdateExpression: change,
            ReturnValues: 'ALL_NEW',
            ...(condition === undefined ? {} : { ConditionExpression: condition }),
            ...aliases(`${change} ${condition ?? ''}`, values),
          }),
        ),
      );
      return answer?.Attributes && unmarshall(answer.Attributes);
    },

    async delete(key, condition, values) {
      const deletion = client.send(
        new DeleteItemCommand({ TableName: tableName, Key: marshall(key), ...conditionOf(condition, values) }),
      );
      return (await held(deletion)) !== undefined;
    },

    async query(input) {
      const items: Item[] = [];
      let from: Record<string, never> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({ ...queryOf(tableName, input, items.length), ExclusiveStartKey: from }),
        );
        items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
        from = page.LastEvaluatedKey as typeof from;
      } while (from !== undefined && items.length < (input.limit ?? Number.POSITIVE_INFINITY));
      return items;
    },

    async count(input) {
      let count = 0;
      let from: Record<string, never> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({ ...queryOf(tableName, input, 0), Select: 'COUNT', ExclusiveStartKey: from }),
        );
        count += page.Count ?? 0;
        from = page.LastEvaluatedKey as typeof from;
      } while (from !== undefined);
      return count;
    },
  };
}

/** The answer, or undefined when the write's condition did not hold. */
async function held<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    // By name: the errors' classes are not in the bundles (lib/infra/lean-sdk).
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return undefined;
    throw error;
  }
}

function queryOf(tableName: string, input: QueryInput, have: number) {
  return {
    TableName: tableName,
    KeyConditionExpression: input.where,
    ScanIndexForward: input.descending !== true,
    ...(input.index === undefined ? { ConsistentRead: true } : { IndexName: input.index }),
    ...(input.limit === undefined ? {} : { Limit: input.limit - have }),
    ...aliases(input.where, input.values),
  };
}

function conditionOf(condition: string | undefined, values: Values = {}) {
  return condition === undefined ? {} : { ConditionExpression: condition, ...aliases(condition, values) };
}

function aliases(expression: string, values: Values) {
  const names = Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([alias, name]) => [alias, name as string]));
  const used = Object.entries(values).filter(([name]) => new RegExp(`:${name}\\b`).test(expression));
  return {
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(used.length === 0
      ? {}
      : { ExpressionAttributeValues: toItem(Object.fromEntries(used.map(([name, value]) => [`:${name}`, value]))) }),
  };
}

function toItem(item: Item) {
  return marshall(item, { removeUndefinedValues: true });
}
