import * as z from 'zod/mini';
import { overlaps } from '../overlap.ts';
import { id } from '../schema.ts';
import { longestLatenessSeconds, maxJitterSeconds, missedWords } from './schedule.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const time = z.iso.datetime({ offset: true, error: 'must be a time as in 2027-01-31T12:00:00Z' });
const seconds = (most: number) => z.int().check(z.gte(0), z.lte(most));
export const everyWords = ['hour', 'day', 'week', 'twoWeeks', 'month', 'year'] as const;

/** When a schedule fires, as people write it: one of `cron`, `rate`, `every` with `at`, and `once`. */
export const timingMembers = {
  /** As EventBridge Scheduler has it (minutes hours day-of-month month day-of-week year), or the five fields of crontab. */
  cron: z.optional(text(200)),
  /** Elapsed time, free of clock changes: `15 minutes`, counted from `startsAt`, or from when it was made. */
  rate: z.optional(text(40)),
  every: z.optional(z.enum(everyWords)),
  /** With `every`: the first occurrence, from which the others are counted. Wall time of the zone, or with an offset. */
  at: z.optional(text(40)),
  /** A single time; wall time of the zone, or with an offset. */
  once: z.optional(text(40)),
  timezone: z._default(text(64), 'UTC'),
  /** No occurrence before. */
  startsAt: z.optional(time),
  /** No occurrence at or after. */
  endsAt: z.optional(time),
};
export type TimingForm = { [M in keyof typeof timingMembers]?: z.output<(typeof timingMembers)[M]> | undefined };

/** What else a schedule says, in a plan's document and in a request. */
export const scheduleMembers = {
  name: text(255),
  ...timingMembers,
  /** Over those of the environment and the plan. They are shown: secrets belong into environments, by reference. */
  variables: z._default(
    z.record(
      z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _')),
      z.string().check(z.maxLength(4096)),
    ),
    {},
  ),
  /** Unless set, the plan's. */
  overlap: z.optional(z.enum(overlaps)),
  /** Of the latest occurrence that could not be started in time: no run, or one late run. */
  missed: z._default(z.enum(missedWords), 'runOnce'),
  /** No late run after this time. */
  maxLatenessSeconds: z._default(seconds(longestLatenessSeconds), longestLatenessSeconds),
  /** Spreads schedules of one time: each fires at its own moment within so many seconds. */
  jitterSeconds: z._default(seconds(maxJitterSeconds), 0),
  enabled: z._default(z.boolean(), true),
};

/** Refuses what says no time or several. */
export const oneTiming = z.check<TimingForm>(({ value, issues }) => {
  const given = (['cron', 'rate', 'every', 'once'] as const).filter((member) => value[member] !== undefined);
  const say = (path: string, message: string) => issues.push({ code: 'custom', path: [path], message, input: value });
  if (given.length === 0) say('cron', 'is required, or one of rate, every and once');
  if (given[1] !== undefined) say(given[1], `cannot go with ${given[0]}; leave one of them out`);
  if (value.every !== undefined && value.at === undefined) say('at', 'is required with every: the first occurrence');
  if (value.every === undefined && value.at !== undefined) say('at', 'goes with every only');
});

/** A saved selection by its name, or by name, id or both. */
const configRef = z.pipe(
  z.union(
    [
      text(255),
      z
        .strictObject({ name: z.optional(text(255)), id: z.optional(id) })
        .check(z.refine(({ name, id }) => name !== undefined || id !== undefined, 'must have a name or an id')),
    ],
    { error: 'must be the name of a saved configuration, or { name, id }' },
  ),
  z.transform((given) => (typeof given === 'string' ? { name: given } : given)),
);

/** A schedule in a plan's document; its name tells it apart from the plan's others. */
export const planSchedule = z
  .strictObject({
    /** Shown where a plan is read; the name says which one is meant. */
    id: z.optional(id),
    ...scheduleMembers,
    config: z.optional(configRef),
    environment: z.optional(id),
    buildNo: z.optional(text(255)),
  })
  .check(oneTiming);
export type ScheduleDocument = z.output<typeof planSchedule>;
export type PlanSchedule = ScheduleDocument & { readonly id: number };
