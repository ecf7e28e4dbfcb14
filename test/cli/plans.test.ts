import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeAll(async () => {
  line = await startCommandLine();
});
afterAll(() => line.close());

async function write(name: string, text: string): Promise<string> {
  const file = join(line.directory, name);
  await writeFile(file, text);
  return file;
}

const good = (name: string, max = 0) => `name: ${name}
project: shop
executor:
  type: command
  directory: tests
  command: npm test
rerun: { max: ${max} }
`;

test('apply makes plans, says what a file changes, and repeats nothing', async () => {
  const [a, b] = [await write('a.yaml', good('a')), await write('b.yaml', good('b'))];
  const made = await line.proctor(['plans', 'apply', a, b, '--json']);
  expect(made.code, made.stderr).toBe(0);
  const [first, second] = JSON.parse(made.stdout);
  expect([first, second]).toMatchObject([
    { file: a, change: 'create', version: 1 },
    { file: b, change: 'create', version: 1 },
  ]);
  const plan = await line.call<{ executor: object }>('GET', `/v1/plans/${first.id}`);
  expect(plan.executor).toMatchObject({ directory: join(line.directory, 'tests') });

  await write('a.yaml', good('a', 2));
  const dry = await line.proctor(['plans', 'apply', a, b, '--dry-run']);
  const told = `update  shop/a (${first.id})  ${a}\n    rerun.max: 0 -> 2\nunchanged  shop/b (${second.id})  ${b}\n`;
  expect(dry).toMatchObject({ code: 0, stdout: told });
  expect(await line.call('GET', `/v1/plans/${first.id}`)).toMatchObject({ version: 1 });

  expect(await line.proctor(['plans', 'apply', a])).toMatchObject({ code: 0, stderr: '' });
  const again = await line.proctor(['plans', 'apply', a, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject([{ change: 'none', id: first.id, version: 2, changes: [] }]);
});

test('one broken file of three and nothing is applied; each mistake has its line, column and fix', async () => {
  const fine = await write('fine.yaml', good('fine'));
  const broken = await write(
    'broken.yaml',
    `name: broken
executor:
  type: command
  comand: npm test
  selector: vtest
overlap: que
suites:
  - name: Cart
    cases:
      - { name: pays, prio: high }
`,
  );
  const third = await write('third.yaml', good('third'));
  const { code, stdout, stderr } = await line.proctor(['plans', 'apply', fine, broken, third]);
  expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: '' });
  expect(stderr.split('\n')).toEqual([
    `${broken}:2:1: executor.command is missing; it must be a string`,
    `${broken}:4:3: executor.comand is no key here; did you mean command?`,
    `${broken}:5:3: executor.selector must be one of node:test, vitest, jest, playwright, pytest, maven-surefire, go-test; did you mean vitest?`,
    `${broken}:6:1: overlap must be one of reject, queue, allow; did you mean queue?`,
    `${broken}:10:23: suites[0].cases[0].prio is no key here; did you mean priority?`,
    'proctor: a plan file is broken; nothing was applied',
    '',
  ]);
  const { stdout: list } = await line.proctor(['plans', 'list', '--json']);
  expect(list).not.toMatch(/"(?:fine|broken|third)"/);
});

test('what only the server can refuse is found in the file before anything is applied', async () => {
  const fine = await write('fine.yaml', good('fine'));
  const unknown = await write('unknown.yaml', `${good('unknown')}environment: 4711\n`);
  const { code, stderr } = await line.proctor(['plans', 'apply', fine, unknown]);
  expect(code, stderr).toBe(4);
  expect(stderr).toContain(`${unknown}:8:1: environment is no environment of the project`);
  expect((await line.proctor(['plans', 'list'])).stdout).not.toContain('fine');
});

test('validate needs no server and reads what is no YAML, no file, or one plan twice', async () => {
  const nowhere = { PROCTOR_URL: 'http://127.0.0.1:1' };
  const fine = await write('fine.yaml', good('fine'));
  expect(await line.proctor(['plans', 'validate', fine], nowhere)).toMatchObject({ code: 0, stdout: '' });
  const open = await write('open.yaml', 'name: open\nexecutor: { type: command\n');
  const twice = await write('twice.yaml', good('fine'));
  const { code, stderr } = await line.proctor(['plans', 'validate', open, 'none.yaml', fine, twice], nowhere);
  expect(code).toBe(4);
  expect(stderr).toMatch(/open\.yaml:\d+:\d+: /);
  expect(stderr).toContain('none.yaml:1:1: there is no such file');
  expect(stderr).toContain(`twice.yaml:1:1: name is the name of the plan in ${fine}, too`);
});

test('list, show and delete; what show prints can be applied and changes nothing', async () => {
  const file = await write('shown.yaml', good('shown'));
  await line.proctor(['plans', 'apply', file]);
  const listed = await line.proctor(['plans', 'list', '--project', 'shop']);
  expect(listed.stdout).toMatch(/^ID +PROJECT +NAME +EXECUTOR +CASES +VERSION +ENABLED\n/);
  expect(listed.stdout).toMatch(/\d+ +shop +shown +command +0 +1 +yes\n/);
  const { stdout } = await line.proctor(['plans', 'show', 'shown']);
  const again = await line.proctor(['plans', 'apply', await write('again.yaml', stdout), '--json']);
  expect(JSON.parse(again.stdout), again.stderr).toMatchObject([{ change: 'none' }]);
  expect(await line.proctor(['plans', 'delete', 'shop/shown'])).toMatchObject({ code: 0, stdout: '' });
  expect(await line.proctor(['plans', 'show', 'shown'])).toMatchObject({ code: 4, stdout: '' });
});
