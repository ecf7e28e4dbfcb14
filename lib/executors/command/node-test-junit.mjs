import { readCases } from './node-test-cases.mjs';

/** JUnit XML of `node --test` under the very names of the live results. */
export default async function* nodeTestJUnit(source) {
  yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n';
  for await (const testCase of readCases(source)) {
    const { suite, className, name, durationMs } = testCase;
    yield `<testsuite name="${escapeXml(suite)}"><testcase name="${escapeXml(name)}" classname="${escapeXml(className)}" time="${(durationMs / 1000).toFixed(6)}">${toOutcome(testCase)}</testcase></testsuite>\n`;
  }
  yield '</testsuites>\n';
}

function toOutcome({ result, message = '', details = '' }) {
  if (result === 'skipped') return `<skipped message="${escapeXml(message)}"/>`;
  return result === 'failed' ? `<failure message="${escapeXml(message)}">${escapeXml(details)}</failure>` : '';
}

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' };

/** XML 1.0 has not the other control characters. */
function escapeXml(text) {
  return text
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"\t\n\r]/g, (character) => escapes[character]);
}
