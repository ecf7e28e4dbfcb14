import type { HookScheme } from '../../core/hook.ts';
import type { Change } from '../../core/webhook-rules.ts';
import type { HttpRequest } from '../message.ts';

/** What one call is. `ping` asks only whether someone is there. */
export interface Received {
  /** The sender's id of the delivery: the same when it is sent again. */
  readonly deliveryId: string;
  readonly change: Change;
  readonly ping: boolean;
}

/** The call as its sender means it; undefined if it names no delivery, so that a repeat could not be told from a new one. */
export function readChange(
  scheme: HookScheme,
  { headers }: Pick<HttpRequest, 'headers'>,
  payload: unknown,
): Received | undefined {
  const readers: Readonly<Record<HookScheme, () => Omit<Received, 'deliveryId'> & { deliveryId: string | undefined }>> =
    {
      github: () => {
        const event = headers['x-github-event'] ?? '';
        return { deliveryId: headers['x-github-delivery'], change: ofGithub(event, payload), ping: event === 'ping' };
      },
      gitlab: () => ({
        deliveryId: headers['webhook-id'],
        change: ofGitlab(headers['x-gitlab-event'] ?? '', payload),
        ping: false,
      }),
      'gitlab-token': () => ({
        deliveryId: headers['idempotency-key'] ?? headers['x-gitlab-event-uuid'],
        change: ofGitlab(headers['x-gitlab-event'] ?? '', payload),
        ping: false,
      }),
      bitbucket: () => {
        const event = headers['x-event-key'] ?? '';
        const deliveryId = headers['x-request-uuid'] ?? headers['x-request-id'];
        return { deliveryId, change: ofBitbucket(event, payload), ping: event === 'diagnostics:ping' };
      },
      standard: () => {
        const event = text(payload, 'type') ?? '';
        return {
          deliveryId: headers['webhook-id'],
          change: ofStandard(event, payload),
          ping: event.endsWith('endpoint.ping'),
        };
      },
    };
  const { deliveryId, ...received } = readers[scheme]();
  return deliveryId !== undefined && /^[!-~]{1,256}$/.test(deliveryId) ? { deliveryId, ...received } : undefined;
}

/** docs.github.com, "Webhook events and payloads". */
function ofGithub(event: string, payload: unknown): Change {
  const pull = at(payload, 'pull_request');
  const ref = text(payload, 'ref');
  const created =
    event === 'create' || event === 'delete' ? (text(payload, 'ref_type') === 'tag' ? 'tags' : 'heads') : undefined;
  const label = text(payload, 'label', 'name');
  // What ran for a pull request from a fork has its code, although it names none.
  const workflow = at(payload, 'workflow_run');
  const labels = list(pull, 'labels').flatMap((one) => text(one, 'name') ?? []);
  return clean({
    event,
    action: text(payload, 'action'),
    ...(pull === undefined
      ? ofRef(text(workflow, 'head_branch') ?? (created === undefined ? ref : `refs/${created}/${ref}`))
      : { branch: text(pull, 'base', 'ref') }),
    commit: commit(
      text(pull, 'head', 'sha') ??
        text(payload, 'after') ??
        text(payload, 'deployment', 'sha') ??
        text(workflow, 'head_sha'),
    ),
    repository: text(payload, 'repository', 'full_name'),
    pullRequest: number(pull, 'number'),
    sourceBranch: text(pull, 'head', 'ref'),
    fromFork:
      pull !== undefined
        ? text(pull, 'head', 'repo', 'full_name') !== text(pull, 'base', 'repo', 'full_name')
        : workflow !== undefined
          ? text(workflow, 'head_repository', 'full_name') !== text(payload, 'repository', 'full_name')
          : undefined,
    paths: event === 'push' ? changedFiles(list(payload, 'commits'), 2048) : undefined,
    labels: pull === undefined ? undefined : [...new Set(label === undefined ? labels : [...labels, label])],
    sender: text(payload, 'sender', 'login'),
    deleted: event === 'delete' || at(payload, 'deleted') === true ? true : undefined,
    payload,
  });
}

/** docs.gitlab.com, "Webhook events". Rules name events as the body does (`push`), not as the header (`Push Hook`). */
function ofGitlab(event: string, payload: unknown): Change {
  const request = text(payload, 'object_kind') === 'merge_request' ? at(payload, 'object_attributes') : undefined;
  const pipeline = text(payload, 'object_kind') === 'pipeline' ? at(payload, 'object_attributes') : undefined;
  // A pipeline of a merge request has the code of its source.
  const source = request ?? (pipeline === undefined ? undefined : at(payload, 'merge_request'));
  const after = text(payload, 'after');
  return clean({
    event: text(payload, 'object_kind') ?? event,
    action: text(request, 'action'),
    ...(request !== undefined
      ? { branch: text(request, 'target_branch') }
      : pipeline !== undefined
        ? { [at(pipeline, 'tag') === true ? 'tag' : 'branch']: text(pipeline, 'ref') }
        : ofRef(text(payload, 'ref'))),
    commit: commit(
      text(request, 'last_commit', 'id') ?? text(pipeline, 'sha') ?? text(payload, 'checkout_sha') ?? after,
    ),
    repository: text(payload, 'project', 'path_with_namespace'),
    pullRequest: number(request, 'iid'),
    sourceBranch: text(request, 'source_branch'),
    fromFork:
      source === undefined ? undefined : number(source, 'source_project_id') !== number(source, 'target_project_id'),
    // It lists 20 commits at most.
    paths:
      request === undefined
        ? changedFiles(list(payload, 'commits'), number(payload, 'total_commits_count') ?? 0)
        : undefined,
    labels: request === undefined ? undefined : list(payload, 'labels').flatMap((one) => text(one, 'title') ?? []),
    sender: text(payload, 'user_username') ?? text(payload, 'user', 'username'),
    deleted: isZero(after) ? true : undefined,
    payload,
  });
}

/** Cloud: support.atlassian.com, "Event payloads". Data Center: its own page of that name. A push tells its first change. */
function ofBitbucket(event: string, payload: unknown): Change {
  const pull = at(payload, 'pullrequest') ?? at(payload, 'pullRequest');
  const change = at(list(payload, 'push', 'changes')[0], 'new') ?? at(list(payload, 'push', 'changes')[0], 'old');
  const moved = list(payload, 'changes')[0];
  const branch = text(change, 'type') === 'tag' ? undefined : text(change, 'name');
  const tag = text(change, 'type') === 'tag' ? text(change, 'name') : undefined;
  const repository =
    text(payload, 'repository', 'full_name') ??
    inDataCenter(at(payload, 'repository') ?? at(pull, 'toRef', 'repository'));
  return clean({
    event,
    ...(pull === undefined
      ? moved === undefined
        ? { branch, tag }
        : ofRef(text(moved, 'ref', 'id'))
      : { branch: text(pull, 'destination', 'branch', 'name') ?? text(pull, 'toRef', 'displayId') }),
    commit: commit(
      text(pull, 'source', 'commit', 'hash') ??
        text(pull, 'fromRef', 'latestCommit') ??
        text(change, 'target', 'hash') ??
        text(moved, 'toHash'),
    ),
    repository,
    pullRequest: number(pull, 'id'),
    sourceBranch: text(pull, 'source', 'branch', 'name') ?? text(pull, 'fromRef', 'displayId'),
    fromFork: pull === undefined ? undefined : sourceOf(pull) !== targetOf(pull),
    sender: text(payload, 'actor', 'nickname') ?? text(payload, 'actor', 'name'),
    deleted:
      at(list(payload, 'push', 'changes')[0], 'closed') === true || text(moved, 'type') === 'DELETE' ? true : undefined,
    payload,
  });
}

/** Whatever speaks Standard Webhooks: `data` may say of its change what our rules ask for. */
function ofStandard(event: string, payload: unknown): Change {
  const data = at(payload, 'data');
  const paths = list(data, 'paths').filter((path) => typeof path === 'string');
  const labels = list(data, 'labels').filter((label) => typeof label === 'string');
  return clean({
    event,
    action: text(data, 'action'),
    branch: text(data, 'branch'),
    tag: text(data, 'tag'),
    commit: commit(text(data, 'commit')),
    repository: text(data, 'repository'),
    pullRequest: number(data, 'pullRequest'),
    sourceBranch: text(data, 'sourceBranch'),
    paths: paths.length === 0 ? undefined : paths,
    labels: labels.length === 0 ? undefined : labels,
    sender: text(data, 'sender'),
    payload,
  });
}

function ofRef(ref: string | undefined): { branch?: string | undefined; tag?: string | undefined } {
  if (ref?.startsWith('refs/tags/')) return { tag: ref.slice('refs/tags/'.length) };
  return { branch: ref?.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : ref };
}

/** What is compared with every pattern of every plan must be few. */
const maxFiles = 3000;

/** Undefined unless all of the push is there, and not too much: a path that is not listed may have changed. */
function changedFiles(commits: readonly unknown[], total: number): string[] | undefined {
  if (commits.length === 0 || (commits.length >= 20 && total > commits.length)) return undefined;
  const files = commits.flatMap((one) => [...list(one, 'added'), ...list(one, 'modified'), ...list(one, 'removed')]);
  return files.length > maxFiles ? undefined : [...new Set(files.filter((file) => typeof file === 'string'))];
}

function inDataCenter(repository: unknown): string | undefined {
  const key = text(repository, 'project', 'key');
  const slug = text(repository, 'slug');
  return key === undefined || slug === undefined ? undefined : `${key}/${slug}`;
}

function sourceOf(pull: unknown): string | undefined {
  return text(pull, 'source', 'repository', 'full_name') ?? inDataCenter(at(pull, 'fromRef', 'repository'));
}

function targetOf(pull: unknown): string | undefined {
  return text(pull, 'destination', 'repository', 'full_name') ?? inDataCenter(at(pull, 'toRef', 'repository'));
}

/** A commit's full name; nothing else is passed on as one. */
function commit(sha: string | undefined): string | undefined {
  return sha !== undefined && /^[0-9a-f]{7,64}$/i.test(sha) && !isZero(sha) ? sha : undefined;
}

/** What senders write for "none". */
function isZero(sha: string | undefined): boolean {
  return sha !== undefined && /^0+$/.test(sha);
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return (
    path.reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value ?? undefined,
    ) ?? undefined
  );
}

function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' && found !== '' ? found.slice(0, 4096) : undefined;
}

function number(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined;
}

function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

function clean<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}
