import { isServiceError, ServiceError } from '../core/errors.ts';
import type { MasterKey, Secrets } from '../core/ports.ts';
import { type SecretStore, splitReference } from '../core/secret-reference.ts';

/** A changed secret is used within this time. */
const maxAgeMs = 5 * 60_000;
const maxCached = 200;

/** Reads a secret by its name in one store; undefined when there is none. */
export type SecretReader = (name: string) => Promise<string | undefined>;

/** The form of references to each store, for people. */
const forms: Readonly<Record<SecretStore, string>> = {
  env: 'env:NAME',
  ssm: 'ssm:/proctor/<name>',
  secretsmanager: 'secretsmanager:proctor/<name>',
};

/**
 * Secrets by their references, from the stores there are readers for. Those found are kept for five minutes; that there is
 * none is not, so that a secret made now is found now. Anything else a plan names is refused before it is read.
 */
export function createSecrets(options: {
  readonly readers: Readonly<Partial<Record<SecretStore, SecretReader>>>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Secrets {
  const { readers, now } = options;
  const cache = new Map<string, { readonly value: string; readonly readAt: number }>();

  const readCached = async (ref: string, read: SecretReader, name: string): Promise<string | undefined> => {
    const hit = cache.get(ref);
    if (hit && now() - hit.readAt < maxAgeMs) return hit.value;
    cache.delete(ref);
    const readAt = now();
    const value = await read(name);
    if (!value) return undefined;
    cache.set(ref, { value, readAt });
    if (cache.size > maxCached) cache.delete(cache.keys().next().value as string);
    return value;
  };

  return {
    async get(ref) {
      const shown = ref.slice(0, 200);
      const { store, name } = splitReference(ref) ?? {};
      const read = store && readers[store];
      if (read === undefined || name === undefined) {
        const known = (Object.keys(readers) as SecretStore[]).map((each) => forms[each]);
        const must = known.length === 0 ? 'it reads no secrets' : `it must be ${known.join(' or ')}`;
        throw new ServiceError('EXECUTOR_REFUSED', `The secret ${shown} cannot be used: here ${must}.`);
      }
      try {
        const value = store === 'env' ? await read(name) : await readCached(ref, read, name);
        if (value) return value;
      } catch (error) {
        if (isServiceError(error)) throw error;
        throw new ServiceError('EXECUTOR_UNAVAILABLE', `The secret ${shown} cannot be read now.`, { cause: error });
      }
      throw new ServiceError('EXECUTOR_REFUSED', `There is no secret ${shown}.`);
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
