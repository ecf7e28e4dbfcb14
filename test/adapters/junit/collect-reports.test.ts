import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectReports } from '../../../lib/adapters/junit/collect-reports.ts';

describe('collectReports', () => {
  let directory: string;
  let work: string;

  beforeEach(async () => {
    directory = await realpath(await mkdtemp(path.join(tmpdir(), 'proctor-reports-')));
    work = path.join(directory, 'work');
    await mkdir(path.join(work, 'reports', 'node_modules'), { recursive: true });
    for (const file of ['b.xml', 'a.xml', 'a.txt', 'node_modules/c.xml'])
      await writeFile(path.join(work, 'reports', file), 'x');
    await writeFile(path.join(directory, 'secret.xml'), 'x');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('finds the matching files, sorted, and none where none match', async () => {
    const found = ['a.xml', 'b.xml'].map((file) => path.join(work, 'reports', file));
    expect(await collectReports(work, '**/*.xml')).toEqual(found);
    expect(await collectReports(work, './reports/*.xml')).toEqual(found);
    expect(await collectReports(work, 'reports/{b,c}.xml')).toEqual(found.slice(1));
    expect(await collectReports(work, 'missing/*.xml')).toEqual([]);
  });

  it.each([
    '../*.xml',
    'reports/../../*.xml',
    '/etc/*.xml',
    'C:\\*.xml',
    '{..,reports}/*.xml',
    '@(..)/*.xml',
    '..\\*.xml',
  ])('refuses a pattern that leads outside: %s', async (glob) => {
    await expect(collectReports(work, glob)).rejects.toMatchObject({ code: 'REPORT_UNREADABLE' });
  });

  it('follows no links, and refuses a pattern that names one out of the directory', async () => {
    await symlink(directory, path.join(work, 'reports', 'up'));
    await symlink(path.join(directory, 'secret.xml'), path.join(work, 'reports', 'link.xml'));
    expect(await collectReports(work, '**/*.xml')).toHaveLength(2);
    expect(await collectReports(work, 'reports/link.xml')).toEqual([]);
    await expect(collectReports(work, 'reports/up/*.xml')).rejects.toMatchObject({ code: 'REPORT_UNREADABLE' });
  });

  it('refuses more than 64 MiB in all', async () => {
    for (const file of ['a.xml', 'b.xml']) await truncate(path.join(work, 'reports', file), 33 * 1024 * 1024);
    await expect(collectReports(work, '**/*.xml')).rejects.toMatchObject({ code: 'REPORT_UNREADABLE' });
  });

  it('refuses more than 2,000 files', async () => {
    for (let i = 0; i < 2_000; i += 1) await writeFile(path.join(work, 'reports', `${i}.xml`), '');
    await expect(collectReports(work, '**/*.xml')).rejects.toMatchObject({ code: 'REPORT_UNREADABLE' });
  });
});
