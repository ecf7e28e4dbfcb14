import type { Capabilities, Executor } from '../core/executor.ts';
import type { ExecutorSettings } from '../core/executor-settings.ts';
import { once } from '../core/once.ts';

/** An executor that is loaded when it is first called; what it can do is known before. */
export function createLateExecutor(
  capabilities: (settings: ExecutorSettings) => Capabilities,
  loadIt: () => Promise<Executor>,
): Executor {
  const load = once(loadIt);
  return {
    capabilities,
    start: async (dispatch) => (await load()).start(dispatch),
    poll: async (ref, dispatch) => (await load()).poll(ref, dispatch),
    stop: async (ref, dispatch) => (await load()).stop(ref, dispatch),
  };
}
