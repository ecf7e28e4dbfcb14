import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isHere, resolveConnection } from '../../lib/cli/connect.ts';
import { addProfileCommands } from '../../lib/cli/profile-commands.ts';

async function home(profiles: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'proctor-connect-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await mkdir(join(directory, 'proctor'));
  await writeFile(join(directory, 'proctor', 'config.yaml'), profiles, { mode: 0o600 });
  await writeFile(join(directory, 'admin.key'), 'prk_admin\n');
  return directory;
}

test.each([
  ['http://127.0.0.1:4010', true],
  ['http://127.8.9.1', true],
  ['http://127.1', true],
  ['http://localhost:4010', true],
  ['http://[::1]:4010', true],
  ['http://127.ci.example.com', false],
  ['http://127.0.0.1.example.com', false],
  ['http://localhost.example.com', false],
  ['http://10.0.0.1', false],
])('%s is of this machine: %s', (url, expected) => {
  expect(isHere(url)).toBe(expected);
});

test('the key of the data directory goes to no host whose name looks like an address', async () => {
  const env = { PROCTOR_DATA: await home(''), PROCTOR_URL: 'http://127.ci.example.com' };
  await expect(resolveConnection({ env })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(await resolveConnection({ env: { ...env, PROCTOR_URL: 'http://127.0.0.1:1' } })).toMatchObject({
    key: 'prk_admin',
  });
});

test('PROCTOR_KEY goes to a profile without a key, unless it is for another PROCTOR_URL', async () => {
  const directory = await home(`profiles:
  bare: { url: "https://a.example.com/" }
  here: { url: "http://127.0.0.1:1" }
`);
  const env = { XDG_CONFIG_HOME: directory, PROCTOR_DATA: directory, PROCTOR_KEY: 'prk_env' };
  const keyOf = async (profile: string, url?: string) =>
    (await resolveConnection({ env: url === undefined ? env : { ...env, PROCTOR_URL: url }, profile })).key;
  expect(await keyOf('bare')).toBe('prk_env');
  expect(await keyOf('bare', 'https://A.example.com')).toBe('prk_env');
  await expect(keyOf('bare', 'https://b.example.com')).rejects.toThrow('PROCTOR_KEY is for PROCTOR_URL');
  await expect(keyOf('bare', 'b.example.com')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect(await keyOf('here', 'https://b.example.com')).toBe('prk_admin');
});

test('a profile is set to what is a URL and a key only', async () => {
  const set = async (url: string, key: string) => {
    vi.stubEnv('PROCTOR_TEST_KEY', key);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const program = new Command();
    addProfileCommands(program);
    await program.parseAsync(['profiles', 'set', 'x', '--url', url, '--key-from', 'PROCTOR_TEST_KEY'], {
      from: 'user',
    });
  };
  await expect(set('proctor.example.com', 'prk_x')).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: '--url: must be as in https://proctor.example.com, not proctor.example.com',
  });
  await expect(set('http://127.0.0.1:1', 'two words')).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    message: expect.not.stringContaining('two words'),
  });
});
