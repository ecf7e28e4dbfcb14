import type { PayloadKind } from '../core/delivery.ts';
import type { RunCallback, Services } from '../core/ports.ts';
import { seal } from '../core/sealed.ts';

/** The callback of a run to be triggered. The URL has been checked; from here on it is readable to the sender only. */
export async function sealCallback(services: Services, kind: PayloadKind, url: string): Promise<RunCallback> {
  const sealedUrl = seal(await services.masterKeys(), url, services.random);
  return { kind, host: new URL(url).host, sealedUrl };
}
