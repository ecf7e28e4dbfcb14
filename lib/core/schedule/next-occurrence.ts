import { invalidField, ServiceError } from '../errors.ts';
import { readAnchor } from './anchor.ts';
import { anchoredOccurrences } from './anchored.ts';
import { parseCron } from './cron.ts';
import { cronOccurrences } from './cron-occurrences.ts';
import type { Occurrences } from './occurrences.ts';
import { checkRate, rateOccurrences } from './rate.ts';
import { lastYear, type PreviewedOccurrence, type Recurrence, type Timing } from './timing.ts';
import { formatWallMs } from './wall.ts';
import { offsetAt, resolveZone, type Zone } from './zone.ts';

/**
 * Refuses a timing that could not be kept: UNKNOWN_TIMEZONE, TIME_IN_PAST (once, at or before now), VALIDATION_FAILED on `anchor`
 * (or what the caller's API calls it), `cron`, `rate`, `startsAt` or `endsAt`, also if it would never fire after now.
 */
export function checkTiming(timing: Timing, now: number, anchorField = 'anchor'): void {
  const { recurrence, startsAt, endsAt } = timing;
  zoneOf(timing);
  occurrencesOf(timing, anchorField);
  if (startsAt !== undefined && endsAt !== undefined && endsAt <= startsAt) {
    throw invalidField('endsAt', 'must be later than startsAt', endsAt);
  }
  if (recurrence.type === 'once' && anchorOf(timing) <= now) throw timeInPast(anchorField, recurrence.anchor);
  if (nextOccurrence(timing, now) !== undefined) return;
  if (endsAt !== undefined && nextOccurrence(withoutEnd(timing), now) !== undefined) {
    throw invalidField('endsAt', 'leaves the schedule without an occurrence; choose a later time', endsAt);
  }
  throw invalidField(fieldOf(recurrence, anchorField), 'has no occurrence after now');
}

/** The instant from which the recurrence counts, in epoch milliseconds; a cron expression counts from its start, or from 1970. */
export function anchorOf(timing: Timing): number {
  const { recurrence } = timing;
  if (recurrence.type === 'cron') return timing.startsAt ?? 0;
  return recurrence.type === 'rate' ? recurrence.from : anchorIn(recurrence.anchor, zoneOf(timing), 'anchor').at;
}

/** The first occurrence strictly after an instant; undefined if there is none any more. */
export function nextOccurrence(timing: Timing, after: number): number | undefined {
  const { startsAt = Number.NEGATIVE_INFINITY, endsAt = endOfTime } = timing;
  const next = occurrencesOf(timing).next(Math.max(after, startsAt - 1));
  return next === undefined || next >= Math.min(endsAt, endOfTime) ? undefined : next;
}

/** The latest occurrence at or before an instant; undefined if there was none yet. */
export function lastOccurrence(timing: Timing, upTo: number): number | undefined {
  const { startsAt = Number.NEGATIVE_INFINITY, endsAt = endOfTime } = timing;
  const last = occurrencesOf(timing).last(Math.min(upTo, endsAt - 1, endOfTime - 1));
  return last === undefined || last < startsAt ? undefined : last;
}

/** How many occurrences lie after one instant, up to and with another; no more than the limit are counted. */
export function countOccurrences(timing: Timing, after: number, upTo: number, limit: number): number {
  let count = 0;
  for (let at = nextOccurrence(timing, after); at !== undefined && at <= upTo && count < limit; count++) {
    at = nextOccurrence(timing, at);
  }
  return count;
}

/** The next n occurrences after now, with the local time that people will see and what the clocks do to it. */
export function preview(timing: Timing, now: number, n: number): readonly PreviewedOccurrence[] {
  const zone = zoneOf(timing);
  const { kindAt } = occurrencesOf(timing);
  const shown: PreviewedOccurrence[] = [];
  for (let at = nextOccurrence(timing, now); at !== undefined && shown.length < n; at = nextOccurrence(timing, at)) {
    const offset = offsetAt(zone, at);
    shown.push({ at, local: formatWallMs(at + offset), offsetMinutes: offset / 60_000, kind: kindAt(at) });
  }
  return shown;
}

/**
 * When an occurrence is armed: up to `jitterSeconds` later, so that schedules of the same minute do not all start in one second.
 * The same schedule and occurrence always get the same delay, in whole seconds.
 */
export function armAt(occurrence: number, scheduleId: number, jitterSeconds: number): number {
  return occurrence + (scatter(`${scheduleId}:${occurrence}`) % (Math.floor(jitterSeconds) + 1)) * 1000;
}

const endOfTime = Date.UTC(lastYear + 1, 0, 1);

function occurrencesOf(timing: Timing, anchorField = 'anchor'): Occurrences {
  const { recurrence } = timing;
  const zone = zoneOf(timing);
  if (recurrence.type === 'cron') return cronOccurrences(parseCron(recurrence.expression), zone);
  if (recurrence.type !== 'rate') {
    return anchoredOccurrences(recurrence.type, anchorIn(recurrence.anchor, zone, anchorField), zone);
  }
  checkRate(recurrence);
  return rateOccurrences(recurrence, zone);
}

function zoneOf({ timezone }: Timing): Zone {
  const zone = resolveZone(timezone);
  if (zone !== undefined) return zone;
  const message = 'must be an IANA name such as Europe/Berlin, or an offset such as GMT+01:00';
  throw new ServiceError('UNKNOWN_TIMEZONE', `timezone: ${message}`, {
    fields: [{ field: 'timezone', message, rejectedValue: timezone.slice(0, 255) }],
  });
}

function anchorIn(text: string, zone: Zone, field: string) {
  const anchor = readAnchor(text, zone);
  if (anchor !== undefined) return anchor;
  throw invalidField(
    field,
    'must be a date and time such as 2027-01-18T09:30:00, with or without Z or an offset, or epoch milliseconds',
    text.slice(0, 255),
  );
}

function timeInPast(field: string, rejectedValue: string): ServiceError {
  const message = 'is in the past; a schedule that fires once needs a later time';
  return new ServiceError('TIME_IN_PAST', `${field}: ${message}`, { fields: [{ field, message, rejectedValue }] });
}

function withoutEnd({ recurrence, timezone, startsAt }: Timing): Timing {
  return startsAt === undefined ? { recurrence, timezone } : { recurrence, timezone, startsAt };
}

function fieldOf({ type }: Recurrence, anchorField: string): string {
  return type === 'cron' || type === 'rate' ? type : anchorField;
}

/** FNV-1a with the finalizer of MurmurHash3: texts that differ in one digit land far apart. */
function scatter(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
