import type { RerunPolicy } from '../../core/plan.ts';
import type { CaseResult, Counts } from '../../core/results.ts';
import { type RerunType, type Run, type RunResult, rerunTypes, type TriggerType } from '../../core/run.ts';
import { settleCase } from '../../core/settle.ts';

/** contracts/testsigma.md 4.1. Nothing but `passed` may contain SUCCESS (T7). */
const runResults: Readonly<Record<RunResult, string>> = {
  passed: 'SUCCESS',
  failed: 'FAILURE',
  errored: 'ABORTED',
  timedOut: 'ABORTED',
  stopped: 'STOPPED',
  noTests: 'NOT_EXECUTED',
};

const caseWords: Readonly<Record<CaseResult, string>> = {
  passed: 'SUCCESS',
  failed: 'FAILURE',
  errored: 'ABORTED',
  stopped: 'STOPPED',
  skipped: 'NOT_EXECUTED',
  notExecuted: 'NOT_EXECUTED',
  blocked: 'PRE_REQUISITE_FAILURE',
  running: 'QUEUED',
  queued: 'QUEUED',
};

const triggerWords: Readonly<Record<TriggerType, string>> = {
  api: 'API',
  webhook: 'API',
  event: 'API',
  schedule: 'SCHEDULED',
  manual: 'MANUAL',
};

const rerunWords: Readonly<Record<RerunType, string>> = {
  all: 'ALL_TESTS',
  allIterations: 'ALL_ITERATIONS',
  failed: 'ONLY_FAILED_TESTS',
  failedIterations: 'ONLY_FAILED_ITERATIONS',
  failedIterationsOfFailed: 'ONLY_FAILED_ITERATIONS_IN_FAILED_TESTS',
  picked: 'USER_PICKED',
};

export const created = {
  status: 'STATUS_CREATED',
  result: 'QUEUED',
  message: 'Test Plan execution is initiated and waiting to be queued',
} as const;

/** What GET says of the run; never `STATUS_CREATED` (T6). */
export function statusWord(run: Pick<Run, 'status'>): string {
  return run.status === 'completed' ? 'STATUS_COMPLETED' : 'STATUS_IN_PROGRESS';
}

export function resultWord(run: Pick<Run, 'status' | 'result'>): string {
  return run.status === 'completed' ? runResults[run.result ?? 'errored'] : 'QUEUED';
}

/** contracts/testsigma.md 4.2. */
export function messageOf(run: Pick<Run, 'status' | 'result' | 'explanation'>): string {
  if (run.status === 'stopping') return stopped;
  if (run.status === 'running') return 'Test Plan in Progress';
  if (run.status !== 'completed') return created.message;
  switch (run.result) {
    case 'passed':
      return 'Test plan execution completed';
    case 'failed':
      return 'Test plan execution failed';
    case 'stopped':
      return stopped;
    case 'noTests':
      return 'No test case was executed';
    default:
      return `Test plan execution failed: ${run.explanation ?? 'for an unknown reason'}`;
  }
}

const stopped = 'User stopped the Test Plan';

export function caseWord(run: Pick<Run, 'status' | 'result'>, result: CaseResult): string {
  return caseWords[settleCase(run, result)];
}

export interface WireCounts {
  readonly total: number;
  readonly failed: number;
  readonly passed: number;
  readonly aborted: number;
  readonly stopped: number;
  readonly notExecuted: number;
  readonly preRequisiteFailed: number;
  readonly queued: number;
  readonly running: number;
}

/** Every case once, in the words of this API: the eight kinds add up to the total (contracts/testsigma.md 4.2). */
export function toWireCounts(run: Pick<Run, 'status' | 'result'>, counts: Counts): WireCounts {
  const open = settleCase(run, 'notExecuted');
  const left = (as: CaseResult): number => (open === as ? counts.notExecuted : 0);
  return {
    total: counts.total,
    failed: counts.failed,
    passed: counts.passed,
    aborted: counts.errored + left('errored'),
    stopped: counts.stopped + left('stopped'),
    notExecuted: counts.skipped + left('notExecuted'),
    preRequisiteFailed: counts.blocked,
    queued: counts.queued + left('queued'),
    running: counts.running,
  };
}

export function rerunWord(type: RerunType): string {
  return rerunWords[type];
}

/** The rerun a word asks for; undefined for `NONE` and what is no such word. */
export function rerunTypeOf(word: string): RerunType | undefined {
  return rerunTypes.find((type) => rerunWords[type] === word);
}

export function triggeredType(type: TriggerType): string {
  return triggerWords[type];
}

/** True if the plan reruns by itself. */
export function rerunsByItself(rerun: RerunPolicy): boolean {
  return rerun.which !== 'none' && rerun.max > 0;
}

/** An automatic rerun takes failed cases, of data-driven ones just the failed iterations. */
export function planRerunType(rerun: RerunPolicy): string {
  return rerunsByItself(rerun) ? 'ONLY_FAILED_ITERATIONS_IN_FAILED_TESTS' : 'NONE';
}
