import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawBadge } from '../../lib/adapters/draw-badge.ts';
import { openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';
import { unknownBadge } from '../../lib/core/badge.ts';
import { type Bundles, bundleFunctions } from '../../lib/infra/bundle.ts';
import { functionNames } from '../../lib/infra/function-table.ts';

/** What a client waits for, and what ends a run. The limit of performance.md P4 is 300 kB: docs/decisions.md says what misses it. */
const hot = ['read-runs', 'complete-run', 'execution-failed', 'keys'];
const maxBytes = 340_000;
/** Starts runs of three APIs, and reads the master key to seal the callback URL of a run. */
const maxBytesOfTrigger = 415_000;
/** Those that read YAML or XML, call executors or other functions, carry more. */
const maxBytesWithParsers = 580_000;

let bundles: Bundles;
beforeAll(async () => {
  bundles = await bundleFunctions(mkdtempSync(join(tmpdir(), 'proctor-bundles-')));
});

describe('bundles', () => {
  it('are one for each function, the hot ones not above 340 kB, those with parsers not above 580 kB', () => {
    console.info(
      Object.entries(bundles.sizes)
        .map(([name, bytes]) => `${name.padEnd(18)} ${(bytes / 1000).toFixed(0).padStart(4)} kB`)
        .join('\n'),
    );
    expect(Object.keys(bundles.sizes).sort()).toEqual([...functionNames].sort());
    for (const [name, bytes] of Object.entries(bundles.sizes)) {
      const most = hot.includes(name) ? maxBytes : name === 'trigger' ? maxBytesOfTrigger : maxBytesWithParsers;
      expect(bytes, `${name} has ${bytes} bytes`).toBeLessThanOrEqual(most);
    }
  });

  // As Lambda does it: a fresh process, the function's own environment, nothing of this repository in reach.
  it.each(functionNames)('%s loads on its own and exports a handler', (name) => {
    const file = join(bundles.directory, name, 'index.cjs');
    const answer = execFileSync(process.execPath, ['-p', `typeof require(${JSON.stringify(file)}).handler`], {
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
    const { client, tableName, close } = await openEmbeddedTable();
    const { hostname, port } = (await client.config.endpoint?.()) ?? {};
    const file = join(bundles.directory, 'complete-run', 'index.cjs');
    const script = `require(${JSON.stringify(file)}).handler({ runId: 7 }).then(() => console.log('no such run'))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: {
        AWS_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_ENDPOINT_URL_DYNAMODB: `http://${hostname}:${port}`,
        TABLE_NAME: tableName,
      },
    });
    await close();
    expect(stdout).toContain('no such run');
  });
});
