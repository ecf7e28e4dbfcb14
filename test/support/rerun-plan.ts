import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A plan of five cases whose command takes a moment; one case fails in the first attempt and passes in the second. */
export async function makeRerunPlan(directory: string) {
  const cases = ['one', 'two', 'three', 'four', 'five'];
  const testCase = (name: string, inside = '') =>
    `<testcase classname="c" name="${name}" time="0.01">${inside}</testcase>`;
  const first = cases.map((name) => testCase(name, name === 'five' ? '<failure message="not yet"/>' : '')).join('');
  await writeFile(join(directory, '1.xml'), `<testsuite name="S">${first}</testsuite>`);
  await writeFile(join(directory, '2.xml'), `<testsuite name="S">${testCase('five')}</testsuite>`);
  return {
    name: 'kill',
    overlap: 'queue',
    rerun: { max: 1 },
    executor: {
      type: 'command',
      directory,
      command: ': {selection}; sleep 0.2; cp "$PROCTOR_ATTEMPT.xml" {report}; test "$PROCTOR_ATTEMPT" = 2',
      selector: { arguments: '{pattern}' },
    },
    suites: [{ name: 'S', cases: cases.map((name) => ({ name })) }],
  };
}
