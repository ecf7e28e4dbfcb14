import type { MasterKey, Services } from '../core/ports.ts';
import { parseMasterKeys } from './secrets.ts';

/** A key that was taken out of the secret is good for nothing after this time (docs/security.md). */
const maxAgeMs = 6 * 3_600_000;
/** Fresh keys are those of this time: whoever sends what was forged causes no more than one read in it. */
const freshMs = 10_000;

/**
 * The master keys as `read` has them, kept for hours: a rotation takes days, and a read costs as much as five requests. Fresh
 * ones were read in the last seconds. A read that failed is repeated for whoever has no keys, not for whoever wants others.
 */
export function createMasterKeys(read: () => Promise<string>, now: () => number): Services['masterKeys'] {
  let kept: { readonly keys: readonly MasterKey[]; readonly readAt: number } | undefined;
  let last: { readonly keys: Promise<readonly MasterKey[]>; readonly startedAt: number; failed: boolean } | undefined;
  return async (fresh) => {
    const at = now();
    if (fresh === undefined && kept !== undefined && isWithin(maxAgeMs, kept.readAt, at)) return kept.keys;
    if (last !== undefined && isWithin(freshMs, last.startedAt, at) && !(last.failed && fresh === undefined))
      return last.keys;
    const current = { keys: read().then(parseMasterKeys), startedAt: at, failed: false };
    last = current;
    try {
      const keys = await current.keys;
      // One that began earlier and took longer does not take the place of a newer one.
      if (last === current || kept === undefined) kept = { keys, readAt: at };
      return keys;
    } catch (error) {
      current.failed = true;
      throw error;
    }
  };
}

/** False as well when the clock was set back: then nobody knows how long ago it was. */
function isWithin(ms: number, since: number, at: number): boolean {
  return at >= since && at - since < ms;
}
