import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ServiceError } from '../core/errors.ts';
import { acceptsEncoding } from './accepts-encoding.ts';
import type { Handler, HttpRequest } from './message.ts';
import { notModified } from './native/etag.ts';

/** A file as it is sent: packed once, in base64. */
export interface PageFile {
  readonly type: string;
  readonly brotli: string;
  readonly gzip: string;
}

export interface PageFiles {
  /** The document; `{base}` stands for the path clients reach the service under, without a final slash. */
  readonly html: string;
  /** Changes whenever any of the files does. */
  readonly version: string;
  /** By name, which changes with the content. */
  readonly assets: Readonly<Record<string, PageFile>>;
}

/** Nothing from elsewhere, nothing inline, and in nobody's frame. */
const security = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** `GET /runs/{id}` and the other paths of the page: one document, which reads the path itself. It holds no data. */
export function createGetPage(readPage: () => Promise<PageFiles>): Handler {
  return async (request) => {
    const { html, version } = await readPage();
    const etag = `"${version}"`;
    const headers = { ...security, 'cache-control': 'no-cache', etag };
    const unchanged = notModified(request, etag, headers);
    if (unchanged) return unchanged;
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'text/html; charset=utf-8' },
      body: html.replaceAll('{base}', escapeHtml(baseOf(request))),
    };
  };
}

/** `GET /assets/{file}`: kept by browsers for a year, since another content has another name. */
export function createGetAsset(readPage: () => Promise<PageFiles>): Handler {
  return async (request) => {
    const { assets } = await readPage();
    const name = request.params.file ?? '';
    const file = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (file === undefined) throw new ServiceError('NOT_FOUND', 'There is no such file; load the page again');
    const headers = {
      ...security,
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': file.type,
      vary: 'accept-encoding',
    };
    for (const [encoding, packed] of [['br', file.brotli] as const, ['gzip', file.gzip] as const]) {
      if (!acceptsEncoding(request.headers['accept-encoding'], encoding)) continue;
      return {
        status: 200,
        headers: { ...headers, 'content-encoding': encoding },
        body: Buffer.from(packed, 'base64'),
      };
    }
    return { status: 200, headers, body: await promisify(gunzip)(Buffer.from(file.gzip, 'base64')) };
  };
}

function baseOf({ baseUrl }: HttpRequest): string {
  return baseUrl.replace(/^[a-z]+:\/\/[^/]*/i, '');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
