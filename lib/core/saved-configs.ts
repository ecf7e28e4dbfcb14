import type { ConfigDocument, SavedConfig } from './plan.ts';

/**
 * The selections with the ids those of the same name had, the first of a name with the first and so on; new names have none.
 * An id a document pins is nobody else's.
 */
export function keepConfigIds(known: readonly SavedConfig[], configs: readonly ConfigDocument[]): ConfigDocument[] {
  const pinned = new Set(configs.map(({ id }) => id));
  const free = known.filter(({ id }) => !pinned.has(id));
  return configs.map((config) => {
    if (config.id !== undefined) return config;
    const at = free.findIndex(({ name }) => name === config.name);
    const [earlier] = at < 0 ? [] : free.splice(at, 1);
    return earlier === undefined ? config : { ...config, id: earlier.id };
  });
}
