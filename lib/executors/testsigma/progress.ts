import type { ReportedCase } from '../../core/results.ts';
import type { TenantRun } from './wire.ts';

/** Attempts remembered at most; what is forgotten is read and told once more. */
const maxAttempts = 500;

/** What attempts have told so far, so that a poll reads and stores only what is new. */
export interface Progress {
  /** True if the counts are others than when results were last told, or say nothing. */
  hasMoved(key: string, run: TenantRun): boolean;
  /** Those of the cases that were not told with that result before; remembers them and the counts. */
  untold(key: string, run: TenantRun, cases: readonly ReportedCase[]): readonly ReportedCase[];
  forget(key: string): void;
}

export function createProgress(): Progress {
  const attempts = new Map<string, { counts: string | undefined; readonly told: Map<string, string> }>();
  return {
    hasMoved(key, run) {
      const counts = countsOf(run);
      return counts === undefined || attempts.get(key)?.counts !== counts;
    },
    untold(key, run, cases) {
      const known = attempts.get(key) ?? { counts: undefined, told: new Map<string, string>() };
      known.counts = countsOf(run);
      attempts.delete(key);
      attempts.set(key, known);
      if (attempts.size > maxAttempts) attempts.delete(attempts.keys().next().value as string);
      return cases.filter(({ suite, name, iteration, machine, result }) => {
        const at = JSON.stringify([suite, name, iteration, machine]);
        if (known.told.get(at) === result) return false;
        known.told.set(at, result);
        return true;
      });
    },
    forget(key) {
      attempts.delete(key);
    },
  };
}

/** Counts of finished cases as one text; undefined if one that should be there is null. */
function countsOf(run: TenantRun): string | undefined {
  const { passedCount, failedCount } = run;
  if (passedCount == null || failedCount == null) return undefined;
  const others = [run.abortedCount, run.stoppedCount, run.notExecutedCount, run.preRequisiteFailedCount];
  return [passedCount, failedCount, ...others.map((count) => count ?? 0)].join(' ');
}
