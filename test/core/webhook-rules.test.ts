import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../lib/core/schema.ts';
import {
  type Change,
  describeChange,
  matchesGlob,
  refuseByRule,
  renderSource,
  variablesOf,
  webhookRule,
} from '../../lib/core/webhook-rules.ts';

const change: Change = {
  event: 'push',
  branch: 'release/2.1',
  commit: '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
  repository: 'acme/shop',
  paths: ['src/cart/total.ts', 'README.md'],
  sender: 'ada',
  payload: { head_commit: { id: '0d1a26e' }, commits: [{ author: { 'full name': 'Ada' } }], n: 3, none: null },
};
const rule = (members: object) => parse(webhookRule, { events: ['push'], ...members });

describe('a webhook rule', () => {
  it.each<[string, object, Partial<Change>, string | undefined]>([
    ['its event alone', {}, {}, undefined],
    ['another event', { events: ['pull_request'] }, {}, 'event push is not among pull_request'],
    ['an event by pattern', { events: ['repo:*'] }, { event: 'repo:push' }, undefined],
    ['a branch by pattern', { branches: ['main', 'release/*'] }, {}, undefined],
    ['* across a slash', { branches: ['rel*'] }, {}, 'branch release/2.1 is not among rel*'],
    ['** across a slash', { branches: ['rel**'] }, {}, undefined],
    [
      'a branch that is excluded',
      { branches: ['**', '!release/*'] },
      {},
      'branch release/2.1 is not among **, !release/*',
    ],
    ['all but some branches', { branches: ['!wip/**'] }, {}, undefined],
    ['an exclusion taken back', { branches: ['!release/*', 'release/2.1'] }, {}, undefined],
    ['a changed file', { paths: ['src/**'] }, {}, undefined],
    ['no changed file', { paths: ['docs/**'] }, {}, 'no changed file is among docs/**'],
    ['files the sender did not list', { paths: ['docs/**'] }, { paths: undefined } as never, undefined],
    ['a repository', { repositories: ['acme/*'] }, {}, undefined],
    ['another repository', { repositories: ['other/*'] }, {}, 'repository acme/shop is not among other/*'],
    ['a tag, when no rule asks for tags', {}, { tag: 'v1', branch: undefined } as never, 'tag v1 is not among none'],
    ['a tag', { tags: ['v*'] }, { tag: 'v1', branch: undefined } as never, undefined],
    ['a branch, when only tags are asked for', { tags: ['v*'] }, {}, 'it is no tag'],
    ['either', { tags: ['v*'], branches: ['release/*'] }, {}, undefined],
    ['a deleted branch', {}, { deleted: true }, 'the branch was deleted'],
    ['an action', { actions: ['opened'] }, { action: 'opened' }, undefined],
    ['another action', { actions: ['opened'] }, { action: 'closed' }, 'action closed is not among opened'],
    ['no action', { actions: ['opened'] }, {}, 'action none is not among opened'],
    ['a label', { labels: ['e2e'] }, { labels: ['bug', 'e2e'] }, undefined],
    ['no label', { labels: ['e2e'] }, { labels: [] }, 'no label is among e2e'],
    ['a fork', {}, { fromFork: true }, 'the pull request comes from a fork, and the rule does not allow forks'],
    ['a fork that is allowed', { forks: true }, { fromFork: true }, undefined],
  ])('is asked about %s', (_what, members, told, expected) => {
    expect(refuseByRule(rule(members), { ...change, ...told })).toBe(expected);
  });

  it('makes branch, commit and repository variables of the run', () => {
    expect(variablesOf(rule({}), change)).toEqual({
      BRANCH: 'release/2.1',
      COMMIT: '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
      REPOSITORY: 'acme/shop',
    });
  });

  it('makes the variables it names, from the payload too', () => {
    const variables = {
      REF: 'refs/heads/{branch}',
      SHORT: '$.head_commit.id',
      AUTHOR: '$.commits[0].author["full name"]',
      N: '$.n',
      NONE: '$.none',
      MISSING: '$.no.such[3].thing',
      STAGE: 'stg',
    };
    const made = variablesOf(rule({ variables }), change);
    expect(made).toEqual({ REF: 'refs/heads/release/2.1', SHORT: '0d1a26e', AUTHOR: 'Ada', N: '3', STAGE: 'stg' });
  });

  it.each([
    ['$.a..b', /must be a path such as/],
    ['$', /must be a path such as/],
    ['$.a[-1]', /must be a path such as/],
    ['{brnach}', /names \{brnach\}; there are \{branch\}/],
  ])('refuses the source %s', (source, message) => {
    expect(() => rule({ variables: { X: source } })).toThrow(message);
  });

  it('reads nothing that an object only inherits', () => {
    expect(renderSource('$.constructor.name', change)).toBe('');
    expect(renderSource('$.__proto__', change)).toBe('');
  });

  it('says for people what came', () => {
    expect(describeChange(change)).toBe('push to release/2.1 (0d1a26e)');
    expect(
      describeChange({ event: 'pull_request', action: 'opened', pullRequest: 7, branch: 'main', payload: {} }),
    ).toBe('pull_request opened #7 to main');
  });

  it('matches patterns as the regular expression they stand for, in bounded time', () => {
    const part = fc.constantFrom('a', '/', '*', '**', '?');
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), value, (parts, text) => {
        const pattern = parts.join('');
        const words = pattern.match(/\*+|./g) ?? [];
        const source = words
          .map((w) => (w === '*' ? '[^/]*' : w.startsWith('*') ? '.*' : w === '?' ? '[^/]' : w))
          .join('');
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
    const startedAt = performance.now();
    expect(matchesGlob('**a'.repeat(60), 'a'.repeat(4000))).toBe(true);
    expect(matchesGlob(`${'**a'.repeat(60)}b`, 'a'.repeat(4000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
