import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/local.ts';
import { proveRerun, runPlan, runTwice } from './prove-rerun.ts';
import { newProject, type Runner } from './runner.ts';

const timeout = 900_000;

/** The tests of what a rerun executes, with real runners and projects of that many cases. */
export function describeRerun(runners: readonly Runner[], count: number): void {
  describe.each(runners)('$selector', (runner) => {
    it(`executes exactly the 3 of ${count} cases that failed`, { timeout }, async () => {
      const version = runner.version();
      const proctor = await start();
      const { executor, cases } = runner.writeProject(newProject(proctor), count);
      const failing = cases.filter(({ fails }) => fails !== undefined);
      expect([cases.length, failing.length]).toEqual([count, 3]);
      const [first, second] = await proveRerun(proctor, executor, cases);
      console.log(`${runner.selector} ${version}: ${count} cases in ${first} s, then 3 in ${second} s`);
    });

    it('executes just the failed one of three iterations, and all of a case that is picked whole', {
      timeout,
    }, async () => {
      runner.version();
      const proctor = await start();
      const names = ['Germany', 'Turkey', 'Japan (8 %)'];
      const executor = runner.writeIterations(newProject(proctor), names, 'Turkey');
      const { suite, className, name } = runner.dataDriven;
      const suites = [{ name: suite, cases: [{ className, name, iterations: names }] }];
      const { planId, run, executed, attempts } = await runTwice(proctor, executor, { suites });
      expect(run).toMatchObject({ result: 'failed', attempt: 2, counts: { total: 1, passed: 0 } });
      expect(executed.map((some) => some.toSorted())).toEqual([names.toSorted(), ['Turkey']]);
      expect(attempts[1]).toMatchObject({ requestedCount: 1, executing: expect.stringMatching(/^1 iteration/) });
      const partial = await runPlan(proctor, executor, planId, { cases: [{ suite, className, name }] });
      expect(partial.executed.map((some) => some.toSorted())).toEqual([names.toSorted(), ['Turkey']]);
      expect(partial.run).toMatchObject({ counts: { total: 1, passed: 0 } });
    });
  });
}

/** Started once the runner is there: its installation blocks this process. */
async function start(): Promise<TestSystem> {
  const proctor = await startTestSystem();
  onTestFinished(() => proctor.close());
  return proctor;
}
