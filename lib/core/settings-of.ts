import type { ExecutorSettings, ExecutorType, SettingsOf } from './executor-settings.ts';

/**
 * The settings as those of the executor it is. Being asked about another one's is a bug. Apart from
 * their schema, which a trigger can do without.
 */
export function settingsOf<const T extends ExecutorType>(type: T, settings: ExecutorSettings): SettingsOf<T> {
  if (settings.type !== type) throw new Error(`Not settings of the ${type} executor: ${settings.type}`);
  return settings as SettingsOf<T>;
}
