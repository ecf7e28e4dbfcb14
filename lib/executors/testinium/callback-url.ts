import { toLookToken } from '../../core/callback-token.ts';
import type { Dispatch } from '../../core/executor.ts';
import { isLoopback } from '../../core/loopback.ts';

/**
 * Where the tenant calls when the execution has ended, by a token that is good for nothing but making us look. Undefined if
 * it could not reach us: a loopback address is ours alone, unless the tenant is on this machine too.
 */
export function callbackUrlOf({ url, token }: Dispatch['callback'], tenantUrl: string): string | undefined {
  if (isHere(url) && !isHere(tenantUrl)) return undefined;
  return `${url.slice(0, url.lastIndexOf('/callbacks/'))}/callbacks/t/${toLookToken(token)}/look`;
}

function isHere(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}
