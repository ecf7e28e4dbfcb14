import { parseRate } from './rate.ts';
import { everyWords, type TimingForm } from './schedule-form.ts';
import type { AnchoredType, Timing } from './timing.ts';

const anchoredType: Readonly<Record<(typeof everyWords)[number], AnchoredType>> = {
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  twoWeeks: 'biweekly',
  month: 'monthly',
  year: 'yearly',
};

/** The timing the form stands for; a rate counts on from where it began, unless the form says another start. VALIDATION_FAILED. */
export function toTiming(form: TimingForm, now: number, before?: Timing): Timing {
  const startsAt = form.startsAt === undefined ? undefined : Date.parse(form.startsAt);
  const bounds = {
    timezone: form.timezone ?? 'UTC',
    ...(startsAt === undefined ? {} : { startsAt }),
    ...(form.endsAt === undefined ? {} : { endsAt: Date.parse(form.endsAt) }),
  };
  if (form.cron !== undefined) return { recurrence: { type: 'cron', expression: form.cron }, ...bounds };
  if (form.once !== undefined) return { recurrence: { type: 'once', anchor: form.once }, ...bounds };
  if (form.every !== undefined)
    return { recurrence: { type: anchoredType[form.every], anchor: form.at ?? '' }, ...bounds };
  const rate = { type: 'rate', ...parseRate(form.rate ?? '') } as const;
  const old = before?.recurrence.type === 'rate' ? before.recurrence : undefined;
  const kept = old?.every === rate.every && old.unit === rate.unit ? old.from : undefined;
  return { recurrence: { ...rate, from: startsAt ?? kept ?? now - (now % 1000) }, ...bounds };
}

/** The form of a timing, as it is shown. */
export function toForm({ recurrence, timezone, startsAt, endsAt }: Timing): TimingForm {
  return {
    ...recurrenceForm(recurrence),
    timezone,
    ...(startsAt === undefined ? {} : { startsAt: new Date(startsAt).toISOString() }),
    ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
  };
}

function recurrenceForm(recurrence: Timing['recurrence']): TimingForm {
  switch (recurrence.type) {
    case 'cron':
      return { cron: recurrence.expression };
    case 'rate': {
      const { every, unit } = recurrence;
      return { rate: `${every} ${every === 1 ? unit.slice(0, -1) : unit}` };
    }
    case 'once':
      return { once: recurrence.anchor };
    default:
      return { every: everyWords.find((word) => anchoredType[word] === recurrence.type), at: recurrence.anchor };
  }
}
