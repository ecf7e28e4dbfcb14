import { cp, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBuilt } from '../../bin/program.mjs';

let directory: string;
let root: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proctor-program-'));
  root = join(directory, 'checkout');
  for (const folder of ['bin', 'lib', 'node_modules']) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'node_modules/.package-lock.json'), '{}');
  await writeFile(join(root, 'bin/proctor.ts'), "export * from '../lib/words.ts';\n");
  await say('one');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('is built once, into files that a second start finds as they are', async () => {
  const program = await findBuilt(root);
  const builtAt = (await stat(program)).mtimeMs;
  await sleep(20);
  expect(await findBuilt(root)).toBe(program);
  expect((await stat(program)).mtimeMs).toBe(builtAt);
  expect(await load(program)).toMatchObject({ said: 'one' });
});

test('is built again when a source has changed, beside what others still run', async () => {
  const before = await findBuilt(root);
  await sleep(20);
  await say('two');
  const after = await findBuilt(root);
  expect(await load(after)).toMatchObject({ said: 'two' });
  expect(await load(before)).toMatchObject({ said: 'one' });
});

test('is built again after an installation', async () => {
  await findBuilt(root);
  const list = join(root, 'node_modules/.cache/proctor/sources.json');
  const before = await readFile(list, 'utf8');
  await sleep(20);
  await writeFile(join(root, 'node_modules/.package-lock.json'), '{ }');
  await findBuilt(root);
  expect(await readFile(list, 'utf8')).not.toBe(before);
});

test('keeps what others still run from when something took its place, however long ago it was built', async () => {
  const before = await findBuilt(root);
  const longAgo = new Date(Date.now() - 30 * 24 * 3_600_000);
  await utimes(before, longAgo, longAgo);
  await say('two');
  await findBuilt(root);
  expect(await load(before)).toMatchObject({ said: 'one' });
});

test('is built again where the list of its sources is cut short, or a file of it is gone', async () => {
  const program = await findBuilt(root);
  const list = join(root, 'node_modules/.cache/proctor/sources.json');
  await writeFile(list, '{"root":');
  expect(await findBuilt(root)).toBe(program);
  await rm(program);
  expect(await load(await findBuilt(root))).toMatchObject({ said: 'one' });
});

test.each(['null', '{}', '[]', '{"sources":[]}', '{"files":[1],"sources":[1]}'])(
  'is built again where another version left the list %s',
  async (rest) => {
    const program = await findBuilt(root);
    const list = join(root, 'node_modules/.cache/proctor/sources.json');
    const left = JSON.parse(rest);
    await writeFile(list, JSON.stringify(left && { ...left, root, program: 'gone.mjs' }));
    expect(await findBuilt(root)).toBe(program);
    expect(JSON.parse(await readFile(list, 'utf8'))).toMatchObject({ program });
  },
);

test('is built by two at once', async () => {
  const [one, other] = await Promise.all([findBuilt(root), findBuilt(root)]);
  expect(one).toBe(other);
});

test('finds what lies beside a source, in the checkout that was started and not in the one it was copied from', async () => {
  expect(await load(await findBuilt(root))).toMatchObject({ beside: pathToFileURL(join(root, 'lib/beside')).href });
  const copy = join(directory, 'copy');
  await cp(root, copy, { recursive: true, preserveTimestamps: true });
  expect(await load(await findBuilt(copy))).toMatchObject({ beside: pathToFileURL(join(copy, 'lib/beside')).href });
});

test('is not built from a source that is broken: the caller runs the sources, which say what is wrong', async () => {
  await writeFile(join(root, 'lib/words.ts'), 'export const said = ;\n');
  await expect(findBuilt(root)).rejects.toThrow('words.ts');
});

async function say(said: string): Promise<void> {
  const beside = "new URL('./beside', import.meta.url).href";
  await writeFile(
    join(root, 'lib/words.ts'),
    `export const said: string = '${said}';\nexport const beside = ${beside};\n`,
  );
}

function load(program: string): Promise<unknown> {
  return import(/* @vite-ignore */ pathToFileURL(program).href);
}
