import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type CommandLine, startCommandLine } from '../support/command-line.ts';

let line: CommandLine;
let file: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  line = await startCommandLine();
  const home = join(line.directory, 'config');
  file = join(home, 'proctor', 'config.yaml');
  // Neither a URL nor a key but by what a test says.
  env = { XDG_CONFIG_HOME: home, PROCTOR_URL: '', PROCTOR_PORT: '1', PROCTOR_DATA: join(line.directory, 'none') };
  await mkdir(dirname(file), { recursive: true });
});
afterAll(() => line.close());

async function write(text: string, mode = 0o600): Promise<void> {
  await writeFile(file, text);
  await chmod(file, mode);
}

test('set checks the key, keeps it in a file nobody else reads, and keeps what people wrote there', async () => {
  await write('# mine\nprofiles:\n  old: # of last year\n    url: https://old.example.com\n', 0o644);
  const key = await line.server.key();
  const set = await line.proctor(['profiles', 'set', 'here', '--url', `${line.server.url}/`, '--key-from', 'K'], {
    ...env,
    K: key,
  });
  expect(set, set.stderr).toMatchObject({ code: 0, stdout: '' });
  expect(set.stderr).toContain('PLAN_VIEW');
  const written = await readFile(file, 'utf8');
  expect(parse(written)).toEqual({
    profiles: { old: { url: 'https://old.example.com' }, here: { url: `${line.server.url}/`, key } },
  });
  expect(written).toMatch(/^# mine\n[\s\S]*# of last year/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await line.proctor(['plans', 'list', '--profile', 'here'], env)).stdout).toContain('storefront');
  expect((await line.proctor(['--profile', 'here', 'plans', 'list'], env)).stdout).toContain('storefront');
  const listed = await line.proctor(['profiles', 'list'], env);
  expect(listed.stdout).toMatch(/^here +http:\S+ +file$/m);
  expect(listed.stdout).not.toContain(key);

  const refused = await line.proctor(['profiles', 'set', 'bad', '--url', line.server.url, '--key-from', 'K'], {
    ...env,
    K: 'prk_wrong',
  });
  expect(refused.code).toBe(4);
  expect(await readFile(file, 'utf8')).not.toContain('bad');
  await line.proctor(['profiles', 'delete', 'old'], env);
  expect(await readFile(file, 'utf8')).not.toContain('old.example.com');
});

test('the flag outranks the environment, and that the profile of PROCTOR_PROFILE', async () => {
  const key = await line.server.key();
  await write(`profiles:
  here: { url: "${line.server.url}", key: ${key} }
  nowhere: { url: "http://127.0.0.1:1", key: none }
`);
  const listen = async (args: readonly string[], more: NodeJS.ProcessEnv) => {
    const { code, stderr } = await line.proctor(['plans', 'list', ...args], { ...env, ...more });
    return code === 0 ? 'here' : /127\.0\.0\.1:\d+/.exec(stderr)?.[0];
  };
  expect(await listen([], { PROCTOR_PROFILE: 'here' })).toBe('here');
  expect(await listen([], { PROCTOR_PROFILE: 'nowhere' })).toBe('127.0.0.1:1');
  expect(await listen(['--profile', 'here'], { PROCTOR_PROFILE: 'nowhere' })).toBe('here');
  const elsewhere = { PROCTOR_URL: 'http://127.0.0.1:2', PROCTOR_KEY: 'other' };
  expect(await listen(['--profile', 'here'], elsewhere)).toBe('here');
  expect(await listen([], { PROCTOR_PROFILE: 'here', ...elsewhere })).toBe('127.0.0.1:2');
  const wrong = await line.proctor(['plans', 'list'], { ...env, PROCTOR_PROFILE: 'here', PROCTOR_KEY: 'prk_x' });
  expect(wrong).toMatchObject({ code: 4, stdout: '' });
  expect(wrong.stderr).toContain('the key is from PROCTOR_KEY');
});

test("a profile's key never goes to another URL", async () => {
  await write(`profiles:\n  here: { url: "${line.server.url}", key: ${await line.server.key()} }\n`);
  const { code, stderr } = await line.proctor(['plans', 'list'], {
    ...env,
    PROCTOR_PROFILE: 'here',
    PROCTOR_URL: 'https://other.example.com',
  });
  expect(code).toBe(4);
  expect(stderr).toContain('no API key for https://other.example.com');
});

test('a command prints the key; one that fails is named, and what it printed is not', async () => {
  const data = join(line.directory, 'data', 'admin.key');
  await write(
    `profiles:
  asks: { url: "${line.server.url}", keyCommand: "cat '${data}'" }
  fails: { url: "${line.server.url}", keyCommand: "echo half-a-secret; exit 3" }
`,
    0o644,
  );
  expect((await line.proctor(['plans', 'list', '--profile', 'asks'], env)).stdout).toContain('storefront');
  const failed = await line.proctor(['plans', 'list', '--profile', 'fails'], env);
  expect(failed.code).toBe(4);
  expect(failed.stderr).toContain(`keyCommand of profile fails of ${file}: it exited with 3`);
  expect(failed.stderr).not.toContain('half-a-secret');
});

test('a key others may read, a broken file and an unknown name are refused by the name of the file', async () => {
  const refused = async (said: string) => {
    const { code, stdout, stderr } = await line.proctor(['plans', 'list', '--profile', 'here'], env);
    expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).toContain(file);
  };
  await write(`profiles:\n  here: { url: "${line.server.url}", key: prk_x }\n`, 0o644);
  await refused(`chmod 600 ${file}`);
  await write('profiles: [');
  await refused(`${file}: `);
  await write('profiles:\n  here: { uri: "x" }\n');
  await refused('profiles.here.url');
  await write('profiles:\n  hera: { url: "https://x.example.com" }\n');
  await refused('did you mean hera?');
  await write('profiles:\n  here: { url: "ftp://x" }\n');
  await refused('must be as in https://');
});
