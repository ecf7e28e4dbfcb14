import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedBatch } from '../../lib/core/batch.ts';
import { type Catalog, caseOf } from '../../lib/core/catalog.ts';
import { callTimeoutMs, decide, finalGraceMs } from '../../lib/core/decide.ts';
import type { AttemptEnd, SelectionGrain } from '../../lib/core/executor.ts';
import type { AttemptRequest } from '../../lib/core/ports.ts';
import { closeReport, foldReport } from '../../lib/core/report.ts';
import type { CaseResult } from '../../lib/core/results.ts';
import { isLive, type Run } from '../../lib/core/run.ts';
import { judge } from '../../lib/core/verdict.ts';
import { aBatch, aRun } from '../support/runs.ts';

/** One suite of three plain cases, the first on two machines as well, and one data-driven case of two iterations. */
const catalog: Catalog = {
  entries: [
    { kind: 'suite', name: 'Checkout' },
    { kind: 'case', parent: 0, name: 'pays', className: '' },
    { kind: 'case', parent: 0, name: 'refunds', className: '' },
    { kind: 'case', parent: 0, name: 'ships', className: '' },
    { kind: 'case', parent: 0, name: 'adds', className: '' },
    { kind: 'iteration', parent: 4, name: 'small' },
    { kind: 'iteration', parent: 4, name: 'large' },
    { kind: 'machine', name: 'linux' },
    { kind: 'lane', parent: 1, machine: 7 },
    { kind: 'machine', name: 'windows' },
    { kind: 'lane', parent: 1, machine: 9 },
    { kind: 'iteration', parent: 10, name: 'small' },
  ],
  ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
};
const positions = [1, 2, 3, 5, 6, 8, 10, 11];
const anyResult = fc.constantFrom<CaseResult>('passed', 'failed', 'errored', 'skipped', 'blocked', 'running');
const anyCases = fc.array(fc.tuple(fc.constantFrom(...positions), anyResult), { maxLength: 6 });
const anyExpected = fc.subarray(positions);
const anyEnd: fc.Arbitrary<AttemptEnd> = fc.record(
  {
    expectedCases: fc.nat(5),
    problem: fc.record({
      reason: fc.constantFrom('executorProtocol' as const, 'executorLost' as const, 'reportUnreadable' as const),
      message: fc.constant('Something went wrong.'),
    }),
  },
  { requiredKeys: [] },
);
const anyBatches = fc.array(
  fc.record({ attempt: fc.integer({ min: 1, max: 3 }), seq: fc.nat(3), cases: anyCases, end: fc.option(anyEnd) }),
  { maxLength: 6 },
);
const anyRequest = fc.option(fc.subarray(positions));

function toBatches(made: readonly MadeBatch[]): PackedBatch[] {
  return made.map(({ attempt, seq, cases, end }, i) =>
    aBatch(`b${i}`, cases, { attempt, seq: [seq, i], ...(end === null ? {} : { end }) }),
  );
}

interface MadeBatch {
  readonly attempt: number;
  readonly seq: number;
  readonly cases: readonly [number, CaseResult][];
  readonly end: AttemptEnd | null;
}

describe('the fold', () => {
  it('does not depend on the order in which batches arrive', () => {
    const input = fc.tuple(anyBatches, anyExpected).chain(([made, expected]) =>
      fc.record({
        batches: fc.constant(toBatches(made)),
        shuffled: fc.shuffledSubarray(toBatches(made), { minLength: made.length }),
        expected: fc.constant(expected),
      }),
    );
    fc.assert(
      fc.property(input, ({ batches, shuffled, expected }) => {
        const fold = (some: readonly PackedBatch[]) =>
          foldReport({ catalog, batches: some, requests: [], attempt: 3, expected, only: false });
        expect(fold(shuffled)).toEqual(fold(batches));
      }),
    );
  });

  it('counts every case once: the sum over the results is the number of cases', () => {
    fc.assert(
      fc.property(anyBatches, anyExpected, anyRequest, fc.boolean(), (made, expected, requested, only) => {
        const requests: AttemptRequest[] = [{ attempt: 2, why: 'rerun', requested }];
        const batches = toBatches(made);
        const report = closeReport(
          foldReport({ catalog, batches, requests, attempt: 2, expected, only }),
          'notExecuted',
        );
        const { total, flaky, ...byResult } = report.counts;
        expect(Object.values(byResult).reduce((sum, count) => sum + count, 0)).toBe(total);
        expect(report.cases).toHaveLength(total);
        expect(new Set(report.cases.map(({ position }) => position)).size).toBe(total);
        expect(flaky).toBeLessThanOrEqual(report.counts.passed);
        expect(report.counts.queued + report.counts.running).toBe(0);
      }),
    );
  });

  it('gives no case an older attempt’s result when a newer one reported it', () => {
    fc.assert(
      fc.property(anyBatches, (made) => {
        const batches = toBatches(made);
        const report = foldReport({ catalog, batches, requests: [], attempt: 3, expected: [], only: false });
        const states = report.cases.flatMap((state) => (state.iterations.length > 0 ? state.iterations : [state]));
        for (const { position, attempt } of states) {
          const reporting = made.filter(({ cases }) => cases.some(([at]) => at === position));
          expect(attempt).toBe(Math.max(...reporting.map((batch) => batch.attempt)));
        }
      }),
    );
  });
});

describe('the verdict', () => {
  it('is never falsely green', () => {
    fc.assert(
      fc.property(anyBatches, anyExpected, anyRequest, (made, expected, requested) => {
        const requests: AttemptRequest[] = [{ attempt: 2, why: 'rerun', requested }];
        const possible = made.filter(({ attempt }) => attempt <= 2);
        const batches = toBatches(possible);
        const report = foldReport({ catalog, batches, requests, attempt: 2, expected, only: false });
        if (report.attempt.end === null || judge(report, catalog).result !== 'passed') return;
        const last = new Map<number, CaseResult>();
        const ordered = [...possible.entries()].sort(
          ([i, a], [j, b]) => a.attempt - b.attempt || a.seq - b.seq || i - j,
        );
        for (const [, { attempt, cases }] of ordered) {
          for (const [position, result] of cases) {
            const counts =
              attempt === 1 ||
              requested === null ||
              requested.includes(position) ||
              requested.includes(caseOf(catalog, position));
            if (counts) last.set(position, result);
          }
        }
        for (const position of expected) expect(['passed', 'skipped']).toContain(last.get(position));
        expect([...last.values()]).toContain('passed');
        for (const result of last.values()) expect(['passed', 'skipped']).toContain(result);
        expect(report.attempt.end.problem).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a lost attempt that is dispatched again', () => {
  const lostEnd: AttemptEnd = { problem: { reason: 'executorLost', message: 'The runner vanished.' } };
  const anyTold = fc.array(anyCases, { maxLength: 3 });
  /** Without the case that only its iteration may tell of. */
  const anyOwn = fc.subarray(positions.filter((position) => position !== 10));

  it('is asked for what it left, and never makes green what failed or was not run', () => {
    const grain = fc.constantFrom<SelectionGrain>('iterations', 'nothing');
    fc.assert(
      fc.property(anyTold, anyTold, anyOwn, fc.boolean(), grain, (first, second, expected, only, selects) => {
        const told = (attempt: number, lists: typeof first, end: AttemptEnd): PackedBatch[] =>
          [...lists, []].map((cases, i) =>
            aBatch(`b${attempt}${i}`, cases, { attempt, seq: [i, i], ...(i === lists.length ? { end } : {}) }),
          );
        const lost = told(1, first, lostEnd);
        const fold = { catalog, expected, only, selects };
        const running = aRun(1, { status: 'running', dispatch: 'accepted', startedAt: 0, deadlineAt: 600_000 });
        const decision = decide(
          running,
          foldReport({ ...fold, batches: lost, requests: [], attempt: 1 }),
          catalog,
          60_000,
        );
        if (decision.next !== 'redispatch') {
          expect(decision).toMatchObject({ next: 'complete', ending: { result: 'errored' } });
          return;
        }
        const requests: AttemptRequest[] = [{ attempt: 2, why: 'redispatch', requested: decision.requested }];
        const batches = [...lost, ...told(2, second, {})];
        const report = foldReport({ ...fold, batches, requests, attempt: 2 });
        const again = decide({ ...running, attempt: 2, redispatches: [1] }, report, catalog, 120_000);
        if (again.next !== 'complete' || again.ending.result !== 'passed') return;
        const byAttempt = [first, second].map((lists) => new Map(lists.flat()));
        const counts = (position: number): boolean =>
          !only || expected.includes(position) || expected.includes(caseOf(catalog, position));
        for (const [position, result] of byAttempt[0] ?? []) {
          if (counts(position)) expect(['failed', 'errored']).not.toContain(result);
        }
        for (const position of expected) {
          const asked = decision.requested === null || decision.requested.includes(position);
          expect(['passed', 'skipped']).toContain(byAttempt[asked ? 1 : 0]?.get(position));
        }
        if (decision.requested !== null) expect(decision.requested.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the decision', () => {
  const anyRun: fc.Arbitrary<Run> = fc
    .record({
      status: fc.constantFrom('queued' as const, 'running' as const, 'stopping' as const),
      dispatch: fc.constantFrom('due' as const, 'calling' as const, 'accepted' as const),
      attempt: fc.integer({ min: 1, max: 3 }),
      max: fc.nat(3),
      waits: fc.boolean(),
      polls: fc.boolean(),
      callsBack: fc.boolean(),
      executionN: fc.integer({ min: 1, max: 6 }),
      usualSeconds: fc.option(fc.integer({ min: 1, max: 10_000 })),
    })
    .map(({ waits, usualSeconds, max, ...rest }) => {
      const run = aRun(1, {
        ...rest,
        deadlineAt: 600_000,
        lastProgressAt: 0,
        startedAt: 0,
        claimedAt: 0,
        stopBy: 60_000,
      });
      const withWait = waits && run.status === 'queued' ? { ...run, waitsFor: [7] } : run;
      const withRerun = { ...withWait, rerun: { ...run.rerun, max } };
      return usualSeconds === null ? withRerun : { ...withRerun, usualSeconds };
    });

  it('ends every live run by its deadline, whatever the executor says', () => {
    fc.assert(
      fc.property(anyRun, anyBatches, anyExpected, (run, made, expected) => {
        const report = foldReport({
          catalog,
          batches: toBatches(made),
          requests: [],
          attempt: run.attempt,
          expected,
          only: false,
        });
        // Past every deadline, the dispatch's own and the grace of announced cases included.
        const now = 600_000 + callTimeoutMs + finalGraceMs;
        expect(decide(run, report, catalog, now).next).toBe('complete');
      }),
      { numRuns: 1000 },
    );
  });

  it('never waits past the deadline, and always a little', () => {
    fc.assert(
      fc.property(anyRun, anyBatches, fc.nat(700_000), (run, made, now) => {
        const report = foldReport({
          catalog,
          batches: toBatches(made),
          requests: [],
          attempt: run.attempt,
          expected: [],
          only: false,
        });
        const decision = decide(run, report, catalog, now);
        if (decision.next !== 'wait') return;
        expect(decision.until).toBeGreaterThan(now);
        expect(decision.seconds).toBeGreaterThanOrEqual(1);
        const graceOver = report.attempt.endedAt + finalGraceMs;
        expect(decision.until).toBeLessThanOrEqual(Math.max(run.deadlineAt, graceOver));
      }),
      { numRuns: 1000 },
    );
  });

  it('reruns at most as often as the plan allows, and only while the run is running', () => {
    fc.assert(
      fc.property(anyRun, anyBatches, fc.nat(700_000), (run, made, now) => {
        const report = foldReport({
          catalog,
          batches: toBatches(made),
          requests: [],
          attempt: run.attempt,
          expected: [],
          only: false,
        });
        const decision = decide(run, report, catalog, now);
        if (decision.next !== 'rerun') return;
        expect(run.status).toBe('running');
        expect(run.attempt).toBeLessThanOrEqual(run.rerun.max);
        expect(now).toBeLessThan(run.deadlineAt);
        expect(decision.requested.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('does nothing about a run that is over, or that nobody admitted', () => {
    fc.assert(
      fc.property(anyRun, fc.constantFrom('completed' as const, 'rejected' as const, 'new' as const), (run, status) => {
        const report = foldReport({ catalog, batches: [], requests: [], attempt: 1, expected: [], only: false });
        const over = { ...run, status };
        expect(isLive(over)).toBe(false);
        expect(decide(over, report, catalog, 1e12)).toEqual({ next: 'nothing' });
      }),
    );
  });

  it('answers only that it was stopped, once a stop was accepted', () => {
    fc.assert(
      fc.property(anyRun, anyBatches, fc.nat(700_000), (run, made, now) => {
        const stopping: Run = { ...run, status: 'stopping' };
        const report = foldReport({
          catalog,
          batches: toBatches(made),
          requests: [],
          attempt: run.attempt,
          expected: [],
          only: false,
        });
        const decision = decide(stopping, report, catalog, now);
        expect(['complete', 'stopJob']).toContain(decision.next);
        if (decision.next === 'complete') expect(decision.ending.result).toBe('stopped');
      }),
      { numRuns: 500 },
    );
  });
});
