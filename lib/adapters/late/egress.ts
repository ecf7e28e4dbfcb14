import { once } from '../../core/once.ts';
import { createUrlCheck } from '../egress/check-url.ts';
import type { Egress, EgressOptions } from '../egress.ts';

/** The egress of `egress.ts`: URLs are checked at once, and what sends is loaded when something is sent. */
export function createEgress(options: EgressOptions): Egress {
  const load = once(async () => (await import('../egress.ts')).createEgress(options));
  return { checkUrl: createUrlCheck(options), send: async (request) => (await load()).send(request) };
}
