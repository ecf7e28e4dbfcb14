import { describe, expect, it } from 'vitest';
import { statusTargetOf, toCommitStatus } from '../../lib/core/commit-status.ts';
import { type Counts, noCounts } from '../../lib/core/results.ts';
import type { Run, RunResult } from '../../lib/core/run.ts';
import { aDocument, aRun } from '../support/runs.ts';

const sha = '0123456789abcdef0123456789abcdef01234567';
const actions = { type: 'github-actions', repository: 'acme/shop', workflow: 'e2e.yml', token: 'env:ACTIONS' };
const target = {
  apiUrl: 'https://api.github.com',
  repository: 'acme/shop',
  token: 'env:TOKEN',
  context: 'proctor/shop',
};
const status = (change: Partial<Run>) => toCommitStatus(aRun(52, change), target, 'https://proctor.example');
const counts = (some: Partial<Counts>): Counts => ({ ...noCounts, ...some });

describe('what a commit shows of a run', () => {
  it.each<[string, Partial<Run>, string, string]>([
    ['queued', { status: 'queued' }, 'pending', 'Run 52 is under way'],
    ['running', { status: 'running' }, 'pending', 'Run 52 is under way'],
    ['stopping', { status: 'stopping' }, 'pending', 'Run 52 is under way'],
    ['passed', { result: 'passed', counts: counts({ passed: 12, flaky: 1 }) }, 'success', '12 passed, 1 flaky'],
    [
      'failed',
      { result: 'failed', counts: counts({ passed: 11, failed: 1, flaky: 1 }) },
      'failure',
      '11 passed, 1 failed, 1 flaky',
    ],
    [
      'errored',
      { result: 'errored', counts: counts({ passed: 2, notExecuted: 3 }) },
      'error',
      'Errored: 2 passed, 3 not executed',
    ],
    ['crashed', { result: 'errored', reason: 'executionCrashed', counts: noCounts }, 'error', 'Errored'],
    ['timedOut', { result: 'timedOut', counts: counts({ passed: 2 }) }, 'error', 'Timed out: 2 passed'],
    ['stopped', { result: 'stopped', counts: counts({ stopped: 4 }) }, 'error', 'Stopped: 4 stopped'],
    ['noTests', { result: 'noTests', counts: noCounts }, 'failure', 'No tests ran'],
  ])('%s', (_, run, state, description) => {
    expect(status(run)).toEqual({
      state,
      context: 'proctor/shop',
      description,
      target_url: 'https://proctor.example/runs/52',
    });
  });

  it('fits what GitHub takes, whatever there is to count', () => {
    const names = Object.keys(noCounts) as (keyof Counts)[];
    const many = Object.fromEntries(names.map((name) => [name, 2 ** 31])) as unknown as Counts;
    const results: RunResult[] = ['passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests'];
    for (const result of results) expect(status({ result, counts: many }).description.length).toBeLessThanOrEqual(140);
  });
});

describe('where the status of a run goes', () => {
  const where = (change: Record<string, unknown>, repository?: string) =>
    statusTargetOf(aDocument({ name: 'shop', ...change }), {
      sha,
      ...(repository === undefined ? {} : { repository }),
    });

  it('is nowhere unless the plan says so', () => {
    expect(where({ executor: actions })).toBeUndefined();
  });

  it("is the repository of the plan's workflow, with its token", () => {
    const executor = { ...actions, apiUrl: 'https://git.acme.example/api/v3' };
    expect(where({ executor, commitStatus: {} })).toEqual({
      ...target,
      token: 'env:ACTIONS',
      apiUrl: 'https://git.acme.example/api/v3',
    });
  });

  it('is what the plan says instead of that', () => {
    const commitStatus = {
      repository: 'acme/web',
      token: 'env:TOKEN',
      context: 'e2e',
      apiUrl: 'https://api.github.com',
    };
    expect(where({ executor: actions, commitStatus })).toEqual({ ...target, repository: 'acme/web', context: 'e2e' });
  });

  it('is the repository of the commit if the plan names none', () => {
    expect(where({ commitStatus: { token: 'env:TOKEN' } }, 'acme/shop')).toEqual(target);
    expect(where({ commitStatus: { token: 'env:TOKEN' } })).toBeUndefined();
  });

  it('is never another repository than the one the plan names', () => {
    expect(where({ executor: actions, commitStatus: {} }, 'mallory/shop')).toBeUndefined();
    expect(where({ executor: actions, commitStatus: {} }, 'ACME/Shop')).toMatchObject({ repository: 'acme/shop' });
  });

  it('needs a token', () => {
    expect(() => aDocument({ commitStatus: { repository: 'acme/shop' } })).toThrow(
      'commitStatus.token: must be given unless the executor is github-actions',
    );
  });
});
