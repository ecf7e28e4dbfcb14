import { indexes } from '../../../lib/adapters/dynamodb/definition.ts';
import type { AwsRequest } from '../../support/deployed/aws-request.ts';
import type { DeployOptions } from '../../support/deployed/deploy.ts';
import type { Used } from '../../support/deployed/function-process.ts';
import { indexUnits, itemBytes, readUnits, type WireItem, writeUnits } from './table-units.ts';

/** A call of a function to AWS, and what of the table it took. */
export interface Call {
  readonly functionId: string;
  /** `dynamodb:PutItem`, `states:StartExecution`. */
  readonly what: string;
  readonly readUnits: number;
  /** Those of the indexes included. */
  readonly writeUnits: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Events put. */
  readonly events: number;
  /** False if it went out together with another one of its function. */
  readonly alone: boolean;
}

export interface Invocation extends Used {
  readonly functionId: string;
  readonly by: string;
  /** Calls to AWS it made, when no other of its function went on. */
  readonly calls: number;
}

export interface Metered {
  readonly calls: readonly Call[];
  readonly invocations: readonly Invocation[];
}

export interface Meter {
  readonly options: Required<Pick<DeployOptions, 'watchCall' | 'watchInvocation'>>;
  /** What happened since it was asked last. */
  take(): Metered;
  /** Bytes and number of the items whose key passes. */
  stored(passes: (pk: string, sk: string) => boolean): { readonly items: number; readonly bytes: number };
}

/** What one call took of the table. */
type Units = Pick<Call, 'readUnits' | 'writeUnits' | 'bytesRead' | 'bytesWritten'>;
type Input = Record<string, unknown>;

const nothing: Units = { readUnits: 0, writeUnits: 0, bytesRead: 0, bytesWritten: 0 };

/** Counts what the functions of a deployment do. Every write passes by, so it knows the table as it was before each. */
export function createMeter(): Meter {
  const table = new Map<string, WireItem>();
  let calls: Call[] = [];
  let invocations: Invocation[] = [];
  /** By function: calls since its last invocation ended, and those without an answer. */
  const open = new Map<string, number>();
  const waiting = new Map<string, number>();

  const unitsOf = (operation: string, input: Input, answer: Input): Units => {
    switch (operation) {
      case 'GetItem':
        return read(answer.Item === undefined ? [] : [answer.Item as WireItem], input.ConsistentRead === true);
      case 'BatchGetItem': {
        const found = Object.values(answer.Responses as Record<string, WireItem[]>).flat();
        const asked = Object.values(input.RequestItems as Record<string, { Keys: unknown[] }>).flatMap(
          (one) => one.Keys,
        );
        const units = found.reduce((sum, item) => sum + readUnits(itemBytes(item)), asked.length - found.length);
        return { ...nothing, readUnits: units, bytesRead: bytesOf(found) };
      }
      case 'Query':
        return read((answer.Items ?? []) as WireItem[], input.ConsistentRead === true);
      default:
        return write(operation, input, answer);
    }
  };

  const write = (operation: string, input: Input, answer: Input): Units => {
    const { Item } = input as { Item?: WireItem };
    const key = keyOf(Item ?? (input.Key as WireItem));
    const before = table.get(key);
    const refused = answer.__type !== undefined;
    const after = refused ? before : operation === 'DeleteItem' ? undefined : (Item ?? (answer.Attributes as WireItem));
    if (after === undefined) table.delete(key);
    else table.set(key, after);
    const units = writeUnits(before, after) + (refused ? 0 : indexUnits(indexes, before, after));
    return { ...nothing, writeUnits: units, bytesWritten: refused || after === undefined ? 0 : itemBytes(after) };
  };

  return {
    options: {
      async watchCall(functionId, { service, operation, input }: AwsRequest, pass) {
        const alone = (waiting.get(functionId) ?? 0) === 0;
        waiting.set(functionId, (waiting.get(functionId) ?? 0) + 1);
        const bytes = await pass();
        waiting.set(functionId, (waiting.get(functionId) ?? 1) - 1);
        const answer = bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as Input);
        const units = service === 'dynamodb' ? unitsOf(operation, input, answer) : nothing;
        const events = operation === 'PutEvents' ? (input.Entries as unknown[]).length : 0;
        calls.push({ functionId, what: `${service}:${operation}`, ...units, events, alone });
        open.set(functionId, (open.get(functionId) ?? 0) + 1);
      },
      watchInvocation(functionId, by, used) {
        invocations.push({ functionId, by, ...used, calls: open.get(functionId) ?? 0 });
        open.delete(functionId);
      },
    },
    take() {
      const taken = { calls, invocations };
      calls = [];
      invocations = [];
      return taken;
    },
    stored(passes) {
      const items = [...table.values()].filter(({ pk, sk }) => passes(String(pk?.S), String(sk?.S)));
      return { items: items.length, bytes: bytesOf(items) };
    },
  };
}

function read(items: readonly WireItem[], consistent: boolean): Units {
  const bytes = bytesOf(items);
  return { ...nothing, readUnits: readUnits(bytes) * (consistent ? 1 : 0.5), bytesRead: bytes };
}

function bytesOf(items: readonly WireItem[]): number {
  return items.reduce((sum, item) => sum + itemBytes(item), 0);
}

function keyOf({ pk, sk }: WireItem): string {
  return JSON.stringify([pk?.S, sk?.S]);
}
