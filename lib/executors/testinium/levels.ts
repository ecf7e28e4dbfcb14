import type { ReportableResult } from '../../core/results.ts';
import { garbage } from './tenant.ts';

/** Where a result stands (contracts/testinium.md 4.1); `waiting` has not begun. */
export type Standing = ReportableResult | 'waiting';

const standings: Readonly<Record<string, Standing>> = {
  SUCCESS: 'passed',
  FAILURE: 'failed',
  ERROR: 'errored',
  // Failed, but its plan does not count it: neither green nor red.
  WARNING: 'skipped',
  // It began and has no result: closed with the attempt, as stopped in a run that was stopped, else as not executed.
  STOPPED: 'running',
  UNEXECUTED: 'skipped',
  RUNNING: 'running',
  TERMINATING: 'running',
  WAITING: 'waiting',
};

/**
 * The level as a result. `cutShort`: the execution was stopped, timed out or broke, so what was not executed is not skipped
 * but missing, which must never look like an end. A level that is none is EXECUTOR_PROTOCOL.
 */
export function standingOf(level: string, cutShort: boolean): Standing {
  const standing = Object.hasOwn(standings, level) ? standings[level] : undefined;
  if (standing === undefined) throw garbage('tell a result', 'its level is not as documented');
  return level === 'UNEXECUTED' && cutShort ? 'running' : standing;
}

/** True for a level that stays once its execution has ended. */
export function isFinal(level: string): boolean {
  return level !== 'RUNNING' && level !== 'TERMINATING' && level !== 'WAITING';
}
