import type { everyWords } from '../../core/schedule/schedule-form.ts';
import { formatWallMs } from '../../core/schedule/wall.ts';
import { offsetAt, resolveZone } from '../../core/schedule/zone.ts';
import type { TenantSchedule } from './testsigma-reader.ts';

export interface ImportedSchedule {
  readonly schedule: Readonly<Record<string, unknown>>;
  readonly comment: string;
  /** The saved configuration of the tenant it runs: its name, or its id. */
  readonly config: string | number | undefined;
}

const words: Readonly<Record<string, (typeof everyWords)[number]>> = {
  HOURLY: 'hour',
  DAILY: 'day',
  WEEKLY: 'week',
  BIWEEKLY: 'twoWeeks',
  MONTHLY: 'month',
  YEARLY: 'year',
};

/** The tenant's schedules as paused ones of ours: else both would fire. `notes` get what becomes of those that cannot be. */
export function importSchedules(given: readonly TenantSchedule[], now: number, notes: string[]): ImportedSchedule[] {
  const names = new Set<string>();
  return given.flatMap((one) => {
    const { scheduleType, nextInterval, status, comments } = one;
    const about = `schedule ${one.id} (${one.name})`;
    const every = Object.hasOwn(words, scheduleType) ? words[scheduleType] : undefined;
    if (every === undefined && scheduleType !== 'ONCE') {
      notes.push(`${about}: ${scheduleType.slice(0, 40)} is no interval that is known here`);
      return [];
    }
    if (every === undefined && nextInterval <= now) {
      notes.push(`${about}: its one time is over`);
      return [];
    }
    const { at, timezone } = timeOf(one, about, notes);
    // Its first time is not told, only the next one: counted from a short month, longer ones would fire early.
    if (every === 'month' && Number(at.slice(8, 10)) >= 28)
      notes.push(
        `${about}: counted from its next time, day ${at.slice(8, 10)}; correct \`at\` if it was made for a later day`,
      );
    const plain = one.name.trim().slice(0, 240) || `schedule ${one.id}`;
    const name = names.has(plain) ? `${plain} (${one.id})` : plain;
    names.add(name);
    const paused =
      status === 'IN_ACTIVE' ? 'paused at the tenant, too' : 'fires at the tenant: pause it there before it may here';
    return [
      {
        schedule: { name, ...(every === undefined ? { once: at } : { every, at }), timezone, enabled: false },
        comment: [`schedule ${one.id}, ${paused}`, ...(comments ? [comments] : [])].join('\n'),
        config: one.executionConfig?.name ?? one.executionConfig?.id ?? undefined,
      },
    ];
  });
}

/** The instant the tenant shows, on the clocks of its zone. */
function timeOf({ nextInterval, timezone }: TenantSchedule, about: string, notes: string[]) {
  const given = timezone?.trim() || 'UTC';
  const zone = resolveZone(given);
  const utc = new Date(Math.floor(nextInterval / 1000) * 1000);
  if (zone !== undefined) return { at: formatWallMs(utc.getTime() + offsetAt(zone, utc.getTime())), timezone: given };
  notes.push(`${about}: ${given.slice(0, 64)} is no timezone that is known here, so it is in UTC`);
  return { at: utc.toISOString().slice(0, 19), timezone: 'UTC' };
}
