import { shownRun } from './override.ts';
import type { Run } from './run.ts';

/** What a badge says, and how bad that is. */
export interface Badge {
  readonly label: string;
  readonly message: string;
  readonly tone: 'good' | 'bad' | 'broken' | 'unknown';
}

/** Of every plan that is not there, and of every one that has no public badge: nobody can tell which. */
export const unknownBadge: Badge = { label: 'proctor', message: 'unknown plan', tone: 'unknown' };

/**
 * The badge of a plan from its newest completed run, if there is one; `hasRun` tells one that waits for its first end from
 * one that never began. Where only picked cases ran it says so: nothing is known of the others.
 */
export function badgeOf(planName: string, newest: Run | undefined, hasRun: boolean): Badge {
  const label = planName.length > maxLabel ? `${planName.slice(0, maxLabel - 1)}…` : planName;
  if (newest === undefined) return { label, message: hasRun ? 'running' : 'never ran', tone: 'unknown' };
  return { label, ...verdictOf(shownRun(newest)) };
}

const maxLabel = 60;

function verdictOf({ result, counts, requestedCases }: Run): Omit<Badge, 'label'> {
  const { total = 0, passed = 0, skipped = 0 } = counts ?? {};
  const picked = requestedCases === undefined ? '' : 'picked ';
  switch (result) {
    case 'passed':
      return { message: `${passed} ${picked}passed`, tone: 'good' };
    case 'failed':
      return { message: `${total - passed - skipped} of ${total} ${picked}failed`, tone: 'bad' };
    case 'noTests':
      return { message: 'no tests', tone: 'broken' };
    case 'timedOut':
      return { message: 'timed out', tone: 'broken' };
    case 'stopped':
      return { message: 'stopped', tone: 'unknown' };
    default:
      return { message: 'errored', tone: 'broken' };
  }
}
