import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiGatewayEvent, ApiGatewayResult } from '../../lib/adapters/api-gateway.ts';
import { readPage } from '../../lib/adapters/page-files.ts';
import { createEntry, type Entry } from '../../lib/http/entry.ts';
import type { HttpResponse } from '../../lib/http/message.ts';
import { createGetAsset, createGetPage, type PageFiles } from '../../lib/http/page.ts';
import { bundleFunctions } from '../../lib/infra/bundle.ts';
import { aRequest } from '../support/http.ts';

let files: PageFiles;
let entry: Entry;
let directory: string;
let onAws: (event: ApiGatewayEvent) => Promise<ApiGatewayResult>;
beforeAll(async () => {
  files = await readPage();
  entry = createEntry({
    keys: { getKey: async () => undefined },
    now: Date.now,
    handlers: { 'page.getPage': createGetPage(readPage), 'page.getAsset': createGetAsset(readPage) },
    log: () => undefined,
  });
  directory = await mkdtemp(join(tmpdir(), 'proctor-page-'));
  await bundleFunctions(directory, ['page']);
  onAws = createRequire(import.meta.url)(join(directory, 'page', 'index.cjs')).handler;
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  entry(aRequest(method, path, { headers, baseUrl: 'https://tests.example.com' }));
const linked = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string);

test('every place of the page is the same document, for everyone, asked for again each time, with nothing inline', async () => {
  const { body, headers, status } = await get('/runs/12');
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
  for (const path of ['/', '/runs', '/runs/12/', '/plans', '/plans/3857', '/schedules', '/deliveries'])
    expect((await get(path)).body).toBe(body);
  expect(String(body)).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/i);
});

test('HEAD answers like GET, a known version is not sent again, and other methods are refused', async () => {
  const { headers } = await get('/');
  const etag = headers.etag as string;
  expect(await get('/', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
  expect(await get('/', { 'if-none-match': '"another"' })).toMatchObject({ status: 200 });
  expect(await get('/runs/12', {}, 'HEAD')).toMatchObject({ status: 200, body: '', headers: { etag } });
  expect(await get('/runs/12', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
});

test('its files are named after their content, kept for a year, and packed as the browser asks', async () => {
  const paths = linked(String((await get('/')).body));
  expect(paths.map((path) => path.replace(/-[A-Z0-9]{8}\./, '-*.'))).toEqual([
    '/assets/icon-*.svg',
    '/assets/app-*.css',
    '/assets/app-*.js',
  ]);
  const unpack: [string, (answer: HttpResponse) => Buffer, string | undefined][] = [
    ['br, gzip', ({ body }) => brotliDecompressSync(body), 'br'],
    ['gzip, deflate, br;q=0', ({ body }) => gunzipSync(body), 'gzip'],
    ['identity', ({ body }) => Buffer.from(body), undefined],
  ];
  for (const path of paths) {
    const contents = new Set<string>();
    for (const [accepted, read, encoding] of unpack) {
      const answer = await get(path, { 'accept-encoding': accepted });
      expect(answer.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
      });
      expect(answer.headers['content-encoding']).toBe(encoding);
      contents.add(read(answer).toString('utf8'));
    }
    expect(contents.size).toBe(1);
  }
});

test('a first visit loads less than 150 kB', async () => {
  const document = await get('/', { 'accept-encoding': 'gzip' });
  let bytes = document.body.length;
  // All there is, whether or not it is needed for the first view.
  for (const name of Object.keys(files.assets))
    bytes += (await get(`/assets/${name}`, { 'accept-encoding': 'gzip' })).body.length;
  console.info(`a first visit loads ${(bytes / 1000).toFixed(0)} kB`);
  expect(bytes).toBeLessThan(150_000);
});

test('a file that is not there, or is no file of the page, is not found', async () => {
  for (const path of ['/assets/app.js', '/assets/..%2Fpackage.json', '/assets/constructor', '/assets/__proto__'])
    expect((await get(path)).status).toBe(404);
  for (const path of ['/runs/1/2', '/assets', '/index.html', '/nowhere']) expect((await get(path)).status).toBe(404);
});

test('behind a path of a proxy, everything is asked for below it', async () => {
  const { body } = await entry(aRequest('GET', '/runs/1', { baseUrl: 'https://tests.example.com/proctor' }));
  expect(linked(String(body)).every((path) => path.startsWith('/proctor/assets/'))).toBe(true);
  expect(String(body)).toContain('data-base="/proctor"');
});

test('on AWS the function serves the same from its bundle alone', async () => {
  const ask = (rawPath: string, encoding = '') =>
    onAws({
      rawPath,
      rawQueryString: '',
      headers: { 'accept-encoding': encoding },
      isBase64Encoded: false,
      requestContext: {
        domainName: 'abc.execute-api.eu-central-1.amazonaws.com',
        requestId: 'r',
        stage: '$default',
        http: { method: 'GET', sourceIp: '192.0.2.1' },
      },
    });
  const document = await ask('/runs/12');
  expect(document).toMatchObject({ statusCode: 200, body: String((await get('/runs/12')).body) });
  const [, , script] = linked(document.body);
  const asset = await ask(script as string, 'br');
  const local = await get(script as string, { 'accept-encoding': 'br' });
  expect(asset).toMatchObject({ statusCode: 200, headers: { 'content-encoding': 'br' }, isBase64Encoded: true });
  expect(Buffer.from(asset.body, 'base64').equals(Buffer.from(local.body))).toBe(true);
});
