import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { readJUnit } from '../../../lib/adapters/junit/read-junit.ts';
import { writeJUnit } from '../../../lib/adapters/junit/write-junit.ts';
import type { JUnitCase, JUnitReport } from '../../../lib/core/junit-report.ts';
import { caseResults, type ReportedCase } from '../../../lib/core/results.ts';

describe('writeJUnit', () => {
  it('writes the sample of the contract, section 3.9', () => {
    const written = writeJUnit({
      planName: 'Checkout smoke',
      runUrl: 'https://proctor.example.com/runs/1204',
      startedAt: Date.parse('2026-11-23T08:15:30.120Z'),
      result: 'failed',
      message: 'Test plan execution failed',
      machines: [
        {
          title: 'chrome-linux',
          cases: [
            aCase({ name: 'pays by card', suite: 'Payment', durationMs: 12_031 }),
            aCase({
              ...{ name: 'pays by voucher', suite: 'Payment', durationMs: 40_112, result: 'failed', label: 'FAILURE' },
              message: 'expected total 90.00, got 100.00',
              iterations: [
                { name: 'small basket', result: 'passed', label: 'SUCCESS' },
                { name: 'large basket', result: 'failed', label: 'FAILURE' },
              ],
            }),
            aCase({ name: 'applies coupon', suite: 'Cart', durationMs: 9_191 }),
            aCase({ name: 'prints receipt', suite: 'Cart', result: 'notExecuted', label: 'NOT_EXECUTED' }),
          ],
        },
      ],
    });
    expect(written).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Checkout smoke" tests="4" failures="1" errors="0" skipped="1" time="61.334">
<testsuite name="Checkout smoke || chrome-linux" tests="4" failures="1" errors="0" skipped="1" time="61.334" timestamp="2026-11-23T08:15:30Z">
<properties><property name="proctor.run.url" value="https://proctor.example.com/runs/1204"/></properties><testcase name="pays by card" classname="Payment" time="12.031"/>
<testcase name="pays by voucher" classname="Payment" time="40.112"><failure type="FAILURE" message="expected total 90.00, got 100.00">large basket: FAILURE</failure></testcase>
<testcase name="applies coupon" classname="Cart" time="9.191"/>
<testcase name="prints receipt" classname="Cart" time="0.000"><skipped message="NOT_EXECUTED"/></testcase>
</testsuite></testsuites>
`);
  });

  it('shows stopped and errored cases as errors, blocked and unexecuted ones as skipped', () => {
    const shown = (result: JUnitCase['result']) =>
      writeJUnit(aReport([aCase({ result, label: 'X' })])).match(/<(failure|error|skipped) /)?.[1];
    expect(caseResults.map((result) => [result, shown(result)])).toEqual([
      ['passed', undefined],
      ['failed', 'failure'],
      ['errored', 'error'],
      ['skipped', 'skipped'],
      ['blocked', 'skipped'],
      ['stopped', 'error'],
      ['notExecuted', 'skipped'],
      ['running', 'error'],
      ['queued', 'error'],
    ]);
  });

  it('is green only if the run is: a run that failed without a failed case gets an error of its own', async () => {
    for (const machines of [[], [{ title: 'm', cases: [aCase({})] }]]) {
      const written = writeJUnit({ ...aReport([]), machines, result: 'timedOut', message: 'too slow' });
      expect(written).toContain('errors="1"');
      const errored = (await read(written)).filter(({ result }) => result === 'errored');
      expect(errored).toMatchObject([{ className: 'proctor', name: 'run', message: 'too slow' }]);
    }
    expect(writeJUnit({ ...aReport([aCase({ result: 'failed' })]), result: 'failed' })).not.toContain('name="run"');
    expect(writeJUnit({ ...aReport([]), result: 'passed' })).not.toContain('<testcase');
  });

  it('keeps a flaky case a pass for who does not know the element', async () => {
    const written = writeJUnit(aReport([aCase({ flaky: true })]));
    expect(written).toContain('failures="0" errors="0"');
    expect(written).toMatch(/<testcase [^>]*><flakyFailure [^>]*\/><\/testcase>/);
    expect((await read(written))[0]?.result).toBe('passed');
  });

  it('keeps line feeds and astral characters as references', () => {
    const written = writeJUnit(aReport([aCase({ name: 'a\n\t\r"<&>😀é\u007f\u0001\ud800' })]));
    expect(written).toContain('name="a&#10;&#9;&#13;&quot;&lt;&amp;&gt;&#128512;&#233;&#127;"');
  });

  it('is well-formed ASCII with right sums, and reads back to the same cases, whatever it is given', async () => {
    await fc.assert(
      fc.asyncProperty(reports, async (report) => {
        const written = writeJUnit(report);
        expect(written).toMatch(/^[\n\x20-\x7e]*$/);

        const levels = { testsuites: noSums(), testsuite: noSums(), testcase: noSums() };
        const parser = new SaxesParser();
        parser.on('opentag', ({ name, attributes }) => {
          if (name === 'testsuites' || name === 'testsuite') {
            for (const key of sumKeys) levels[name][key] += Number(attributes[key]);
          } else if (name === 'testcase') levels.testcase.tests += 1;
          else if (name === 'failure') levels.testcase.failures += 1;
          else if (name === 'error') levels.testcase.errors += 1;
          else if (name === 'skipped') levels.testcase.skipped += 1;
        });
        parser.write(written).close();
        expect(levels.testsuite).toEqual(levels.testcase);
        expect(levels.testsuites).toEqual(levels.testcase);

        const expected = report.machines.flatMap(({ cases }) => cases.map(({ result }) => shownAs[result] ?? result));
        const cases = await read(written);
        if (report.result !== 'passed' && !expected.some((result) => result === 'failed' || result === 'errored')) {
          expect(cases.pop()).toMatchObject({ name: 'run', className: 'proctor', result: 'errored' });
        }
        expect(cases.map(({ result }) => result)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(']]>', '<!--', '&#0;', '"', '\u001b[31m', '__proto__', 'constructor'),
);

const reports: fc.Arbitrary<JUnitReport> = fc.record({
  planName: anyText,
  runUrl: anyText,
  startedAt: fc.nat(4_000_000_000_000),
  result: fc.constantFrom('passed', 'failed', 'noTests', 'stopped'),
  message: anyText,
  machines: fc.array(
    fc.record({
      title: anyText,
      cases: fc.array(
        fc.record(
          {
            suite: anyText,
            className: anyText,
            name: anyText,
            result: fc.constantFrom(...caseResults),
            label: anyText,
            durationMs: fc.nat(10_000_000),
            message: anyText,
            iterations: fc.array(
              fc.record({ name: anyText, result: fc.constantFrom(...caseResults), label: anyText }),
              {
                maxLength: 3,
              },
            ),
            flaky: fc.boolean(),
          },
          { requiredKeys: ['suite', 'className', 'name', 'result', 'label', 'durationMs', 'iterations', 'flaky'] },
        ),
        { maxLength: 6 },
      ),
    }),
    { maxLength: 3 },
  ),
});

const shownAs: Partial<Record<JUnitCase['result'], string>> = {
  ...{ stopped: 'errored', running: 'errored', queued: 'errored' },
  ...{ blocked: 'skipped', notExecuted: 'skipped' },
};

const sumKeys = ['tests', 'failures', 'errors', 'skipped'] as const;
const noSums = () => ({ tests: 0, failures: 0, errors: 0, skipped: 0 });

function aCase(given: Partial<JUnitCase>): JUnitCase {
  const base = { suite: 's', className: '', name: 'n', result: 'passed', label: 'SUCCESS' } as const;
  return { ...base, durationMs: 0, iterations: [], flaky: false, ...given };
}

function aReport(cases: JUnitCase[]): JUnitReport {
  const machines = [{ title: 'm', cases }];
  return { planName: 'p', runUrl: 'https://proctor.test/1', startedAt: 0, result: 'passed', message: '', machines };
}

async function read(document: string): Promise<ReportedCase[]> {
  const cases = [];
  for await (const batch of readJUnit([Buffer.from(document)])) cases.push(...batch);
  return cases;
}
