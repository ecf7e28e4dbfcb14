import { firstYear, lastYear } from './timing.ts';
import { fromWallMs, toWallMs } from './wall.ts';
import { instantOf, offsetAt, type Zone } from './zone.ts';

/** From where a recurrence counts: an instant, and the wall time that recurs. */
export interface Anchor {
  readonly at: number;
  readonly wallMs: number;
}

/**
 * Reads `YYYY-MM-DDTHH:mm[:ss[.SSS]]` with or without `Z` or `±hh:mm`, or epoch milliseconds; fractions of a second are dropped
 * (Testsigma contract 4.7). With `Z`, an offset or a number it is that instant, and its wall time is the one in the zone;
 * otherwise it is wall time of the zone. Undefined if it is neither, or not within the years of schedules.
 */
export function readAnchor(text: string, zone: Zone): Anchor | undefined {
  if (/^\d{1,14}$/.test(text)) return anchorAt(Math.floor(Number(text) / 1000) * 1000, zone);
  const match = text.match(anchorForm);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wallMs = toWallMs({ year, month, day, hour, minute, second });
  if (wallMs === undefined) return undefined;
  const offset = match[7];
  if (offset !== undefined) return anchorAt(wallMs - offsetMsOf(offset), zone);
  return within({ at: instantOf(zone, wallMs).at, wallMs });
}

const anchorForm =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-](?:0\d|1[0-8]):[0-5]\d)?$/;

function anchorAt(at: number, zone: Zone): Anchor | undefined {
  return within({ at, wallMs: at + offsetAt(zone, at) });
}

function within(anchor: Anchor): Anchor | undefined {
  const { year } = fromWallMs(anchor.wallMs);
  return year >= firstYear && year <= lastYear ? anchor : undefined;
}

function offsetMsOf(text: string): number {
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}
