import { api, need } from '../api.ts';
import { useLive } from './use-live.ts';

/** Whether the key that is signed in may do what wants the scope; it may try as long as that is not known. */
export function useMay(scope: string): boolean {
  const { data } = useLive('own key', loadOwnKey, () => null);
  return data?.scopes.includes(scope) ?? true;
}

function loadOwnKey(signal: AbortSignal) {
  return need(api.GET('/v1/keys/self', { signal }));
}
