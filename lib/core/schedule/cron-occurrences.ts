import type { CronExpression } from './cron.ts';
import type { Occurrences } from './occurrences.ts';
import { foldAround, instantOf, offsetAt, repeats, type Zone } from './zone.ts';

/**
 * The instants of a cron expression in a zone. Each wall time becomes its first valid instant, which never decreases; where times
 * repeat, an expression that goes on through the day has a second one (see CronPace).
 */
export function cronOccurrences(cron: CronExpression, zone: Zone): Occurrences {
  return {
    next(after) {
      const first = nextFirst(cron, zone, after);
      const fold = cron.pace === 'fixed' ? undefined : foldAround(zone, after);
      if (fold === undefined) return first;
      const wallMs = cron.next(Math.max(wholeSecond(after), fold.from - 1000) + fold.offsetMs);
      const second = wallMs === undefined ? undefined : wallMs - fold.offsetMs;
      if (second === undefined || second >= fold.until) return first;
      return first === undefined ? second : Math.min(first, second);
    },
    last(upTo) {
      const first = lastFirst(cron, zone, upTo);
      // A second passage follows within hours of its first one, which is an occurrence too.
      const fold = cron.pace === 'fixed' || first === undefined ? undefined : foldAround(zone, first);
      if (first === undefined || fold === undefined) return first;
      const wallMs = cron.last(Math.min(wholeSecond(upTo), fold.until - 1000) + fold.offsetMs);
      const second = wallMs === undefined ? undefined : wallMs - fold.offsetMs;
      return second === undefined || second < fold.from ? first : Math.max(first, second);
    },
    kindAt(at) {
      if (repeats(zone, at)) return 'fold';
      const wallMs = at + offsetAt(zone, at);
      return cron.last(wallMs) === wallMs ? 'normal' : 'gap';
    },
  };
}

function nextFirst(cron: CronExpression, zone: Zone, after: number): number | undefined {
  // Wall times up to that of `after` are no later instants than `after` itself.
  let wallMs = cron.next(wholeSecond(after) + offsetAt(zone, after));
  while (wallMs !== undefined) {
    const { at, kind } = instantOf(zone, wallMs);
    if (at > after && !isSkipped(cron, kind)) return at;
    wallMs = cron.next(wallMs);
  }
  return undefined;
}

function lastFirst(cron: CronExpression, zone: Zone, upTo: number): number | undefined {
  const shown = wholeSecond(upTo) + offsetAt(zone, upTo);
  // During a second passage, all wall times of the first one are over.
  const repeated = Math.max(0, wholeSecond(upTo) - instantOf(zone, shown).at);
  let wallMs = cron.last(shown + repeated);
  while (wallMs !== undefined) {
    const { at, kind } = instantOf(zone, wallMs);
    if (at <= upTo && !isSkipped(cron, kind)) return at;
    wallMs = cron.last(wallMs - 1000);
  }
  return undefined;
}

function isSkipped(cron: CronExpression, kind: string): boolean {
  return cron.pace === 'allDay' && kind === 'gap';
}

function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
