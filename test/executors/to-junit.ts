import type { ReportedCase } from '../../lib/core/results.ts';

/** The cases as a JUnit report, one `testsuite` a suite. */
export function toJUnit(cases: readonly ReportedCase[]): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((suite) => {
    const own = cases.filter((one) => one.suite === suite).map(toTestCase);
    return `<testsuite name="${escapeXml(suite)}">${own.join('')}</testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?><testsuites>${suites.join('')}</testsuites>`;
}

function toTestCase({ className, name, result, durationMs, message = '' }: ReportedCase): string {
  const outcomes: Partial<Record<ReportedCase['result'], string>> = {
    failed: `<failure message="${escapeXml(message)}"/>`,
    errored: `<error message="${escapeXml(message)}"/>`,
    skipped: '<skipped/>',
  };
  const attributes = `classname="${escapeXml(className)}" name="${escapeXml(name)}" time="${durationMs / 1000}"`;
  return `<testcase ${attributes}>${outcomes[result] ?? ''}</testcase>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
