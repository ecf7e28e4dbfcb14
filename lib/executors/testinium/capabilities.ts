import type { Capabilities } from '../../core/executor.ts';

/**
 * What a tenant can do. It reruns single scenarios of the plan's last execution; what that one did not have runs in full,
 * and the run says so. Its callback only says that it is time to look.
 */
export function testiniumCapabilities(): Capabilities {
  return { selects: 'cases', callsBack: true, polls: true, stops: true };
}
