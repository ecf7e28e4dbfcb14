import { catchUp, countedMissed, type MissedPolicy, onTimeSeconds } from './missed.ts';
import { armAt, countOccurrences, lastOccurrence, nextOccurrence } from './next-occurrence.ts';
import type { Occurrence, Schedule } from './schedule.ts';

/** What is due of a schedule. */
export type FireDecision =
  /** It is paused. */
  | { readonly next: 'nothing' }
  /** Its armed occurrence is not due yet. */
  | { readonly next: 'wait' }
  /** Someone is starting it. */
  | { readonly next: 'claimed' }
  /** The occurrence to start; those before it were missed. `late`: it was missed, too. */
  | { readonly next: 'start'; readonly at: number; readonly late: boolean }
  /** All up to this one were missed. */
  | { readonly next: 'miss'; readonly upTo: number };

/** A claim that was not concluded by then is given up: longer than the function that fires may take, in milliseconds. */
export const claimMs = 60_000;

/**
 * What to do about the schedule now (contracts/testsigma.md 4.7). However long nobody looked, one occurrence is started at
 * most: the latest that is due. Unless that one is on time it is a missed one, too, and gets its late run only if the
 * schedule asks for it and it is not too late.
 */
export function decideFire(schedule: Schedule, now: number): FireDecision {
  if (schedule.status === 'paused') return { next: 'nothing' };
  if (now < dueAt(schedule, schedule.nextAt)) return { next: 'wait' };
  if (schedule.claimedAt !== undefined && now < schedule.claimedAt + claimMs) return { next: 'claimed' };
  const { timing, nextAt } = schedule;
  const { run, missed } = catchUp(timing, nextAt - 1, now, policyOf(schedule), (at) => dueAt(schedule, at));
  if (run === undefined) return { next: 'miss', upTo: missed?.last ?? nextAt };
  return { next: 'start', at: run, late: now - dueAt(schedule, run) > onTimeSeconds * 1000 };
}

/** When the occurrence is started: its time, and the schedule's jitter. */
export function dueAt({ id, jitterSeconds }: Pick<Schedule, 'id' | 'jitterSeconds'>, occurrence: number): number {
  return armAt(occurrence, id, jitterSeconds);
}

/** The record of the occurrences from the first one to the last before `before`; none if there is no such. */
export function missedRecord(schedule: Schedule, first: number, before: number, now: number): Occurrence[] {
  const last = first < before ? lastOccurrence(schedule.timing, before - 1) : undefined;
  if (last === undefined || last < first) return [];
  const count = 1 + countOccurrences(schedule.timing, first, last, countedMissed - 1);
  const counted = count === 1 ? 'It was' : `${count}${count === countedMissed ? ' or more' : ''} occurrences were`;
  const explanation = `${counted} not started in time.`;
  return [{ ...record(schedule, first, now), state: 'missed', code: 'MISSED', explanation, count, lastAt: last }];
}

/** What every record of an occurrence says. */
export function record({ id, name, planId, project }: Schedule, scheduledAt: number, now: number) {
  return { scheduleId: id, scheduledAt, recordedAt: now, planId, project, scheduleName: name } as const;
}

/** The schedule after the occurrence: armed for the next one, or paused because there is none, which keeps its time. */
export function advance(schedule: Schedule, occurrence: number): Pick<Schedule, 'status' | 'nextAt'> {
  const nextAt = nextOccurrence(schedule.timing, occurrence);
  return nextAt === undefined ? { status: 'paused', nextAt: occurrence } : { status: schedule.status, nextAt };
}

function policyOf({ missed, maxLatenessSeconds }: Schedule): MissedPolicy {
  return missed === 'skip' ? { type: missed } : { type: missed, maxLatenessSeconds };
}
