import fc from 'fast-check';
import { expect, test } from 'vitest';
import { caseResults } from '../../../lib/core/results.ts';
import type { RunResult, RunStatus } from '../../../lib/core/run.ts';
import { isFinal, type Level, summarize, toStatusCounts } from '../../../lib/http/testinium/levels.ts';

const levels = /^(SUCCESS|FAILURE|ERROR|WARNING|STOPPED|UNEXECUTED|RUNNING|TERMINATING|WAITING)$/;
const aCase = fc.record({ result: fc.constantFrom(...caseResults), attempt: fc.integer({ min: 0, max: 3 }) });
const aRun = fc.oneof(
  fc.record({ status: fc.constantFrom<RunStatus>('queued', 'running', 'stopping') }),
  fc.record({
    status: fc.constant<RunStatus>('completed'),
    result: fc.constantFrom<RunResult>('passed', 'failed', 'errored', 'timedOut', 'stopped', 'noTests'),
  }),
);

test('whatever a run and its cases are: known levels, no zeros, none open after the end, and nothing that looks green', () => {
  fc.assert(
    fc.property(fc.array(aCase, { maxLength: 20 }), aRun, fc.boolean(), (cases, run, errorsAlsoAsFailure) => {
      const isOver = run.status === 'completed';
      // No case is left open by the end of its run.
      const shown = isOver ? cases.filter(({ result }) => result !== 'running' && result !== 'queued') : cases;
      const summary = summarize(run, shown, { errorsAlsoAsFailure });
      for (const [level, count] of Object.entries(summary)) {
        expect(level).toMatch(levels);
        expect(count).toBeGreaterThan(0);
        if (isOver) expect(isFinal(level as Level)).toBe(true);
      }
      expect(toStatusCounts(summary).split('], [').filter(Boolean)).toHaveLength(Object.keys(summary).length);
      if (!('result' in run) || run.result === 'passed') return;
      expect((summary.FAILURE ?? 0) + (summary.ERROR ?? 0)).toBeGreaterThan(0);
      if (run.result !== 'failed') expect(summary.ERROR).toBeGreaterThan(0);
      if (errorsAlsoAsFailure) expect(summary.FAILURE).toBeGreaterThan(0);
    }),
  );
});
