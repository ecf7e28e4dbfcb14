import type { CaseResult } from './results.ts';
import { isLive, type Run } from './run.ts';

/**
 * The result of a case as readers of its run understand it (contracts/testsigma.md 4.2): one that has none is open while the
 * run lives, then errored if the run ended in error or ran out of time.
 */
export function settleCase(run: Pick<Run, 'status' | 'result'>, result: CaseResult): CaseResult {
  if (result !== 'notExecuted') return result;
  if (isLive(run)) return 'queued';
  if (run.result === 'stopped') return 'stopped';
  return run.result === 'errored' || run.result === 'timedOut' ? 'errored' : 'notExecuted';
}
