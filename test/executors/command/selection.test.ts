import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PickedCase } from '../../../lib/core/executor.ts';
import { attemptDirectory, attemptFiles } from '../../../lib/executors/command/attempt-files.ts';
import { createCommandExecutor } from '../../../lib/executors/command/command-executor.ts';
import { dispatchOf, newDirectory, pollToEnd } from './job-harness.ts';

let dataDirectory: string;
let directory: string;
let runId = 0;

beforeAll(() => {
  dataDirectory = newDirectory();
  directory = newDirectory();
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const source = (runner: string) => `
    import * as runner from '${runner}';
    import { appendFileSync } from 'node:fs';
    const { describe, it, test } = runner;
    const ran = (name) => () => appendFileSync(process.env.RAN, name + '\\n');
    describe('Cart', () => {
      it('adds', ran('Cart adds'));
      it('adds up', ran('Cart adds up'));
      it(${JSON.stringify(nasty)}, ran('nasty'));
      it('breaks', () => { ran('breaks')(); throw new Error('broken'); });
      describe('inner', () => { it('adds', ran('inner adds')); });
    });
    describe('Tax', () => { it('adds', ran('Tax adds')); });
    test('--top', ran('top'));`;
  mkdirSync(join(directory, 'node'));
  mkdirSync(join(directory, 'vitest'));
  const subtests = `
    describe('Tax', () => {
      it('charges the tax of', async (t) => {
        for (const country of ['Germany', 'Turkey']) await t.test(country, ran(country));
      });
      it('shows (Germany)', ran('shows Germany'));
      it('shows (Turkey)', ran('shows Turkey'));
    });`;
  writeFileSync(join(directory, 'node', 'a.test.js'), source('node:test') + subtests);
  const commonJs = `const test = require('node:test'); const ran = (name) => () => require('fs').appendFileSync(process.env.RAN, name + '\\n');
    test.describe('Old', () => { test.it('adds', ran('Old adds')); test('waits', (t, done) => { ran('waits')(); done(); }); });
    test('parent', async (t) => { t.plan(2); await t.test('one', ran('one')); await t.test('two', ran('two')); });`;
  writeFileSync(join(directory, 'node', 'b.test.cjs'), commonJs);
  const each = `
    it.each(['Germany', 'Turkey'])('taxes (%s)', (country) => ran(country)());`;
  writeFileSync(join(directory, 'vitest', 'a.test.js'), source('vitest') + each);
  writeFileSync(join(directory, 'vitest', 'b.test.js'), source('vitest'));
});

afterAll(() => {
  rmSync(dataDirectory, { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
});

// The command of a name is made by whoever writes tests; it must stay a name.
const nasty = `costs $5 "x" 'y' \`touch pwned\` $(touch pwned); touch pwned & (a|b) [c] \\d {report} — ü 🛒 <&>`;

async function run(command: string, selector: string, selection: readonly PickedCase[] | null) {
  runId += 1;
  const ran = join(dataDirectory, `ran-${runId}`);
  writeFileSync(ran, '');
  const variables = { RAN: ran };
  const dispatch = dispatchOf({ command, selector, directory }, { runId, selection, variables });
  const executor = createCommandExecutor({ dataDirectory, now: Date.now });
  const { executing } = await executor.start(dispatch);
  const ended = await pollToEnd(executor, dispatch);
  const progress = join(attemptDirectory(dataDirectory, runId, 1), attemptFiles.progress);
  return { ...ended, executing, progress, ran: readFileSync(ran, 'utf8').trim().split('\n').sort() };
}

const picked = (suite: string, name: string, iterations?: string[]): PickedCase => ({
  suite,
  className: '',
  name,
  ...(iterations && { iterations }),
});

describe('node:test', () => {
  const runNode = (selection: readonly PickedCase[] | null) => run('node --test node/*', 'node:test', selection);

  it.each([
    [
      'a case, an iteration, a test inside a test and names full of meaning',
      [
        picked('Cart', 'adds'),
        picked('Tax', 'charges the tax of', ['Turkey']),
        picked('parent', 'two'),
        picked('Cart', nasty),
        picked('', '--top'),
      ],
      ['Cart adds', 'Turkey', 'nasty', 'top', 'two'],
    ],
    [
      'one of two of a name in a nested suite, an iteration that is a case of its own, and CommonJS with a callback',
      [picked('Cart › inner', 'adds'), picked('Tax', 'shows', ['Turkey']), picked('Old', 'waits')],
      ['inner adds', 'shows Turkey', 'waits'],
    ],
    [
      'one of two of a name in another suite, and all iterations',
      [picked('Tax', 'adds'), picked('Tax', 'charges the tax of', []), picked('Tax', 'shows', [])],
      ['Germany', 'Tax adds', 'Turkey', 'shows Germany', 'shows Turkey'],
    ],
  ])('runs %s and nothing else', async (_, selection, expected) => {
    const { ran, list, end } = await runNode(selection);
    expect(ran).toEqual(expected);
    expect(end).toEqual({});
    expect(list).toHaveLength(expected.length);
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
  });

  it('reports live under the very names of its report, failures included', async () => {
    const { list, progress, ran } = await runNode(null);
    expect(ran).toHaveLength(15);
    const live = readFileSync(progress, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const identity = ({ suite, className, name, result }: (typeof list)[number]) => ({
      suite,
      className,
      name,
      result,
    });
    expect(live.map(identity)).toEqual(list.map(identity));
    expect(list.map(({ name }) => name)).toContain(nasty);
    expect(live.find(({ result }) => result === 'failed')).toMatchObject({ name: 'breaks', message: 'broken' });
  });
});

describe('vitest', () => {
  const command =
    'npx --no-install vitest run --root . --dir vitest --reporter=junit --outputFile={report} {selection}';
  const runVitest = (selection: readonly PickedCase[]) => run(command, 'vitest', selection);

  it.each([
    [
      'one case of one file, and one iteration',
      [picked('vitest/a.test.js', 'Cart > adds'), picked('vitest/a.test.js', 'taxes', ['Turkey'])],
      ['Cart adds', 'Turkey'],
    ],
    [
      'one of two of a name in two suites, and names full of meaning',
      [
        picked('vitest/a.test.js', 'Tax > adds'),
        picked('vitest/a.test.js', `Cart > ${nasty}`),
        picked('vitest/a.test.js', '--top'),
      ],
      ['Tax adds', 'nasty', 'top'],
    ],
  ])('runs %s and nothing else', async (_, selection, expected) => {
    const { ran, list } = await runVitest(selection);
    expect(ran).toEqual(expected);
    expect(list.filter(({ result }) => result === 'passed')).toHaveLength(expected.length);
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
  });
});
