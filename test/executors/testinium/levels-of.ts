import type { ReportableResult, ReportedCase } from '../../../lib/core/results.ts';
import type { FakeResult } from '../../support/fake-testinium.ts';

const levels: Readonly<Record<ReportableResult, string>> = {
  passed: 'SUCCESS',
  failed: 'FAILURE',
  errored: 'ERROR',
  skipped: 'UNEXECUTED',
  blocked: 'UNEXECUTED',
  running: 'RUNNING',
};

/** How a tenant tells the case, which runs in an environment called like its class. */
export function levelOfResult({ suite, className, name, result, durationMs, message }: ReportedCase): FakeResult {
  return {
    scenario: `${suite} › ${name}`,
    level: levels[result],
    runtime: durationMs,
    ...(className === '' ? {} : { environment: { id: 31, name: className } }),
    ...(message === undefined ? {} : { message }),
  };
}
