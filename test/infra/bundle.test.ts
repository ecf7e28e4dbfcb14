import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawBadge } from '../../lib/adapters/draw-badge.ts';
import { unknownBadge } from '../../lib/core/badge.ts';
import { type Bundles, bundleFunctions } from '../../lib/infra/bundle.ts';
import { functionNames } from '../../lib/infra/function-table.ts';
import { serveTable } from '../support/table.ts';

/** performance.md P4: of what a function loads before its first call. */
const maxBytesAtStart = 300_000;
/** With what it loads when a call needs it: executors, clients, parsers. */
const maxBytes = 480_000;

let bundles: Bundles;
beforeAll(async () => {
  bundles = await bundleFunctions(mkdtempSync(join(tmpdir(), 'proctor-bundles-')));
});

describe('bundles', () => {
  it('are one for each function, none above 300 kB at its start or 480 kB with all its parts', () => {
    const kB = (bytes: number) => (bytes / 1000).toFixed(0).padStart(4);
    console.info(
      Object.entries(bundles.sizes)
        .map(([name, { start, whole }]) => `${name.padEnd(18)} ${kB(start)} kB at start, ${kB(whole)} kB in all`)
        .join('\n'),
    );
    expect(Object.keys(bundles.sizes).sort()).toEqual([...functionNames].sort());
    for (const [name, { start, whole }] of Object.entries(bundles.sizes)) {
      expect(start, `${name} has ${start} bytes at its start`).toBeLessThanOrEqual(maxBytesAtStart);
      expect(whole, `${name} has ${whole} bytes`).toBeLessThanOrEqual(maxBytes);
    }
  });

  it('have what few calls need beside them, and do not load it with them', () => {
    const directory = join(bundles.directory, 'edit-plans');
    const script = `require('${directory}/index.cjs');
      console.log(Object.keys(require.cache).filter((file) => file.includes('late-')).length);`;
    const env = { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', TABLE_NAME: 'table' };
    expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }).trim()).toBe('0');
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(['late-croner.cjs', 'late-yaml.cjs']));
  });

  // As Lambda does it: a fresh process, the function's own environment, nothing of this repository in reach.
  it.each(functionNames)('%s loads on its own with all its parts, and exports a handler', (name) => {
    const directory = join(bundles.directory, name);
    const parts = readdirSync(directory).filter((file) => file.endsWith('.cjs'));
    const script = `const [{ handler }] = ${JSON.stringify(['index.cjs', ...parts])}.map((file) => require('${directory}/' + file));
      console.log(typeof handler)`;
    const answer = execFileSync(process.execPath, ['-e', script], {
      cwd: tmpdir(),
      env: { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', TABLE_NAME: 'table' },
      encoding: 'utf8',
    });
    expect(answer.trim()).toBe('function');
  });

  it('draw badges as the sources do, without the fonts of other styles', () => {
    const file = join(bundles.directory, 'badges', 'index.cjs');
    const http = { method: 'GET', sourceIp: '192.0.2.1' };
    const requestContext = { domainName: 'api.example', requestId: '1', stage: '$default', http };
    const event = { rawPath: '/badges/x.svg', rawQueryString: '', isBase64Encoded: false, requestContext };
    const script = `require(${JSON.stringify(file)}).handler(${JSON.stringify(event)}).then((answer) => console.log(JSON.stringify(answer)))`;
    const printed = execFileSync(process.execPath, ['-e', script], {
      env: { AWS_REGION: 'local', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', TABLE_NAME: 'table' },
      encoding: 'utf8',
    });
    const answer = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
    expect(answer).toMatchObject({ statusCode: 404, body: drawBadge(unknownBadge) });
  });

  it('reach their table with what was left out of the SDK', async () => {
    const { url, tableName, close } = await serveTable();
    const file = join(bundles.directory, 'complete-run', 'index.cjs');
    const script = `require(${JSON.stringify(file)}).handler({ runId: 7 }).then(() => console.log('no such run'))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: {
        AWS_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_ENDPOINT_URL_DYNAMODB: url,
        TABLE_NAME: tableName,
      },
    });
    await close();
    expect(stdout).toContain('no such run');
  });
});
