import type { ApiKey, KeyStore } from '../core/ports.ts';

/** A revoked key is dead within this time, everywhere (reliability.md F48). */
const maxAgeMs = 30_000;
const maxEntries = 1_000;

export interface KeyCache {
  getKey(keyId: string): Promise<ApiKey | undefined>;
  clear(): void;
}

/** Keys as they were at most 30 s ago. Unknown ids are asked for each time: they must not push known ones out. */
export function createKeyCache(keys: Pick<KeyStore, 'getKey'>, now: () => number): KeyCache {
  const cached = new Map<string, { readonly key: ApiKey; readonly readAt: number }>();
  return {
    async getKey(keyId) {
      const hit = cached.get(keyId);
      const readAt = now();
      if (hit && readAt >= hit.readAt && readAt - hit.readAt < maxAgeMs) return hit.key;
      cached.delete(keyId);
      const key = await keys.getKey(keyId);
      if (!key) return undefined;
      const [oldest] = cached.keys();
      if (cached.size >= maxEntries && oldest !== undefined) cached.delete(oldest);
      cached.set(keyId, { key, readAt });
      return key;
    },
    clear: () => cached.clear(),
  };
}
