import type { Capabilities } from '../../core/executor.ts';
import type { ExecutorSettings } from '../../core/executor-settings.ts';
import { settingsOf } from '../../core/settings-of.ts';

/** What a runner can do, from the URLs its plan names. Apart from the executor, because a trigger needs nothing else of it. */
export function httpCapabilities(settings: ExecutorSettings): Capabilities {
  const { selects, statusUrl, stopUrl } = settingsOf('http', settings);
  return { selects, callsBack: true, polls: statusUrl !== undefined, stops: stopUrl !== undefined };
}
