import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createParameterReader } from '../../lib/adapters/parameter-store.ts';
import { leanSdk } from '../../lib/infra/lean-sdk/plugin.ts';

const asked: unknown[] = [];
let store: Record<string, string>;
let failures: number;
const server = createServer(async (request, response) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { Name: string };
  asked.push([request.headers['x-amz-target'], body]);
  const answer = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
  if (failures-- > 0) return answer(400, { __type: 'ThrottlingException', message: 'Rate exceeded' });
  if (body.Name === '/proctor/denied') return answer(400, { __type: 'AccessDeniedException', message: 'no kms' });
  const value = store[body.Name];
  if (value === undefined) return answer(400, { __type: 'ParameterNotFound', message: '' });
  return answer(200, { Parameter: { Name: body.Name, Type: 'SecureString', Value: value } });
});

let endpoint: string;
beforeEach(async () => {
  asked.length = 0;
  store = { '/proctor/token': 'wörth' };
  failures = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

/** The adapter as functions have it. */
async function bundled(): Promise<typeof createParameterReader> {
  const entry = new URL('../../lib/adapters/parameter-store.ts', import.meta.url).pathname;
  const outfile = join(mkdtempSync(join(tmpdir(), 'proctor-bundle-')), 'index.cjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    plugins: [leanSdk],
  });
  const load = createRequire(import.meta.url);
  return (load(outfile) as { createParameterReader: typeof createParameterReader }).createParameterReader;
}

describe.each([
  ['as it is', async () => createParameterReader],
  ['as functions have it, without the classes of its errors', bundled],
])('the reader of parameters, %s,', (_name, load) => {
  const reader = async () =>
    (await load())({
      region: 'eu-central-1',
      endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 3,
    });

  it('asks for the decrypted value, and knows when there is none', async () => {
    const read = await reader();
    expect(await read('/proctor/token')).toBe('wörth');
    expect(await read('/proctor/other')).toBeUndefined();
    expect(asked).toEqual([
      ['AmazonSSM.GetParameter', { Name: '/proctor/token', WithDecryption: true }],
      ['AmazonSSM.GetParameter', { Name: '/proctor/other', WithDecryption: true }],
    ]);
  });

  it('tries again when it was throttled, and fails when it may not read', async () => {
    const read = await reader();
    failures = 1;
    expect(await read('/proctor/token')).toBe('wörth');
    await expect(read('/proctor/denied')).rejects.toThrow(expect.objectContaining({ name: 'AccessDeniedException' }));
    expect(asked).toHaveLength(3);
  });
});
