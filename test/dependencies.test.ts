import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { licenceOf, readLock } from '../lib/supply-chain.ts';

// All of it is read from files: no registry is asked.
const packages = readLock();
const own = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
const nameOf = ({ name, version }: (typeof packages)[number]) => `${name}@${version}`;

/** Each lets us do what we do with it; of two, either may be taken. */
const allowed = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
];
/** Unchanged, and not part of anything that is delivered. */
const allowedForTests = ['MPL-2.0'];

it('every package has a licence of the list', () => {
  expect(packages.length).toBeGreaterThan(200);
  const others = packages.filter((each) => {
    const choices = licenceOf(each).replace(/[()]/g, '').split(' OR ');
    return !choices.some((choice) => allowed.includes(choice) || (each.dev && allowedForTests.includes(choice)));
  });
  expect(others.map((each) => `${nameOf(each)} ${licenceOf(each)}`)).toEqual([]);
});

it('every package is the one whose hash is in the lock file, from the registry', () => {
  const unhashed = packages.filter(({ integrity, bundled }) => !bundled && !/^sha512-/.test(integrity ?? ''));
  expect(unhashed.map(nameOf)).toEqual([]);
  const elsewhere = packages.filter(
    ({ resolved }) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
  );
  expect(elsewhere.map(nameOf)).toEqual([]);
});

it('only two packages want to run something when they are installed, and neither needs to', () => {
  const scripted = packages.filter(({ hasInstallScript, optional }) => hasInstallScript && !optional);
  expect(scripted.map(({ name }) => name).sort()).toEqual(['classic-level', 'esbuild']);
});

it('our own are named by exact versions, those the lock file has', () => {
  for (const [name, version] of Object.entries({ ...own.dependencies, ...own.devDependencies, ...own.overrides })) {
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
    expect(packages.map(nameOf)).toContain(`${name}@${version}`);
  }
});

it('each of our own earns its place by a line in docs/decisions.md', () => {
  const [, section = ''] = readFileSync('docs/decisions.md', 'utf8').split('\n## Dependencies\n');
  const named = [...section.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const missing = Object.keys({ ...own.dependencies, ...own.devDependencies }).filter((name) => !named.includes(name));
  expect(missing).toEqual([]);
});

it('every threat of docs/security.md names a test that is there', () => {
  const rows = [...readFileSync('docs/security.md', 'utf8').matchAll(/`(test\/[^`]+)`: (.+?)\s+\|$/gm)];
  expect(rows.length).toBeGreaterThan(12);
  for (const [, file = '', name = ''] of rows) {
    expect([file, name, readFileSync(file, 'utf8').includes(`'${name}'`)]).toEqual([file, name, true]);
  }
});
