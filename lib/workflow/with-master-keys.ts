import type { MasterKey, Services } from '../core/ports.ts';

/** What `open` makes of the master keys that are kept, or of fresh ones if those do not fit: a rotation may have begun since. */
export async function withMasterKeys<T>(
  { masterKeys }: Pick<Services, 'masterKeys'>,
  open: (keys: readonly MasterKey[]) => T | null | undefined,
): Promise<T | undefined> {
  const kept = await masterKeys();
  const opened = open(kept);
  if (opened != null) return opened;
  const fresh = await masterKeys('fresh');
  return fresh === kept ? undefined : (open(fresh) ?? undefined);
}
