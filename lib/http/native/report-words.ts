import type { CaseResult } from '../../core/results.ts';
import type { RunResult } from '../../core/run.ts';

/** How a result reads and looks: by its sign and its word, not by colour alone. */
export interface Look {
  readonly sign: string;
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'odd' | 'calm';
}

export const runLooks: Readonly<Record<RunResult, Look>> = {
  passed: { sign: '✓', word: 'Passed', tone: 'good' },
  failed: { sign: '✗', word: 'Failed', tone: 'bad' },
  errored: { sign: '!', word: 'Errored', tone: 'bad' },
  timedOut: { sign: '!', word: 'Timed out', tone: 'bad' },
  stopped: { sign: '■', word: 'Stopped', tone: 'odd' },
  noTests: { sign: '!', word: 'No tests', tone: 'odd' },
};

const caseLooks: Readonly<Record<CaseResult, Look>> = {
  passed: { sign: '✓', word: 'passed', tone: 'good' },
  failed: { sign: '✗', word: 'failed', tone: 'bad' },
  errored: { sign: '!', word: 'errored', tone: 'bad' },
  skipped: { sign: '–', word: 'skipped', tone: 'calm' },
  blocked: { sign: '■', word: 'blocked', tone: 'odd' },
  stopped: { sign: '■', word: 'stopped', tone: 'odd' },
  notExecuted: { sign: '?', word: 'not executed', tone: 'odd' },
  running: { sign: '…', word: 'running', tone: 'calm' },
  queued: { sign: '…', word: 'queued', tone: 'calm' },
};

export function lookOf({ result, flaky }: { readonly result: CaseResult; readonly flaky: boolean }): Look {
  return flaky ? { sign: '~', word: 'flaky', tone: 'odd' } : caseLooks[result];
}

/** `85 ms`, `1.2 s`, `2 min 5 s`, `1 h 3 min`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2027-01-04 09:00:12 UTC`: a file is read in more than one place. */
export function timeWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
