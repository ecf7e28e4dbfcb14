import type { JUnitCase, JUnitReport } from '../../core/junit-report.ts';
import type { CaseResult } from '../../core/results.ts';
import { escapeXml } from './clean-xml.ts';

/**
 * A run as JUnit XML, in ASCII only so that it survives a client that guesses the charset
 * (contracts/testsigma.md 3.9, 4.9). One suite per machine; `tests`, `failures`, `errors`, `skipped` and `time` agree
 * on both levels, and each case counts in at most one of them.
 */
export function writeJUnit(report: JUnitReport): string {
  const suites = report.machines.map(({ title, cases }) => {
    const sums = noSums();
    return { title, sums, lines: cases.map((testCase) => writeCase(testCase, sums)) };
  });

  if (report.result !== 'passed' && suites.every(({ sums }) => sums.failures + sums.errors === 0)) {
    if (suites.length === 0) suites.push({ title: 'run', sums: noSums(), lines: [] });
    const last = suites[suites.length - 1];
    last?.lines.push(
      element('testcase', { name: 'run', classname: 'proctor', time: '0.000' }, [
        element('error', { type: report.result, message: report.message }),
      ]),
    );
    if (last !== undefined) {
      last.sums.tests += 1;
      last.sums.errors += 1;
    }
  }

  const total = noSums();
  for (const { sums } of suites) {
    for (const key of ['tests', 'failures', 'errors', 'skipped', 'durationMs'] as const) total[key] += sums[key];
  }
  const timestamp = `${new Date(report.startedAt).toISOString().slice(0, 19)}Z`;
  const properties = element('properties', {}, [
    element('property', { name: 'proctor.run.url', value: report.runUrl }),
  ]);
  const written = suites.map(({ title, sums, lines }) => {
    const attributes = { name: `${report.planName} || ${title}`, ...sumAttributes(sums), timestamp };
    return element('testsuite', attributes, ['\n', properties, ...lines.map((line) => `${line}\n`)]);
  });
  const root = element('testsuites', { name: report.planName, ...sumAttributes(total) }, ['\n', written.join('\n')]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

interface Sums {
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
  durationMs: number;
}

const noSums = (): Sums => ({ tests: 0, failures: 0, errors: 0, skipped: 0, durationMs: 0 });

// Unfinished ones cannot be in a completed run; if one ever is, the report must not be green.
const shownAs: Record<CaseResult, 'passed' | 'failure' | 'error' | 'skipped'> = {
  passed: 'passed',
  failed: 'failure',
  errored: 'error',
  stopped: 'error',
  running: 'error',
  queued: 'error',
  skipped: 'skipped',
  blocked: 'skipped',
  notExecuted: 'skipped',
};

function writeCase(testCase: JUnitCase, sums: Sums): string {
  const { suite, className, name, result, label, flaky, iterations } = testCase;
  const durationMs = Math.max(0, Math.round(testCase.durationMs)) || 0;
  sums.tests += 1;
  sums.durationMs += durationMs;
  const attributes = { name: name || 'unnamed', classname: suite || className, time: seconds(durationMs) };
  const shown = shownAs[result];
  if (shown === 'passed') {
    // Surefire's element: consumers that do not know it still see a pass.
    const child = element('flakyFailure', { type: 'FLAKY', message: testCase.message ?? 'passed after a failure' });
    return element('testcase', attributes, flaky ? [child] : []);
  }
  if (shown === 'skipped') {
    sums.skipped += 1;
    return element('testcase', attributes, [element('skipped', { message: testCase.message ?? label })]);
  }
  sums[shown === 'failure' ? 'failures' : 'errors'] += 1;
  const text = iterations
    .filter((iteration) => shownAs[iteration.result] === 'failure' || shownAs[iteration.result] === 'error')
    .map((iteration) => escapeXml(`${iteration.name}: ${iteration.label}`))
    .join('\n');
  return element('testcase', attributes, [element(shown, { type: label, message: testCase.message ?? label }, [text])]);
}

function sumAttributes({ tests, failures, errors, skipped, durationMs }: Sums): Record<string, string> {
  return {
    tests: String(tests),
    failures: String(failures),
    errors: String(errors),
    skipped: String(skipped),
    time: seconds(durationMs),
  };
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}

/** `children` are XML already; attribute values are text. */
function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly string[] = []): string {
  const start = Object.entries(attributes).reduce(
    (tag, [key, value]) => `${tag} ${key}="${escapeXml(value)}"`,
    `<${name}`,
  );
  const content = children.join('');
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}
