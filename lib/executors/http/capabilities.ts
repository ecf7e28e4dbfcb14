import type { Capabilities } from '../../core/executor.ts';
import type { ExecutorSettings, HttpSettings } from '../../core/plan.ts';

/** What a runner can do, from the URLs its plan names. Apart from the executor, because a trigger needs nothing else of it. */
export function httpCapabilities(settings: ExecutorSettings): Capabilities {
  const { selects, statusUrl, stopUrl } = httpSettings(settings);
  return { selects, callsBack: true, polls: statusUrl !== undefined, stops: stopUrl !== undefined };
}

export function httpSettings(settings: ExecutorSettings): HttpSettings {
  if (settings.type !== 'http') throw new Error(`Not settings of the http executor: ${settings.type}`);
  return settings;
}
