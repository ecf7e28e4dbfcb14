import type { ApiKey, KeyStore } from '../core/ports.ts';

/** A revoked key is dead within this time, everywhere (reliability.md F48). */
const maxAgeMs = 30_000;
const maxEntries = 1_000;

export interface KeyCache {
  getKey(keyId: string): Promise<ApiKey | undefined>;
  clear(): void;
}

/** Keys as they were at most 30 s ago. */
export function createKeyCache(keys: Pick<KeyStore, 'getKey'>, now: () => number): KeyCache {
  const { get, clear } = createCache((keyId) => keys.getKey(keyId), now);
  return { getKey: get, clear };
}

/** Things as they were at most 30 s ago. Unknown ids are asked for each time: they must not push known ones out. */
export function createCache<T>(
  read: (id: string) => Promise<T | undefined>,
  now: () => number,
): { get(id: string): Promise<T | undefined>; clear(): void } {
  const cached = new Map<string, { readonly value: T; readonly readAt: number }>();
  return {
    async get(id) {
      const hit = cached.get(id);
      const readAt = now();
      if (hit && readAt >= hit.readAt && readAt - hit.readAt < maxAgeMs) return hit.value;
      cached.delete(id);
      const value = await read(id);
      if (value === undefined) return undefined;
      const [oldest] = cached.keys();
      if (cached.size >= maxEntries && oldest !== undefined) cached.delete(oldest);
      cached.set(id, { value, readAt });
      return value;
    },
    clear: () => cached.clear(),
  };
}
