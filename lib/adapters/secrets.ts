import { ServiceError } from '../core/errors.ts';
import type { MasterKey, Secrets } from '../core/ports.ts';

/** A changed secret is used within this time. */
const maxAgeMs = 5 * 60_000;
const maxCached = 200;

/** Names plans may refer to: those under `proctor/`, so that no plan reads the master key or another secret of the account. */
const secretRef = /^secretsmanager:(proctor\/[A-Za-z0-9/_+=.@-]{1,400})$/;

/** Secrets behind `secretsmanager:proctor/<name>`, cached. Anything else a plan names is refused before it is read. */
export function createSecrets(options: {
  /** Undefined when there is no such secret. */
  readonly read?: (id: string) => Promise<string | undefined>;
  readonly now: () => number;
}): Secrets {
  const cache = new Map<string, { readonly value: string; readonly readAt: number }>();

  const readCached = async (id: string): Promise<string | undefined> => {
    const hit = cache.get(id);
    if (hit && options.now() - hit.readAt < maxAgeMs) return hit.value;
    const value = await options.read?.(id);
    cache.delete(id);
    if (value === undefined) return undefined;
    cache.set(id, { value, readAt: options.now() });
    if (cache.size > maxCached) cache.delete(cache.keys().next().value as string);
    return value;
  };

  return {
    async get(ref) {
      const name = secretRef.exec(ref)?.[1];
      if (name === undefined) {
        throw new ServiceError(
          'EXECUTOR_REFUSED',
          `The secret ${ref.slice(0, 200)} cannot be used: on AWS it must be secretsmanager:proctor/<name>`,
        );
      }
      const value = await readCached(name);
      if (value === undefined || value === '') {
        throw new ServiceError('EXECUTOR_REFUSED', `There is no secret ${ref.slice(0, 200)}.`);
      }
      return value;
    },
  };
}

/**
 * Master keys as their secret holds them: `{"epoch":1,"key":"…"}`, or a list of these while they rotate. Newest first. The
 * errors never quote the secret.
 */
export function parseMasterKeys(text: string): MasterKey[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the secret of the master keys is not JSON');
  }
  const keys = (Array.isArray(value) ? value : [value]).map((entry): MasterKey => {
    const { epoch, key } = (entry ?? {}) as { epoch?: unknown; key?: unknown };
    if (!Number.isSafeInteger(Number(epoch)) || typeof key !== 'string' || key.length < 32) {
      throw new Error('a master key needs an epoch and a key of at least 32 characters');
    }
    return { epoch: Number(epoch), key: new TextEncoder().encode(key) };
  });
  return keys.sort((a, b) => b.epoch - a.epoch);
}
