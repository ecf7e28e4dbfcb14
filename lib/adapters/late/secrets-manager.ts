import { once } from '../../core/once.ts';
import type { SecretReader } from '../secrets.ts';
import type { createSecretReader as create } from '../secrets-manager.ts';

/** The reader of `secrets-manager.ts`, whose client is loaded when the first secret is asked for. */
export function createSecretReader(config: Parameters<typeof create>[0]): SecretReader {
  const load = once(async () => (await import('../secrets-manager.ts')).createSecretReader(config));
  return async (id) => (await load())(id);
}
