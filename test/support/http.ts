import { createHash } from 'node:crypto';
import { createApiKey } from '../../lib/core/api-key.ts';
import type { ApiKey, LogEntry } from '../../lib/core/ports.ts';
import { createEntry, type Entry } from '../../lib/http/entry.ts';
import { json } from '../../lib/http/json.ts';
import { type Handler, type HttpRequest, type Principal, type Scope, scopes } from '../../lib/http/message.ts';
import { type Operation, routes } from '../../lib/http/routes.ts';

/** Repeatable "random" bytes: tests that print a key print the same one tomorrow. */
export function seededBytes(seed: string): (bytes: number) => Uint8Array {
  let count = 0;
  return (bytes) => {
    count += 1;
    return createHash('sha512').update(`${seed} ${count}`).digest().subarray(0, bytes);
  };
}

export function aRequest(method: string, path: string, change: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method,
    path,
    params: {},
    query: new URLSearchParams(),
    headers: {},
    body: new Uint8Array(),
    sourceIp: '127.0.0.1',
    requestId: 'request-1',
    baseUrl: 'http://127.0.0.1',
    ...change,
  };
}

export interface Call {
  readonly operation: Operation;
  readonly request: HttpRequest;
  readonly principal: Principal;
}

/** An entry whose handlers remember their calls, a store of keys in memory, and a clock that is set by hand. */
export function createStubbedEntry(handlers: Partial<Record<Operation, Handler>> = {}): {
  readonly entry: Entry;
  readonly calls: Call[];
  readonly logs: LogEntry[];
  readonly reads: string[];
  readonly clock: { now: number };
  readonly keys: Map<string, ApiKey>;
  addKey(change?: { scopes?: readonly Scope[]; expiresAt?: number; projects?: string[]; planIds?: number[] }): {
    readonly key: ApiKey;
    readonly token: string;
  };
} {
  const calls: Call[] = [];
  const logs: LogEntry[] = [];
  const reads: string[] = [];
  const clock = { now: 1_000_000 };
  const keys = new Map<string, ApiKey>();
  const random = seededBytes('keys');
  const stubs = Object.fromEntries(
    routes.map(({ operation }) => [
      operation,
      async (request: HttpRequest, principal: Principal) => {
        calls.push({ operation, request, principal });
        return json(200, { operation });
      },
    ]),
  );
  const entry = createEntry({
    keys: {
      getKey: async (id) => {
        reads.push(id);
        return keys.get(id);
      },
    },
    now: () => clock.now,
    handlers: { ...stubs, ...handlers },
    log: (entry) => logs.push(entry),
  });
  const addKey = (
    change: { scopes?: readonly Scope[]; expiresAt?: number; projects?: string[]; planIds?: number[] } = {},
  ) => {
    const { projects = null, planIds = null, scopes: granted = scopes, ...rest } = change;
    const made = createApiKey({
      random,
      name: 'ci',
      ownerId: 3,
      now: clock.now,
      scopes: granted,
      projects,
      planIds,
      ...rest,
    });
    keys.set(made.key.id, made.key);
    return made;
  };
  return { entry, calls, logs, reads, clock, keys, addKey };
}
