import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.close());

test('runs are listed by plan and result, a plan tells its history, a run its report', async () => {
  const flag = join(line.directory, 'broken');
  const failing = `test -e ${flag} && inside="<failure message='no'/>"; touch ${flag}`;
  const xml = "<testsuite name='Cart'><testcase name='pays' time='0.5'>$inside</testcase></testsuite>";
  const command = `${failing}; echo "${xml}" > {report}`;
  const executor = { type: 'command', directory: line.directory, command };
  await line.call('POST', '/v1/plans', { name: 'history', project: 'shop', executor });
  const [first, second] = [
    await line.proctor(['run', 'history', '--wait']),
    await line.proctor(['run', 'history', '--wait']),
  ];
  expect([first.code, second.code], second.stderr).toEqual([0, 1]);
  const id = second.stdout.trim();

  const listed = await line.proctor(['runs', 'list', '--plan', 'history', '--result', 'failed', '--json']);
  expect(JSON.parse(listed.stdout), listed.stderr).toMatchObject([{ id: Number(id), result: 'failed' }]);
  const table = await line.proctor(['runs', 'list', '--status', 'completed', '--limit', '1']);
  expect(table.stdout).toMatch(new RegExp(`^ID .*\\n${id} +\\S+ +history +failed +1 case: 1 failed`));

  const { stdout, stderr } = await line.proctor(['history', 'history']);
  expect(stdout, stderr).toMatch(/^history: 1 of 2 runs passed, from /);
  expect(stdout).toMatch(new RegExp(`FAILING\\n.*\\nCart › pays +1 +run ${id} `));
  expect(stdout).toMatch(/SLOWEST\n.*\nCart › pays +0\.5 s/);
  expect(JSON.parse((await line.proctor(['history', 'history', '--runs', '1', '--json'])).stdout)).toMatchObject({
    window: { runs: 1 },
  });

  const file = join(line.directory, 'reports/run.html');
  expect(await line.proctor(['report', id, '-o', file])).toMatchObject({ code: 0, stdout: '' });
  expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>/i);
  expect((await line.proctor(['report', id, '--csv'])).stdout).toMatch(/pays/);
  expect((await line.proctor(['report', id, '--csv', '--html'])).code).toBe(4);
});
