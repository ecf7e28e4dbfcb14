import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CaseOutcome,
  failingCases,
  flakyCases,
  foldHistory,
  foldOutcomes,
  type RunOutcomes,
  slowCases,
} from '../../lib/core/history.ts';
import { type CaseResult, caseResults } from '../../lib/core/results.ts';

/** Words as short as a row of dots: passed, failed, errored, flaky, skipped, and not in the run at all. */
const letters: Readonly<Record<string, CaseResult>> = {
  P: 'passed',
  F: 'failed',
  E: 'errored',
  K: 'passed',
  s: 'skipped',
  b: 'blocked',
  n: 'notExecuted',
};

/** The outcomes of runs 1, 2, … oldest first, a letter each. */
function outcomesOf(row: string, position = 1): CaseOutcome[] {
  return [...row].flatMap((letter, i) => {
    const result = letters[letter];
    if (result === undefined) return [];
    return { position, runId: i + 1, result, flaky: letter === 'K', durationMs: 10 * (i + 1), attempt: 1 };
  });
}

function runsOf(rows: readonly string[], whole: (runId: number) => boolean = () => true): RunOutcomes[] {
  const all = rows.flatMap((row, position) => outcomesOf(row, position));
  return Array.from({ length: Math.max(...rows.map(({ length }) => length)) }, (_, i) => ({
    runId: i + 1,
    isWhole: whole(i + 1),
    outcomes: all.filter(({ runId }) => runId === i + 1),
  }));
}

describe('the figures of a case', () => {
  test.each([
    ['PPPP', { runs: 4, passed: 4, failed: 0, flips: 0, flakiness: 0, failingRuns: 0, firstFailedRunId: null }],
    ['PPFF', { failed: 2, flips: 1, flakiness: 1 / 4, failingRuns: 2, firstFailedRunId: 3 }],
    ['PFEF', { failed: 3, flips: 1, failingRuns: 3, firstFailedRunId: 2 }],
    ['FPFP', { passed: 2, failed: 2, flips: 3, flakiness: 3 / 4, failingRuns: 0, firstFailedRunId: null }],
    ['PKPK', { passed: 2, flaky: 2, flips: 0, flakiness: 1 / 2, failingRuns: 0 }],
    ['FKFK', { flaky: 2, flips: 3, flakiness: 3 / 4 }],
    ['FsbnF', { runs: 2, flips: 0, failingRuns: 2, firstFailedRunId: 1 }],
    ['PFsP', { runs: 3, flips: 2, flakiness: 2 / 3, failingRuns: 0 }],
    ['snb', { runs: 0, flakiness: 0, failingRuns: 0, medianMs: null, p95Ms: null, lastMs: null }],
    ['P', { runs: 1, medianMs: 10, p95Ms: 10, lastMs: 10 }],
    ['PPPPPs', { medianMs: 30, p95Ms: 50, lastMs: 50 }],
  ])('of %s', (row, expected) => expect(foldOutcomes(outcomesOf(row))).toMatchObject(expected));

  const outcomes = fc
    .array(fc.record({ result: fc.constantFrom(...caseResults), flaky: fc.boolean(), durationMs: fc.nat(100_000) }), {
      maxLength: 40,
    })
    .map((list) =>
      list.map(
        ({ result, flaky, durationMs }, i): CaseOutcome => ({
          position: 3,
          runId: 7 * i + 2,
          result,
          flaky: flaky && result === 'passed',
          durationMs,
          attempt: 1,
        }),
      ),
    );

  test('are the same in whatever order the runs come', () => {
    const shuffled = outcomes.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(foldOutcomes(other)).toEqual(foldOutcomes(list));
      }),
    );
  });

  test('keep their bounds, and add up', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const { runs, passed, failed, flaky, flips, flakiness, failingRuns, ...ms } = foldOutcomes(list);
        expect(passed + failed + flaky).toBe(runs);
        expect(flips).toBeLessThanOrEqual(Math.max(0, runs - 1));
        expect(flakiness).toBeGreaterThanOrEqual(0);
        expect(flakiness).toBeLessThanOrEqual(1);
        expect(flakiness === 0).toBe(flips === 0 && flaky === 0);
        expect(failingRuns).toBeLessThanOrEqual(failed);
        if (runs > 0) expect(ms.medianMs).toBeLessThanOrEqual(ms.p95Ms ?? -1);
        const measured = list.map(({ durationMs }) => durationMs);
        for (const one of [ms.medianMs, ms.p95Ms, ms.lastMs]) if (one !== null) expect(measured).toContain(one);
      }),
    );
  });

  test('name the oldest of the unbroken newest failures', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const bad = (result: CaseResult) => result === 'failed' || result === 'errored';
        const lastPass = list.findLastIndex(({ result }) => result === 'passed');
        const tail = list.slice(lastPass + 1).filter(({ result }) => bad(result));
        const { failingRuns, firstFailedRunId } = foldOutcomes(list);
        expect([failingRuns, firstFailedRunId]).toEqual([tail.length, tail[0]?.runId ?? null]);
      }),
    );
  });

  test('do not hear of runs in which it was not executed', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const executed = list.filter(({ result }) => ['passed', 'failed', 'errored'].includes(result));
        expect(foldOutcomes(list)).toEqual(foldOutcomes(executed));
      }),
    );
  });
});

describe('the cases of a plan', () => {
  test('that fail are told with what broke last first', () => {
    const histories = foldHistory(runsOf(['PPPP', 'PFFF', 'FFFP', 'PPFF', 'FFsF']));
    expect(failingCases(histories).map(({ position }) => position)).toEqual([3, 1, 4]);
  });

  test('are flaky once they came back, or passed after failing in the same run; a break or a repair alone is none', () => {
    const histories = foldHistory(runsOf(['PPPF', 'FFPP', 'PFPP', 'PPPK', 'FPFP']));
    expect(flakyCases(histories).map(({ position }) => position)).toEqual([4, 2, 3]);
  });

  test('are slow by their median', () => {
    const [one] = runsOf(['P', 'P', 's']);
    const timed = (durations: readonly number[]) =>
      foldHistory([
        {
          ...(one as RunOutcomes),
          outcomes: one?.outcomes.map((o, i) => ({ ...o, durationMs: durations[i] ?? 0 })) ?? [],
        },
      ]);
    expect(slowCases(timed([5, 9, 99])).map(({ position }) => position)).toEqual([1, 0]);
    expect(slowCases(timed([0, 9, 99])).map(({ position }) => position)).toEqual([1]);
  });

  test('do not hold what the newest run of everything no longer has', () => {
    const rows = ['FFF-', 'FFFF', '-FFF', 'FF--'];
    const positions = (runs: readonly RunOutcomes[]) => foldHistory(runs).map(({ position }) => position);
    expect(positions(runsOf(rows))).toEqual([1, 2]);
    // Runs 3 and 4 were of a part: what they leave out may still be there.
    expect(positions(runsOf(rows, (runId) => runId < 3))).toEqual([0, 1, 2, 3]);
    expect(positions(runsOf(rows, (runId) => runId === 3))).toEqual([0, 1, 2]);
    expect(positions(runsOf(rows, () => false))).toEqual([0, 1, 2, 3]);
  });
});
