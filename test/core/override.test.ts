import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endingOf, type Override, overrideCases, overrideResults, shownRun } from '../../lib/core/override.ts';
import type { CaseState } from '../../lib/core/report.ts';
import { caseResults, countResults, worstOf } from '../../lib/core/results.ts';
import type { RunResult } from '../../lib/core/run.ts';
import { aRun } from '../support/runs.ts';

const finished = caseResults.filter((result) => result !== 'running' && result !== 'queued');
const state = (position: number) =>
  fc.record({
    position: fc.constant(position),
    result: fc.constantFrom(...finished),
    durationMs: fc.nat(1000),
    attempt: fc.constant(1),
    flaky: fc.boolean(),
  });
const cases: fc.Arbitrary<CaseState[]> = fc.array(fc.nat(3), { maxLength: 6 }).chain((iterations) =>
  fc.tuple(
    ...iterations.map((count, i) =>
      fc
        .tuple(state(i * 10), fc.tuple(...Array.from({ length: count }, (_, k) => state(i * 10 + k + 1))))
        .map(([own, sets]) => ({
          ...own,
          result: sets.length === 0 ? own.result : worstOf(sets.map(({ result }) => result)),
          iterations: sets,
        })),
    ),
  ),
);
const override: fc.Arbitrary<Override> = fc.record({
  at: fc.nat(),
  keyId: fc.constantFrom('a', 'b'),
  ownerId: fc.nat(3),
  cases: fc.array(fc.record({ position: fc.nat(5).map((i) => i * 10), result: fc.constantFrom(...overrideResults) }), {
    maxLength: 4,
  }),
});
const runResults: readonly RunResult[] = ['passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests'];

describe('overridden cases', () => {
  test('are the same whether overrides come one by one or all at once', () => {
    fc.assert(
      fc.property(cases, fc.array(override, { maxLength: 4 }), (before, overrides) => {
        const oneByOne = overrides.reduce((shown, one) => overrideCases(shown, [one]), before);
        expect(oneByOne).toEqual(overrideCases(before, overrides));
      }),
    );
  });

  test('remember what was reported, and stay the worst of their iterations', () => {
    fc.assert(
      fc.property(cases, fc.array(override, { maxLength: 4 }), (before, overrides) => {
        for (const [i, shown] of overrideCases(before, overrides).entries()) {
          const recorded = before[i];
          if (shown.overridden === undefined) expect(shown).toEqual(recorded);
          else expect(shown.overridden.original).toBe(recorded?.result);
          const own = shown.iterations.map(({ result }) => result);
          if (own.length > 0) expect(shown.result).toBe(worstOf(own));
        }
      }),
    );
  });
});

describe('the ending', () => {
  test('is never green unless the run itself passed or failed, a case passed and none is bad', () => {
    fc.assert(
      fc.property(cases, fc.array(override), fc.constantFrom(...runResults), (before, overrides, result) => {
        const shown = overrideCases(before, overrides);
        const run = aRun(1, { status: 'completed', result });
        const ending = endingOf(run, shown);
        const counts = countResults(shown);
        const overridden = { newest: '1', cases: 1, at: 1, keyId: 'a', ownerId: 1, counts };
        const after = shownRun({ ...run, overridden: ending === undefined ? overridden : { ...overridden, ending } });
        expect(after.counts).toEqual(counts);
        if (result !== 'passed' && result !== 'failed') expect(after.result).toBe(result);
        else if (counts.passed + counts.skipped < counts.total) expect(after.result).toBe('failed');
        else expect(after.result).toBe(counts.passed > 0 ? 'passed' : 'noTests');
      }),
    );
  });
});
