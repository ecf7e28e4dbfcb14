import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PickedCase } from '../../../lib/core/executor.ts';
import type { CommandSettings } from '../../../lib/core/executor-settings.ts';
import { buildBuildspec } from '../../../lib/executors/codebuild/buildspec.ts';
import { runBuildspec } from '../../support/codebuild/run-buildspec.ts';

let source: string;
beforeAll(async () => {
  source = await mkdtemp(join(tmpdir(), 'proctor-source-'));
  await cp('examples/shop', join(source, 'shop'), { recursive: true });
  await mkdir(join(source, 'out'));
  await writeFile(join(source, 'out/old.xml'), '<testsuite name="old"><testcase name="stale"/></testsuite>');
  await utimes(join(source, 'out/old.xml'), 1000, 1000);
});
afterAll(() => rm(source, { recursive: true, force: true }));

const sample: CommandSettings = {
  command: 'node --test {selection} tests/*.test.js',
  directory: 'shop',
  selector: 'node:test',
};

function build(settings: CommandSettings, selection: readonly PickedCase[] | null = null, setup?: string) {
  return buildBuildspec({ settings, root: '', setup, runtimes: undefined, reportGroup: 'proctor', selection });
}

async function run(settings: CommandSettings, selection: readonly PickedCase[] | null = null, setup?: string) {
  const { text } = build(settings, selection, setup);
  const variables = { PROCTOR_RUN_ID: '1', PROCTOR_ATTEMPT: '1' };
  const { phases, reports } = await runBuildspec({ text, source, variables, signal: new AbortController().signal });
  const failed = phases.find(({ status }) => status === 'FAILED')?.type;
  return { failed, names: reports.proctor?.map(({ suite, name }) => `${suite} › ${name}`), cases: reports.proctor };
}

describe('a build specification', () => {
  it('really runs the sample project, and fails as its tests do', async () => {
    const { failed, cases } = await run(sample);
    expect(failed).toBe('BUILD');
    expect(cases).toHaveLength(14);
    expect(cases?.filter(({ result }) => result === 'failed').map(({ name }) => name)).toEqual(['pays at the bank']);
  });

  it('really runs just what is selected, whatever its name', async () => {
    const picked = [
      { suite: 'Cart', className: 'tests/cart.test.js', name: 'adds up prices' },
      { suite: 'Tax', className: '', name: 'charges the tax of', iterations: ['Turkey'] },
    ];
    const { failed, cases } = await run(sample, picked);
    expect(failed).toBeUndefined();
    const ran = cases?.filter(({ result }) => result !== 'skipped').map(({ name }) => name);
    expect(ran).toEqual(['adds up prices', 'Turkey']);
  });

  it('hands names to the command that are no commands', async () => {
    const command = `printf '<testsuite name="s"><testcase name="seen"/></testsuite>' > {report}; echo {selection}`;
    const selector = { arguments: '--only {pattern}', join: '|' };
    const picked = [{ suite: 's', className: '', name: `it's $(touch ${source}/hacked) \`id\` "x"; exit 3` }];
    const { failed, names } = await run({ command, directory: '.', selector }, picked);
    expect([failed, names]).toEqual([undefined, ['s › seen']]);
    await expect(readFile(join(source, 'hacked'))).rejects.toThrow(/ENOENT/);
  });

  it('takes reports from where the plan says, with their paths, and none that came with the source', async () => {
    const report = '<testsuite name="new"><testcase name="fresh"/></testsuite>';
    const command = `mkdir -p out/a && printf '${report}' > out/a/new.xml && printf '${report}' > elsewhere.xml`;
    const { failed, names } = await run({ command, directory: '.', report: 'out/**/*.xml' });
    expect([failed, names]).toEqual([undefined, ['new › fresh']]);
    expect((await run({ command: 'true', directory: '.', report: 'out/*.xml' })).names).toBeUndefined();
  });

  it('sets the checkout up first, and runs no test when that fails', async () => {
    const command = `cat setup.xml > {report}`;
    const setup = `printf '<testsuite name="s"><testcase name="set up"/></testsuite>' > setup.xml`;
    expect(await run({ command, directory: '.' }, null, setup)).toMatchObject({ names: ['s › set up'] });
    expect(await run({ command, directory: '.' }, null, 'exit 4')).toEqual({ failed: 'PRE_BUILD' });
  });

  it('runs everything when the selection does not fit, and says so', () => {
    const picked = Array.from({ length: 30_000 }, (_, i) => {
      const random = Math.abs(Math.sin(i + 1))
        .toString(36)
        .slice(2);
      return { suite: `suite ${random}`, className: '', name: `case ${random} ${i}` };
    });
    const { text, executing } = build(sample, picked);
    expect(text).toBe(build(sample).text);
    expect(executing).toEqual({
      grain: 'everything',
      description:
        'everything (the selection does not fit into a build specification; all but the 30000 picked cases are ignored)',
    });
  });

  it('is the same text for the same attempt, which the idempotency token depends on', () => {
    const picked = [{ suite: 'Cart', className: '', name: 'adds up prices' }];
    expect(build(sample, picked)).toEqual(build(sample, picked));
    expect(parse(build(sample, picked).text).phases.build.commands[0]).toContain(
      'node --test --import=file:///tmp/proctor/',
    );
  });

  it('refuses a directory outside the source', () => {
    for (const directory of ['/srv/shop', '..', '../other', 'shop/../../other']) {
      expect(() => build({ ...sample, directory })).toThrow(/not in the source of a build/);
    }
  });
});
