/** When a schedule fires. All times are epoch milliseconds; occurrences are whole seconds. */
export interface Timing {
  readonly recurrence: Recurrence;
  /** As given: an IANA name, GMT±hh:mm, ±hh:mm, or an abbreviation of the fixed table. `resolveZone` reads it. */
  readonly timezone: string;
  /** No occurrence before. */
  readonly startsAt?: number;
  /** No occurrence at or after. */
  readonly endsAt?: number;
}

export type Recurrence = AnchoredRecurrence | CronRecurrence | RateRecurrence;

/** The types of the Testsigma API: the k-th occurrence is computed from the anchor, never from the previous one. */
export interface AnchoredRecurrence {
  readonly type: AnchoredType;
  /** As given: a wall time of the schedule's zone, or an instant (`Z`, an offset, or epoch milliseconds as digits). */
  readonly anchor: string;
}

export const anchoredTypes = ['once', 'hourly', 'daily', 'weekly', 'biweekly', 'monthly', 'yearly'] as const;
export type AnchoredType = (typeof anchoredTypes)[number];

export interface CronRecurrence {
  readonly type: 'cron';
  /** Six fields as EventBridge Scheduler has them (minutes hours day-of-month month day-of-week year), or five as crontab. */
  readonly expression: string;
}

export interface RateRecurrence {
  readonly type: 'rate';
  readonly every: number;
  readonly unit: RateUnit;
  /** The instant from which the rate counts, itself an occurrence if it is still to come. */
  readonly from: number;
}

export const rateUnits = ['minutes', 'hours', 'days'] as const;
export type RateUnit = (typeof rateUnits)[number];

/** How an occurrence meets the clock: at its own wall time, moved out of a spring gap, or at a wall time that occurs twice. */
export type OccurrenceKind = 'normal' | 'gap' | 'fold';

/** One occurrence, as people are shown it before it fires. */
export interface PreviewedOccurrence {
  readonly at: number;
  /** The wall time in the schedule's zone, `YYYY-MM-DDTHH:mm:ss`. */
  readonly local: string;
  readonly offsetMinutes: number;
  readonly kind: OccurrenceKind;
}

/** Schedules live in these years, as those of EventBridge Scheduler do: every search for an occurrence ends. */
export const firstYear = 1970;
export const lastYear = 2199;
