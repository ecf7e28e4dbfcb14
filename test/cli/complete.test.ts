import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
/** Of a machine that does other things, too. */
const patient = { PROCTOR_COMPLETE_MS: '20000' };

beforeAll(async () => {
  line = await startCommandLine();
  const executor = { type: 'command', directory: line.directory, command: 'true' };
  for (const name of ['smoke', 'two words', '$(touch pwned)'])
    await line.call('POST', '/v1/plans', { name, project: 'shop', executor });
});
afterAll(() => line.close());

async function complete(words: readonly string[], env?: NodeJS.ProcessEnv) {
  const { code, stdout, stderr } = await line.proctor(['complete', '--', ...words], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const rows = stdout.trimEnd().split('\n');
  return { words: rows.slice(0, -1).map((row) => row.split('\t')[0]), directive: rows.at(-1) };
}

test('commands, options and their choices are completed without a server', async () => {
  const nowhere = { PROCTOR_URL: 'http://127.0.0.1:1', PROCTOR_KEY: 'k' };
  expect(await complete(['sch'], nowhere)).toEqual({ words: ['schedules'], directive: ':4' });
  expect((await complete(['schedules', ''], nowhere)).words).toContain('preview');
  const { words } = await complete(['run', 'x', '--'], nowhere);
  expect(words).toEqual(expect.arrayContaining(['--wait', '--junit', '--profile', '--help']));
  expect((await complete(['deliveries', 'list', '--state', 'd'], nowhere)).words).toEqual(['delivered', 'disabled']);
  expect(await complete(['plans', 'apply', 'pl'], nowhere)).toEqual({ words: [], directive: ':0' });
  expect(await complete(['run', '--junit', ''], nowhere)).toEqual({ words: [], directive: ':0' });
  expect(await complete(['run', ''], nowhere)).toEqual({ words: [], directive: ':4' });
});

test('plans come by name and id; a name a shell would read as more than a word comes by its id', async () => {
  const { words } = await complete(['run', ''], patient);
  expect(words).toEqual(expect.arrayContaining(['storefront', '3857', 'smoke']));
  expect(words.filter((word) => /^\d+$/.test(word ?? ''))).toHaveLength(4);
  expect(words.join('')).not.toMatch(/[ $]/);
  expect((await complete(['hooks', 'create', 'x', '--plan', 'st'], patient)).words).toEqual(['storefront']);
});

test('a server that is slow is not waited for', async () => {
  const slow = createServer(() => {});
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    slow.closeAllConnections();
    slow.close();
  });
  const address = slow.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const { words } = await complete(['status', ''], { PROCTOR_URL: url, PROCTOR_KEY: 'k' });
  expect(words).toEqual([]);
});

test('the script of bash completes in bash, and the others name the program they are for', async () => {
  const { stdout: script } = await line.proctor(['complete', 'bash']);
  const program = join(line.directory, 'proctor');
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${line.program} "$@"\n`);
  await chmod(program, 0o755);
  const press = async (...words: readonly string[]) => {
    const typed = `COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); compopt() { :; }; _proctor; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = {
      PATH: `${line.directory}:${process.env.PATH}`,
      PROCTOR_URL: line.server.url,
      PROCTOR_KEY: await line.server.key(),
      ...patient,
    };
    const { stdout } = await promisify(execFile)('bash', ['-ec', `${script}\n${typed}`, 'bash', ...words], { env });
    return stdout.trimEnd().split('\n');
  };
  expect(await press('proctor', 'run', 'sto')).toEqual(['storefront']);
  expect(await press('proctor', 'plans', 'va')).toEqual(['validate']);
  expect((await line.proctor(['complete', 'zsh'])).stdout).toMatch(/^#compdef proctor$/m);
  expect((await line.proctor(['complete', 'fish'])).stdout).toMatch(/complete -c proctor/);
  expect((await line.proctor(['complete', 'tcsh'])).code).toBe(4);
});
