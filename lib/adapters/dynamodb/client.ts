import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type {
  CircuitStore,
  DeliveryStore,
  EnvironmentStore,
  HookStore,
  KeyStore,
  PlanStore,
  RunStore,
  ScheduleStore,
  SlotStore,
  TokenStore,
} from '../../core/ports.ts';
import { createCircuitStore } from './circuits.ts';
import { createDeliveryStore } from './deliveries.ts';
import { createEnvironmentStore } from './environments.ts';
import { createHookStore } from './hooks.ts';
import { createKeyStore } from './keys.ts';
import { createPlanStore } from './plans.ts';
import { createRunStore } from './runs.ts';
import { createScheduleStore } from './schedules.ts';
import { createSlotStore } from './slots.ts';
import { createTable, type Table } from './table.ts';
import { createTokenStore } from './tokens.ts';

export interface Stores {
  readonly runs: RunStore;
  readonly slots: SlotStore;
  readonly circuits: CircuitStore;
  readonly plans: PlanStore;
  readonly keys: KeyStore;
  readonly tokens: TokenStore;
  readonly environments: EnvironmentStore;
  readonly deliveries: DeliveryStore;
  readonly hooks: HookStore;
  readonly schedules: ScheduleStore;
}

export interface DynamoOptions {
  readonly region: string;
  /** Given only for an embedded or test table; AWS has its own. */
  readonly endpoint?: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** How requests get there, if not over the network. */
  readonly transport?: Pick<DynamoDBClientConfig, 'requestHandler' | 'signer'>;
}

/** Tries of one call in all, with the SDK's own backoff (reliability.md F16). */
const maxAttempts = 9;

export function createDynamoClient({ region, endpoint, credentials, transport }: DynamoOptions): DynamoDBClient {
  return new DynamoDBClient({
    region,
    credentials,
    maxAttempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...transport,
  });
}

export function createStores(client: DynamoDBClient, tableName: string): Stores {
  return createStoresOn(createTable(client, tableName));
}

export function createStoresOn(table: Table): Stores {
  return {
    runs: createRunStore(table),
    slots: createSlotStore(table),
    circuits: createCircuitStore(table),
    plans: createPlanStore(table),
    keys: createKeyStore(table),
    tokens: createTokenStore(table),
    environments: createEnvironmentStore(table),
    deliveries: createDeliveryStore(table),
    hooks: createHookStore(table),
    schedules: createScheduleStore(table),
  };
}
