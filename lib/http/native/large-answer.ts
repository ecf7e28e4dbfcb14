import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ServiceError } from '../../core/errors.ts';
import { acceptsEncoding } from '../accepts-encoding.ts';
import type { HttpRequest, HttpResponse } from '../message.ts';

const pack = promisify(gzip) as (data: string, options: { level: number }) => Promise<Uint8Array>;

/**
 * What fits an answer of Lambda, which is JSON of 6 MB: text grows by its escapes there, packed bytes by a third in base64.
 * The same everywhere, so that what works embedded works deployed.
 */
const mostText = 4 * 1024 * 1024;
const mostPacked = 4_400_000;

/**
 * The text as a file to save, packed here if it only fits so. RUN_TOO_LARGE if it does not fit, with what to do instead: a
 * file that ended early would pass for the whole.
 */
export async function answerFile(
  request: Pick<HttpRequest, 'headers'>,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  if (Buffer.byteLength(body) <= mostText) return { status: 200, headers, body };
  if (!acceptsEncoding(request.headers['accept-encoding'], 'gzip')) {
    throw tooLarge('ask for it with `Accept-Encoding: gzip` (curl --compressed)');
  }
  const packed = await pack(body, { level: 6 });
  if (packed.byteLength > mostPacked) throw tooLarge('read its cases in pages from /v1/runs/{runId}/cases');
  return { status: 200, headers: { ...headers, vary: 'accept-encoding', 'content-encoding': 'gzip' }, body: packed };
}

function tooLarge(instead: string): ServiceError {
  return new ServiceError('RUN_TOO_LARGE', `The report is larger than one answer may be: ${instead}`);
}
