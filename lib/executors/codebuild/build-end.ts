import type { Build } from '../../adapters/codebuild.ts';
import type { AttemptEnd, AttemptProblem } from '../../core/executor.ts';
import type { ReadReports } from './read-reports.ts';

/** How an attempt ended whose build is over. A build that failed before, or apart from, its tests is never a result of them. */
export function toAttemptEnd(build: Build, { cases, problem }: ReadReports): AttemptEnd {
  const lost = whyLost(build);
  const failed = failedPhase(build);
  if (lost !== undefined) return ended('executorLost', lost, !isOfCodebuild(build, failed?.type));
  if (problem !== undefined) {
    const after = failed === undefined ? '' : `, after ${describe(failed)}`;
    return ended('reportUnreadable', `the build ended ${build.status}${after}, and ${problem}`);
  }
  if (build.status === 'SUCCEEDED') return {};
  // Tests that fail make the command fail, and it the build.
  const isExplained = cases.some(({ result }) => result === 'failed' || result === 'errored');
  if (isExplained && failed?.type === 'BUILD') return {};
  const what = failed === undefined ? `the build ended ${build.status}` : describe(failed);
  return ended('executorProtocol', `${what}, although its report has no failure that explains it`, true);
}

/** CodeBuild itself failed. A set-up that breaks, or a source that is not there, is the plan's own. */
function isOfCodebuild({ status }: Build, phase: string | undefined): boolean {
  return status === 'FAULT' || ['SUBMITTED', 'QUEUED', 'PROVISIONING'].includes(phase ?? '');
}

function whyLost(build: Build): string | undefined {
  if (build.status === 'STOPPED') return 'the build was stopped';
  if (build.status === 'TIMED_OUT') {
    const after = build.timeoutMinutes === undefined ? '' : ` after ${build.timeoutMinutes} minutes`;
    return `CodeBuild timed the build out${after}`;
  }
  const failed = failedPhase(build);
  if (failed !== undefined && beforeTests.has(failed.type))
    return `the build ended before its tests: ${describe(failed)}`;
  if (build.status !== 'FAULT') return undefined;
  return `CodeBuild could not carry the build out${failed === undefined ? '' : `: ${describe(failed)}`}`;
}

const beforeTests: ReadonlySet<string> = new Set([
  'SUBMITTED',
  'QUEUED',
  'PROVISIONING',
  'DOWNLOAD_SOURCE',
  'INSTALL',
  'PRE_BUILD',
]);

function failedPhase({ phases }: Build): Build['phases'][number] | undefined {
  return phases.find(({ status }) => status !== undefined && status !== 'SUCCEEDED' && status !== 'IN_PROGRESS');
}

function describe({ type, status, message }: Build['phases'][number]): string {
  return `phase ${type} ended ${status}${message === '' ? '' : ` (${message.slice(0, 500)})`}`;
}

function ended(reason: AttemptProblem['reason'], message: string, jobOnly = false): AttemptEnd {
  return { problem: { reason, message, ...(jobOnly ? { jobOnly: true } : {}) } };
}
