import { clock, type Day, ownZone } from './days.ts';
import type { ScheduleLine, Upcoming } from './use-schedules.ts';

/** What a schedule does on a day: single times, or more than fit, told as one. */
export interface CalendarCell {
  readonly day: Day;
  readonly times: readonly Upcoming[];
  readonly isDense: boolean;
  /** It goes on here, but at which times has not been asked. */
  readonly isUnknown: boolean;
}

/** More on a day than this are one band. */
const mostDots = 6;

export function toCells({ next, knownUntil }: ScheduleLine, days: readonly Day[]): readonly CalendarCell[] {
  return days.map((day) => {
    const times = next.filter(({ at }) => Date.parse(at) >= day.from && Date.parse(at) < day.to);
    return { day, times, isDense: times.length > mostDots, isUnknown: knownUntil < day.to };
  });
}

/** A time of a day in words: on the reader's clock and, where that says another time, on the schedule's. */
export function describeTime({ schedule }: ScheduleLine, { at, local, kind, runsIntoNext, clashes }: Upcoming): string {
  const here = clock(Date.parse(at));
  const there = local.slice(11, 16);
  const isSame = schedule.timezone === ownZone || there === here;
  return [
    isSame ? here : `${here} (${there} in ${schedule.timezone})`,
    kind === 'gap' ? 'moved out of the hour that the clocks skip' : '',
    kind === 'fold' ? 'the first of two such times, as the clocks go back' : '',
    runsIntoNext ? 'its run usually takes until after the next one' : '',
    ...clashes.map(({ name }) => `meets “${name}”`),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Many times of a day in words. */
export function describeBand({ times, isUnknown }: CalendarCell): string {
  const first = clock(Date.parse(times[0]?.at ?? ''));
  const last = clock(Date.parse(times.at(-1)?.at ?? ''));
  return isUnknown ? `${times.length} times and more from ${first}` : `${times.length} times from ${first} to ${last}`;
}
