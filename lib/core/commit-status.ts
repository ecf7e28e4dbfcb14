import { type Commit, githubApiUrl } from './github.ts';
import type { Plan } from './plan.ts';
import type { Counts } from './results.ts';
import type { Run, RunResult } from './run.ts';

/** Where a plan tells how its runs stand, beside the commit they are about. */
export interface StatusTarget {
  readonly apiUrl: string;
  readonly repository: string;
  /** Reference of the token. */
  readonly token: string;
  readonly context: string;
}

/** GitHub's words. */
export type StatusState = 'pending' | 'success' | 'failure' | 'error';

/** The body of GitHub's request (https://docs.github.com/rest/commits/statuses). */
export interface CommitStatus {
  readonly state: StatusState;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
}

/** GitHub refuses longer ones. */
const maxDescription = 140;

/** A red commit is one whose tests say so, or that nothing tested; what kept them from saying anything is an error. */
export const stateOfResult: Readonly<Record<RunResult, StatusState>> = {
  passed: 'success',
  failed: 'failure',
  errored: 'error',
  timedOut: 'error',
  stopped: 'error',
  noTests: 'failure',
};

const wordsOfResult: Readonly<Record<RunResult, string>> = {
  passed: '',
  failed: '',
  errored: 'Errored',
  timedOut: 'Timed out',
  stopped: 'Stopped',
  noTests: 'No tests ran',
};

/**
 * Where the status of a run about the commit goes; undefined if the plan wants none, or means another repository: a token is
 * used where its plan says, not where a trigger does.
 */
export function statusTargetOf(
  { commitStatus, executor, name }: Pick<Plan, 'commitStatus' | 'executor' | 'name'>,
  { repository: named }: Commit,
): StatusTarget | undefined {
  if (commitStatus === undefined) return undefined;
  const own = executor.type === 'github-actions' ? executor : undefined;
  const repository = commitStatus.repository ?? own?.repository ?? named;
  const token = commitStatus.token ?? own?.token;
  if (repository === undefined || token === undefined) return undefined;
  if (named !== undefined && named.toLowerCase() !== repository.toLowerCase()) return undefined;
  const apiUrl = commitStatus.apiUrl ?? own?.apiUrl ?? githubApiUrl;
  return { apiUrl, repository, token, context: commitStatus.context ?? `proctor/${name}` };
}

/** What the commit shows of a run that is not over. */
export function pendingStatus({ id }: Run, { context }: StatusTarget, publicUrl: string): CommitStatus {
  const target_url = `${publicUrl}/runs/${id}`;
  return { state: 'pending', context, description: `Run ${id} is under way`, target_url };
}

/** What the commit shows of the run as it stands. */
export function toCommitStatus(run: Run, target: StatusTarget, publicUrl: string): CommitStatus {
  const { result, counts } = run;
  const pending = pendingStatus(run, target, publicUrl);
  if (result === undefined) return pending;
  const parts = [wordsOfResult[result], counts === undefined ? '' : sentenceOf(counts)];
  const description = parts.filter((part) => part !== '').join(': ');
  return { ...pending, state: stateOfResult[result], description: description.slice(0, maxDescription) };
}

const words: readonly (readonly [keyof Counts, string])[] = [
  ['passed', 'passed'],
  ['failed', 'failed'],
  ['errored', 'errored'],
  ['blocked', 'blocked'],
  ['stopped', 'stopped'],
  ['notExecuted', 'not executed'],
  ['skipped', 'skipped'],
  ['flaky', 'flaky'],
];

/** `11 passed, 1 failed, 1 flaky`; empty without a case. */
function sentenceOf(counts: Counts): string {
  return words.flatMap(([name, word]) => (counts[name] > 0 ? [`${counts[name]} ${word}`] : [])).join(', ');
}
