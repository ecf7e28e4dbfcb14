import * as z from 'zod/mini';
import { parsePath, readPath, toText } from './payload-path.ts';
import { id } from './schema.ts';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const patterns = z.array(text(200)).check(z.minLength(1), z.maxLength(50));

/** Where the value of a variable comes from: literal text with `{branch}` and the like in it, or `$.path.in.the[0].payload`. */
const source = text(500).check(
  z.refine((value) => !value.startsWith('$') || parsePath(value) !== undefined, {
    error:
      'must be a path such as $.pull_request.head.ref or $.commits[0].id, or a text with {branch}, {commit}, … in it',
  }),
  z.refine((value) => value.startsWith('$') || unknownName(value) === undefined, {
    error: (issue) =>
      `names {${unknownName(String(issue.input))}}; there are ${names.map((name) => `{${name}}`).join(', ')}`,
  }),
);

/** Starts a run for a call of a hook. All that is given must hold; lists need one that does. */
export const webhookRule = z.strictObject({
  /** The sender's name of the event: `push`, `pull_request`, `merge_request`, `repo:push`, or the `type` of the body. */
  events: patterns,
  /** `opened`, `synchronize`, …: only for events that have one. */
  actions: z.optional(patterns),
  /** `main`, `release/*`, `feature/**`, `!wip/*`: of a pull request the branch it would be merged into. */
  branches: z.optional(patterns),
  /** Tags, likewise. Without it, a pushed tag starts nothing. */
  tags: z.optional(patterns),
  /** One changed file must fit. A sender that lists no files, or not all of them, counts as having changed everything. */
  paths: z.optional(patterns),
  /** Labels of a pull request: one must be there. */
  labels: z.optional(patterns),
  /** Owner and name, as `acme/shop` or `acme/*`. */
  repositories: z.optional(patterns),
  /** Pull requests from forks, which anybody can open. */
  forks: z._default(z.boolean(), false),
  /** Runtime data of the run. Without it: BRANCH, COMMIT, REPOSITORY, and PULL_REQUEST if there is one. */
  variables: z.optional(
    z.record(
      z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be a variable name: letters, digits and _')),
      source,
    ),
  ),
  /** Name of a saved selection of the plan. */
  config: z.optional(text(255)),
  environment: z.optional(id),
  buildNo: z.optional(source),
});
export type WebhookRule = z.output<typeof webhookRule>;

/** What a call tells, whoever sent it. */
export interface Change {
  readonly event: string;
  readonly action?: string;
  /** Without `refs/heads/`; of a pull request its target. */
  readonly branch?: string;
  readonly tag?: string;
  readonly commit?: string;
  /** `owner/name`. */
  readonly repository?: string;
  readonly pullRequest?: number;
  /** Branch a pull request comes from. */
  readonly sourceBranch?: string;
  readonly fromFork?: boolean;
  /** Changed files; absent if the sender did not list them all. */
  readonly paths?: readonly string[];
  readonly labels?: readonly string[];
  readonly sender?: string;
  /** The branch or tag was deleted: there is nothing left to test. */
  readonly deleted?: boolean;
  readonly payload: unknown;
}

/** Undefined if the rule wants a run for the change; else why not, for people. */
export function refuseByRule(rule: WebhookRule, change: Change): string | undefined {
  const { event, action, branch, tag, repository, paths, labels } = change;
  if (!fits(rule.events, event)) return `event ${event} is not among ${listed(rule.events)}`;
  if (change.deleted) return `${tag === undefined ? 'the branch' : 'the tag'} was deleted`;
  if (change.fromFork && !rule.forks) return 'the pull request comes from a fork, and the rule does not allow forks';
  if (rule.actions && !fits(rule.actions, action))
    return `action ${action ?? 'none'} is not among ${listed(rule.actions)}`;
  if (tag !== undefined && !fits(rule.tags ?? [], tag)) return `tag ${tag} is not among ${listed(rule.tags ?? [])}`;
  if (tag === undefined && rule.tags && !rule.branches) return 'it is no tag';
  if (tag === undefined && rule.branches && !fits(rule.branches, branch))
    return `branch ${branch ?? 'none'} is not among ${listed(rule.branches)}`;
  if (rule.repositories && !fits(rule.repositories, repository))
    return `repository ${repository ?? 'none'} is not among ${listed(rule.repositories)}`;
  if (rule.labels && !labels?.some((label) => fits(rule.labels ?? [], label)))
    return `no label is among ${listed(rule.labels)}`;
  if (rule.paths && paths && !paths.some((path) => fits(rule.paths ?? [], path)))
    return `no changed file is among ${listed(rule.paths)}`;
  return undefined;
}

/** The runtime data a rule makes of the change. Values are cut at 4,096 characters; what is not there is left out. */
export function variablesOf({ variables }: WebhookRule, change: Change): Record<string, string> {
  const wanted = variables ?? {
    BRANCH: '{branch}',
    COMMIT: '{commit}',
    REPOSITORY: '{repository}',
    PULL_REQUEST: '{pullRequest}',
  };
  const found = Object.entries(wanted).map(([name, from]) => [name, renderSource(from, change)] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value ? [[name, value.slice(0, 4096)]] : [])));
}

/** The text a source stands for; empty if what it names is not there. */
export function renderSource(from: string, change: Change): string {
  const path = parsePath(from);
  if (path !== undefined) return readPath(change.payload, path);
  return from.replace(/\{(\w+)\}/g, (_, name: (typeof names)[number]) => toText(change[name]));
}

/** For people: "push to main (1a2b3c4)". */
export function describeChange({ event, action, branch, tag, commit, pullRequest }: Change): string {
  const where = tag !== undefined ? ` of tag ${tag}` : branch !== undefined ? ` to ${branch}` : '';
  const which = pullRequest === undefined ? '' : ` #${pullRequest}`;
  return `${event}${action === undefined ? '' : ` ${action}`}${which}${where}${commit === undefined ? '' : ` (${commit.slice(0, 7)})`}`;
}

const names = [
  'branch',
  'tag',
  'commit',
  'repository',
  'pullRequest',
  'sourceBranch',
  'event',
  'action',
  'sender',
] as const;

function unknownName(value: string): string | undefined {
  return [...value.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => String(name))
    .find((name) => !names.includes(name as never));
}

/** One pattern fits and the last that does is no `!`. */
function fits(wanted: readonly string[], value: string | undefined): boolean {
  if (value === undefined) return false;
  let fit = wanted.length > 0 && wanted.every((pattern) => pattern.startsWith('!'));
  for (const pattern of wanted) {
    const not = pattern.startsWith('!');
    if (matchesGlob(not ? pattern.slice(1) : pattern, value)) fit = !not;
  }
  return fit;
}

/**
 * `*` is any text without a slash, `**` any text, `?` one character but a slash. Row by row over the value, so the work is
 * bounded by both lengths whatever the pattern.
 */
export function matchesGlob(pattern: string, value: string): boolean {
  const parts = pattern.match(/\*+|./gsu) ?? [];
  const characters = [...value].slice(0, 4096);
  let reached: boolean[] = [true, ...characters.map(() => false)];
  for (const part of parts) {
    const next: boolean[] = [];
    for (let i = 0; i <= characters.length; i++) {
      const character = characters[i - 1];
      if (part.startsWith('*'))
        next[i] = reached[i] === true || (i > 0 && next[i - 1] === true && (part !== '*' || character !== '/'));
      else next[i] = i > 0 && reached[i - 1] === true && (part === character || (part === '?' && character !== '/'));
    }
    reached = next;
  }
  return reached[characters.length] === true;
}

function listed(wanted: readonly string[]): string {
  return wanted.length === 0 ? 'none' : wanted.join(', ');
}
