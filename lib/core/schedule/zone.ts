import type { OccurrenceKind } from './timing.ts';
import { fromWallMs, toWallMs, type Wall } from './wall.ts';
import { abbreviations, bareNames } from './zone-names.ts';

/** A time zone: a fixed offset, or one whose offset the tz database of the platform tells. */
export interface Zone {
  /** `UTC`, `+05:30`, or the platform's name for an IANA zone and its links. */
  readonly name: string;
  readonly offsetMs: number | 'varies';
}

/**
 * The zone of a text (Testsigma contract 4.8): the fixed table of abbreviations, IANA names in any case, `GMT±hh:mm`, `±hh:mm`.
 * Undefined for anything else: the platform is never asked about a word without an area, since it would know PST its own way.
 */
export function resolveZone(text: string): Zone | undefined {
  const key = text.toUpperCase();
  const known = zones.get(key);
  if (known !== undefined) return known;
  const name = abbreviations.get(key) ?? bareNames.get(key) ?? text;
  const zone = name === 'UTC' ? utc : (fixedZone(name) ?? namedZone(name));
  if (zone !== undefined) zones.set(key, zone);
  return zone;
}

/** The offset from UTC that clocks of the zone have at an instant, in milliseconds. */
export function offsetAt(zone: Zone, at: number): number {
  if (zone.offsetMs !== 'varies') return zone.offsetMs;
  const second = Math.floor(at / 1000) * 1000;
  const shown = formatterOf(zone.name).format(second).match(/\d+/g)?.map(Number) ?? [];
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, seconds = 0] = shown;
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
}

/** The wall time of an instant. Offsets are whole minutes since 1972. */
export function toWall(zone: Zone, at: number): Wall & { readonly offsetMinutes: number } {
  const offset = offsetAt(zone, at);
  return { ...fromWallMs(at + offset), offsetMinutes: offset / 60_000 };
}

/** The instant of a wall time: the first valid one after a gap if it falls into one, the first of two if it occurs twice. */
export function toInstant(zone: Zone, wall: Wall): { readonly at: number; readonly kind: OccurrenceKind } {
  const ms = toWallMs(wall);
  if (ms === undefined) throw new RangeError('No calendar has this wall time.');
  return instantOf(zone, ms);
}

/**
 * `toInstant` for milliseconds of wall time. Never decreasing: a later wall time is never an earlier instant. Holds where a zone
 * changes its clocks at most once in 32 hours, as every zone has since 1970.
 */
export function instantOf(zone: Zone, wallMs: number): { readonly at: number; readonly kind: OccurrenceKind } {
  const before = offsetAt(zone, wallMs - reachMs);
  const after = offsetAt(zone, wallMs + reachMs);
  if (before === after) return { at: wallMs - before, kind: 'normal' };
  const isBefore = offsetAt(zone, wallMs - before) === before;
  const isAfter = offsetAt(zone, wallMs - after) === after;
  if (isBefore) return { at: wallMs - before, kind: isAfter ? 'fold' : 'normal' };
  if (isAfter) return { at: wallMs - after, kind: 'normal' };
  return { at: changeBetween(zone, wallMs - reachMs, wallMs + reachMs), kind: 'gap' };
}

/** A passage of wall times that occurs a second time because clocks went back. */
export interface Fold {
  /** When clocks went back, and when the repetition is over. */
  readonly from: number;
  readonly until: number;
  /** The offset while times repeat, in milliseconds. */
  readonly offsetMs: number;
}

/** The fold that an instant lies in or next to, its first passage included. */
export function foldAround(zone: Zone, at: number): Fold | undefined {
  const before = offsetAt(zone, at - longestFoldMs);
  const after = offsetAt(zone, at + longestFoldMs);
  if (after >= before) return undefined;
  const from = changeBetween(zone, at - longestFoldMs, at + longestFoldMs);
  return { from, until: from + before - after, offsetMs: after };
}

/** Whether the wall time of an instant occurs twice. */
export function repeats(zone: Zone, at: number): boolean {
  const fold = foldAround(zone, at);
  return fold !== undefined && at >= fold.from - (fold.until - fold.from) && at < fold.until;
}

const utc: Zone = { name: 'UTC', offsetMs: 0 };
const zones = new Map<string, Zone>();
const formatters = new Map<string, Intl.DateTimeFormat>();
/** More than any offset from UTC. */
const reachMs = 16 * 3_600_000;
/** Three hours have occurred (Casey station); one hour and less is usual. */
const longestFoldMs = 4 * 3_600_000;

function fixedZone(text: string): Zone | undefined {
  const [, sign, hours = '', minutes = ''] = text.match(/^(?:GMT)?([+-])([01]\d):([0-5]\d)$/i) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (sign === undefined || total > 18 * 60) return undefined;
  if (total === 0) return utc;
  return { name: `${sign}${hours}:${minutes}`, offsetMs: (sign === '-' ? -total : total) * 60_000 };
}

function namedZone(text: string): Zone | undefined {
  if (!/^[a-z_]+\/[a-z0-9_/+-]+$/i.test(text) || /^systemv\//i.test(text)) return undefined;
  try {
    return { name: formatterOf(text).resolvedOptions().timeZone, offsetMs: 'varies' };
  } catch {
    return undefined;
  }
}

function formatterOf(name: string): Intl.DateTimeFormat {
  const known = formatters.get(name);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(formatter.resolvedOptions().timeZone, formatter);
  return formatter;
}

/** The first instant with the later offset, where the offset changes once in between. */
function changeBetween(zone: Zone, from: number, until: number): number {
  const before = offsetAt(zone, from);
  let [low, high] = [Math.floor(from / 1000), Math.floor(until / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}
