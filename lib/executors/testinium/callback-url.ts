import { toLookToken } from '../../core/callback-token.ts';
import type { Dispatch } from '../../core/executor.ts';

/**
 * Where the tenant calls when the execution has ended, by a token that is good for nothing but making us look. Undefined if
 * it could not reach us: a loopback address is ours alone, unless the tenant is on this machine too.
 */
export function callbackUrlOf({ url, token }: Dispatch['callback'], tenantUrl: string): string | undefined {
  if (isLoopback(url) && !isLoopback(tenantUrl)) return undefined;
  return `${url.slice(0, url.lastIndexOf('/callbacks/'))}/callbacks/t/${toLookToken(token)}/look`;
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127(\.[0-9]+){3}$/.test(host);
}
