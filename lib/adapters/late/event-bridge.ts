import { once } from '../../core/once.ts';
import type { Bus } from '../../core/ports.ts';
import type { createBus as create } from '../event-bridge.ts';

/** The bus of `event-bridge.ts`, whose client is loaded with the first event. */
export function createBus(config: Parameters<typeof create>[0], busName: string): Bus {
  const load = once(async () => (await import('../event-bridge.ts')).createBus(config, busName));
  return { publish: async (events) => (await load()).publish(events) };
}
