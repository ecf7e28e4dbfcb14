import type { AttemptEnd, AttemptProblem } from '../../core/executor.ts';
import type { ArtifactResults } from './artifacts.ts';
import type { Settings } from './github-api.ts';
import { linkOf, type WorkflowRun } from './workflow-runs.ts';

/** Conclusions of a run whose jobs came to their end: their report says how. Every other one cut something off. */
const reporting = ['success', 'failure', 'neutral', 'skipped'];

/**
 * How the attempt of a completed run ended. Without a report nothing is believed, and a failure that no case explains is a
 * problem: a job that broke off behind its last test must not be green.
 */
export function conclude(
  { callback }: Settings,
  { conclusion, html_url: url }: WorkflowRun,
  { cases, unreadable }: ArtifactResults,
): AttemptEnd {
  const ended = `The workflow run ended as ${conclusion ?? 'nothing'}`;
  const link = linkOf(url);
  const end = (reason: AttemptProblem['reason'], why: string): AttemptEnd => ({
    // GitHub told how the job ended: it works.
    problem: {
      reason,
      message: `${ended}${why}${link === undefined ? '' : `: ${link}`}`.slice(0, 1000),
      jobOnly: true,
    },
  });
  if (conclusion === null || !reporting.includes(conclusion)) return end('executorLost', '');
  if (unreadable !== undefined) {
    return end('reportUnreadable', `, ${callback ? 'sent no final results, ' : ''}and ${unreadable}`);
  }
  const explained = cases.some(({ result }) => result === 'failed' || result === 'errored');
  if (conclusion === 'failure' && !explained) return end('executorProtocol', ' although its report has no failure');
  return {};
}
