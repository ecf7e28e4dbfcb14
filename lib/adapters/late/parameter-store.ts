import { once } from '../../core/once.ts';
import type { createParameterReader as create } from '../parameter-store.ts';
import type { SecretReader } from '../secrets.ts';

/** The reader of `parameter-store.ts`, whose client is loaded when the first parameter is asked for. */
export function createParameterReader(config: Parameters<typeof create>[0]): SecretReader {
  const load = once(async () => (await import('../parameter-store.ts')).createParameterReader(config));
  return async (name) => (await load())(name);
}
