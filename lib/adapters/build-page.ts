import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'esbuild';
import type { PageFile, PageFiles } from '../http/page.ts';

const web = join(import.meta.dirname, '../../web');
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The static files of `web/`: scripts and styles named after their content, and the document that loads them. */
export async function buildPage(): Promise<PageFiles> {
  const { outputFiles } = await build({
    entryPoints: { app: join(web, 'main.tsx'), icon: join(web, 'icon.svg') },
    outdir: web,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    // The first that know `light-dark()`, which all colours are.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  const assets = Object.fromEntries(
    await Promise.all(outputFiles.map(async ({ path, contents }) => [basename(path), await pack(path, contents)])),
  ) as Record<string, PageFile>;
  const named = (prefix: string, extension: string) =>
    Object.keys(assets).find((name) => name.startsWith(prefix) && name.endsWith(extension)) ?? '';
  const document = await readFile(join(web, 'index.html'), 'utf8');
  const html = document
    .replaceAll('app.js', named('app-', '.js'))
    .replaceAll('app.css', named('app-', '.css'))
    .replaceAll('icon.svg', named('icon-', '.svg'));
  return { html, version: createHash('sha256').update(html).digest('base64url').slice(0, 16), assets };
}

async function pack(path: string, contents: Uint8Array): Promise<PageFile> {
  const [brotli, gzipped] = await Promise.all([promisify(brotliCompress)(contents), promisify(gzip)(contents)]);
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    brotli: Buffer.from(brotli).toString('base64'),
    gzip: gzipped.toString('base64'),
  };
}
