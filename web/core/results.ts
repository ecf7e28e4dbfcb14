import type { Case, Counts, Run } from '../api.ts';

export type CaseResult = Case['result'];
/** How a run stands: its result, or its status while it has none. */
export type Standing = NonNullable<Run['result']> | Run['status'];

/** What colour and shape something has; never told by colour alone. */
export type Tone = 'good' | 'bad' | 'broken' | 'quiet' | 'busy' | 'waiting';

export function standingOf({ status, result }: Pick<Run, 'status' | 'result'>): Standing {
  return result ?? status;
}

interface Told {
  readonly word: string;
  readonly tone: Tone;
}

export const standings: Readonly<Record<Standing, Told>> = {
  passed: { word: 'Passed', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  errored: { word: 'Errored', tone: 'broken' },
  timedOut: { word: 'Timed out', tone: 'broken' },
  stopped: { word: 'Stopped', tone: 'quiet' },
  noTests: { word: 'No tests', tone: 'broken' },
  queued: { word: 'Queued', tone: 'waiting' },
  running: { word: 'Running', tone: 'busy' },
  stopping: { word: 'Stopping', tone: 'busy' },
  completed: { word: 'Completed', tone: 'quiet' },
};

/** How a standing is shown. A newer service may know words that a tab left open does not. */
export function tellStanding(standing: Standing): Told {
  return standings[standing] ?? { word: standing, tone: 'quiet' };
}

/** In the order in which they want to be seen: what asks for somebody comes first. */
export const caseStandings: readonly { readonly result: CaseResult; readonly word: string; readonly tone: Tone }[] = [
  { result: 'failed', word: 'Failed', tone: 'bad' },
  { result: 'errored', word: 'Errored', tone: 'broken' },
  { result: 'blocked', word: 'Blocked', tone: 'broken' },
  { result: 'notExecuted', word: 'Not executed', tone: 'broken' },
  { result: 'stopped', word: 'Stopped', tone: 'quiet' },
  { result: 'running', word: 'Running', tone: 'busy' },
  { result: 'queued', word: 'Queued', tone: 'waiting' },
  { result: 'passed', word: 'Passed', tone: 'good' },
  { result: 'skipped', word: 'Skipped', tone: 'quiet' },
];

/** What is not passed once it is over, and can be run again. */
export const failures: ReadonlySet<CaseResult> = new Set(['failed', 'errored', 'blocked', 'notExecuted', 'stopped']);

export function isLive({ status }: Pick<Run, 'status'>): boolean {
  return status !== 'completed';
}

export function failuresOf(counts: Counts): number {
  return [...failures].reduce((sum, result) => sum + counts[result], 0);
}
