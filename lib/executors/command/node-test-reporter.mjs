import { readCases } from './node-test-cases.mjs';

// Beside node's own junit reporter the names must be that one's, and its only class is `test`.
const className = new URL(import.meta.url).searchParams.get('class');

/** Live results of `node --test`, one JSON line a test. */
export default async function* nodeTestReporter(source) {
  for await (const testCase of readCases(source)) {
    yield `${JSON.stringify(className === null ? testCase : { ...testCase, className })}\n`;
  }
}
