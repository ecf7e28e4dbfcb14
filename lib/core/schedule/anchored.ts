import type { Anchor } from './anchor.ts';
import type { Occurrences } from './occurrences.ts';
import type { AnchoredType } from './timing.ts';
import { addMonths, fromWallMs } from './wall.ts';
import { instantOf, offsetAt, repeats, type Zone } from './zone.ts';

/**
 * The occurrences of a type from its anchor: days and months of wall time, hours of elapsed time (Testsigma contract 4.7). Each is
 * computed from the anchor, so a month without the day does not move those after it.
 */
export function anchoredOccurrences(type: AnchoredType, anchor: Anchor, zone: Zone): Occurrences {
  const count = type === 'once' ? 1 : Number.POSITIVE_INFINITY;
  // The anchor is an occurrence even where its wall time occurs twice and it was given as the second of the two instants.
  const kth = (k: number) => (k === 0 ? anchor.at : type === 'hourly' ? anchor.at + k * hourMs : wallKth(k));
  const wallKth = (k: number) => instantOf(zone, wallOf(type, anchor, k)).at;
  return {
    next(after) {
      let k = Math.max(0, indexAt(type, anchor, zone, after) - 1);
      while (k < count && kth(k) <= after) k++;
      return k < count ? kth(k) : undefined;
    },
    last(upTo) {
      let k = Math.min(count - 1, indexAt(type, anchor, zone, upTo) + 1);
      while (k >= 0 && kth(k) > upTo) k--;
      return k >= 0 ? kth(k) : undefined;
    },
    kindAt(at) {
      if (repeats(zone, at)) return 'fold';
      if (type === 'hourly') return 'normal';
      const wallMs = at + offsetAt(zone, at);
      const near = Math.max(0, indexAt(type, anchor, zone, at) - 1);
      const own = [near, near + 1, near + 2].some((k) => k < count && wallOf(type, anchor, k) === wallMs);
      return own ? 'normal' : 'gap';
    },
  };
}

const hourMs = 3_600_000;
const days: Partial<Record<AnchoredType, number>> = { daily: 1, weekly: 7, biweekly: 14 };

function wallOf(type: AnchoredType, { wallMs }: Anchor, k: number): number {
  if (type === 'once') return wallMs;
  if (type === 'monthly' || type === 'yearly') return addMonths(wallMs, type === 'monthly' ? k : 12 * k);
  return wallMs + k * (days[type] ?? 1) * 24 * hourMs;
}

/** Which occurrence an instant is near to: within one of it. */
function indexAt(type: AnchoredType, anchor: Anchor, zone: Zone, at: number): number {
  if (type === 'once') return 0;
  if (type === 'hourly') return Math.floor((at - anchor.at) / hourMs);
  const wallMs = at + offsetAt(zone, at);
  const period = days[type];
  if (period !== undefined) return Math.floor((wallMs - anchor.wallMs) / (period * 24 * hourMs));
  const [from, to] = [fromWallMs(anchor.wallMs), fromWallMs(wallMs)];
  const months = (to.year - from.year) * 12 + to.month - from.month;
  return type === 'monthly' ? months : Math.floor(months / 12);
}
