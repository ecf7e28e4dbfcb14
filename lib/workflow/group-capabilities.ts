import type { Capabilities } from '../core/executor.ts';

/** What a group can do. Apart from its executor, because a trigger needs nothing else of it. */
export function groupCapabilities(): Capabilities {
  return { selects: 'nothing', callsBack: true, polls: true, stops: true };
}
