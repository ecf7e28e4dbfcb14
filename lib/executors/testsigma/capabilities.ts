import type { Capabilities } from '../../core/executor.ts';

/** It reruns single iterations of what it ran before; the rest is asked for by polling. */
export function testsigmaCapabilities(): Capabilities {
  return { selects: 'iterations', callsBack: false, polls: true, stops: true };
}
