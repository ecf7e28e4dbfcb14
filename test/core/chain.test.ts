import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChainLink, consolidate, foldChain, selectByType, selectPicked } from '../../lib/core/chain.ts';
import type { CaseState, EntryState } from '../../lib/core/report.ts';
import type { CaseResult } from '../../lib/core/results.ts';
import type { RunResult } from '../../lib/core/run.ts';

function entry(position: number, result: CaseResult): EntryState {
  return { position, result, durationMs: 1, attempt: result === 'notExecuted' ? 0 : 1, flaky: false };
}

/** A case, or a data-driven one with the results of its iterations by position. */
function aCase(position: number, result: CaseResult, iterations: Record<number, CaseResult> = {}): CaseState {
  const told = Object.entries(iterations).map(([at, each]) => entry(Number(at), each));
  return { ...entry(position, result), iterations: told };
}

function link(
  result: RunResult,
  cases: readonly CaseState[],
  change: Partial<ChainLink['run']> = {},
  whole = true,
): ChainLink {
  return { run: { status: 'completed', result, createdAt: 1000, endedAt: 3000, ...change }, cases, whole };
}

const resultsOf = (links: readonly ChainLink[]) =>
  Object.fromEntries(foldChain(links).map(({ position, result }) => [position, result]));

describe('the current result of a case', () => {
  test('is that of the newest run that contains it', () => {
    const links = [
      link('failed', [aCase(1, 'passed'), aCase(2, 'failed'), aCase(3, 'failed')]),
      link('failed', [aCase(2, 'passed'), aCase(3, 'failed')], { rerunOf: 1 }),
    ];
    expect(resultsOf(links)).toEqual({ 1: 'passed', 2: 'passed', 3: 'failed' });
  });

  test('of a data-driven case is the worst of its current iterations', () => {
    const links = [
      link('failed', [aCase(1, 'failed', { 11: 'passed', 12: 'failed', 13: 'failed' })]),
      link('passed', [aCase(1, 'passed', { 12: 'passed' })], { rerunOf: 1 }),
    ];
    expect(resultsOf(links)).toEqual({ 1: 'failed' });
    const healed = [...links, link('passed', [aCase(1, 'passed', { 13: 'passed' })], { rerunOf: 2 })];
    expect(resultsOf(healed)).toEqual({ 1: 'passed' });
  });

  test('keeps a failure of the case itself until the case as a whole runs again', () => {
    const links = [
      link('failed', [aCase(1, 'failed', { 11: 'passed', 12: 'passed' })]),
      link('passed', [aCase(1, 'passed', { 11: 'passed' })], { rerunOf: 1 }),
    ];
    expect(resultsOf(links)).toEqual({ 1: 'failed' });
    const whole = link('passed', [aCase(1, 'passed', { 11: 'passed', 12: 'passed' })], { rerunOf: 2 });
    expect(resultsOf([...links, whole])).toEqual({ 1: 'passed' });
  });

  test('is errored where a rerun ended without it, stopped where it was stopped', () => {
    const first = link('failed', [aCase(1, 'failed')]);
    expect(resultsOf([first, link('noTests', [aCase(1, 'notExecuted')], { rerunOf: 1 })])).toEqual({ 1: 'errored' });
    expect(resultsOf([first, link('stopped', [aCase(1, 'stopped')], { rerunOf: 1 })])).toEqual({ 1: 'stopped' });
  });
});

describe('what a chain says together', () => {
  test('is the run’s own while it has no rerun', () => {
    const { status, result, durationMs, counts } = consolidate([link('timedOut', [aCase(1, 'passed')])]);
    expect([status, result, durationMs, counts.passed]).toEqual(['completed', 'timedOut', 2000, 1]);
  });

  test('turns green when the rerun does, and adds up the durations', () => {
    const links = [
      link('failed', [aCase(1, 'passed'), aCase(2, 'failed')]),
      link('passed', [aCase(2, 'passed')], { rerunOf: 1, createdAt: 5000, endedAt: 5500 }),
    ];
    const { result, durationMs, counts } = consolidate(links);
    expect([result, durationMs, counts.total, counts.passed]).toEqual(['passed', 2500, 2, 2]);
  });

  test('stays red while any case is, and while the last run itself did not pass', () => {
    const first = link('failed', [aCase(1, 'failed'), aCase(2, 'failed')]);
    expect(consolidate([first, link('passed', [aCase(2, 'passed')], { rerunOf: 1 })]).result).toBe('failed');
    const errored = link('errored', [aCase(1, 'passed'), aCase(2, 'passed')], { rerunOf: 1 });
    expect(consolidate([first, errored]).result).toBe('errored');
  });

  test('has neither result nor duration while its last run lives', () => {
    const live = link('passed', [aCase(1, 'queued')], { rerunOf: 1, status: 'running' });
    const { status, result, durationMs, counts } = consolidate([link('failed', [aCase(1, 'failed')]), live]);
    expect([status, result, durationMs, counts.queued]).toEqual(['running', null, null, 1]);
  });

  test('is not green while nobody ran the whole of what broke off', () => {
    const original = link('timedOut', [aCase(1, 'passed'), aCase(2, 'failed')], {}, false);
    const known = link('passed', [aCase(2, 'passed')], { rerunOf: 1 }, false);
    expect(consolidate([original, known]).result).toBe('timedOut');
    const everything = link('passed', [aCase(1, 'passed'), aCase(2, 'passed'), aCase(3, 'passed')], { rerunOf: 2 });
    expect(consolidate([original, known, everything]).result).toBe('passed');
  });

  test('takes no account of skipped cases beside executed ones', () => {
    const links = [
      link('failed', [aCase(1, 'failed'), aCase(2, 'skipped')]),
      link('passed', [aCase(1, 'passed')], { rerunOf: 1 }),
    ];
    expect(consolidate(links).result).toBe('passed');
    const skipped = [link('failed', [aCase(1, 'failed')]), link('noTests', [aCase(1, 'skipped')], { rerunOf: 1 })];
    expect(consolidate(skipped).result).toBe('noTests');
  });

  test('is green only if every current case is passed or skipped and the last run passed, whatever happened before', () => {
    const results: readonly CaseResult[] = [
      'passed',
      'failed',
      'errored',
      'skipped',
      'blocked',
      'stopped',
      'notExecuted',
    ];
    const cases = fc
      .dictionary(fc.constantFrom('1', '2', '3', '4'), fc.constantFrom(...results), { minKeys: 1 })
      .map((given) => Object.entries(given).map(([position, result]) => aCase(Number(position), result)));
    const ends = fc.constantFrom<RunResult>('passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests');
    fc.assert(
      fc.property(fc.array(fc.tuple(ends, cases), { minLength: 2, maxLength: 5 }), (runs) => {
        const links = runs.map(([result, each], i) => link(result, each, i === 0 ? {} : { rerunOf: i }));
        const { result, counts } = consolidate(links);
        const { total, flaky: _, ...kinds } = counts;
        expect(Object.values(kinds).reduce((sum, count) => sum + count, 0)).toBe(total);
        const current = foldChain(links).map((each) => each.result);
        expect(total).toBe(current.length);
        const isGreen =
          current.some((each) => each === 'passed') && current.every((each) => /passed|skipped|notExec/.test(each));
        if (result === 'passed') expect([isGreen, runs.at(-1)?.[0]]).toEqual([true, 'passed']);
      }),
    );
  });
});

describe('what a rerun selects', () => {
  const links = [
    link('failed', [
      aCase(1, 'passed'),
      aCase(2, 'failed', { 21: 'passed', 22: 'failed', 23: 'skipped' }),
      aCase(3, 'skipped'),
      aCase(4, 'passed', { 41: 'passed' }),
    ]),
  ];

  test.each([
    ['all', [1, 2, 3, 4]],
    ['allIterations', [1, 2, 3, 4]],
    ['failed', [2, 3]],
    ['failedIterations', [22, 23, 3]],
    ['failedIterationsOfFailed', [22, 23, 3]],
  ] as const)('%s', (type, positions) => {
    expect(selectByType(links, type)).toEqual(positions);
  });

  test('is everything the original was to run when no case was ever reported', () => {
    expect(selectByType([link('errored', [])], 'failed')).toBe(null);
  });

  test('is everything while the original never showed all of its cases, whatever is asked for', () => {
    const original = link('errored', [aCase(1, 'passed')], {}, false);
    for (const type of ['all', 'failed', 'failedIterations'] as const) {
      expect(selectByType([original], type)).toBe(null);
    }
    const everything = link('failed', [aCase(1, 'passed'), aCase(2, 'failed')], { rerunOf: 1 });
    expect(selectByType([original, everything], 'failed')).toEqual([2]);
    expect(selectByType([original, everything], 'all')).toBe(null);
    expect(selectByType([link('errored', []), everything], 'all')).toBe(null);
  });

  test('is what is not passed by now, not what failed at first', () => {
    const healed = [...links, link('failed', [aCase(2, 'passed', { 22: 'passed', 23: 'passed' })], { rerunOf: 1 })];
    expect(selectByType(healed, 'failed')).toEqual([3]);
  });

  test('of a picked case is all of it, or the iterations that qualify', () => {
    const [, second, third] = foldChain(links);
    if (second === undefined || third === undefined) throw new Error('no case');
    expect(selectPicked(second, 'all')).toEqual([2]);
    expect(selectPicked(second, 'failed')).toEqual([22, 23]);
    expect(selectPicked(second, 'passed')).toEqual([21]);
    expect(selectPicked(second, new Set([21, 23]))).toEqual([21, 23]);
    expect(selectPicked(third, 'failed')).toEqual([3]);
  });
});
