import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsEncoding } from '../http/accepts-encoding.ts';
import type { HttpResponse } from '../http/message.ts';

const pack = promisify(gzip) as (data: string | Uint8Array, options: { level: number }) => Promise<Uint8Array>;

/** The answer, in gzip if the client asks for it and the body is larger than 1 kB (contracts/testsigma.md T13). */
export async function compressAnswer(answer: HttpResponse, acceptEncoding: string | undefined): Promise<HttpResponse> {
  if (answer.body.length <= 1024 || answer.headers['content-encoding'] !== undefined) return answer;
  const headers = { ...answer.headers, vary: 'accept-encoding' };
  if (!acceptsEncoding(acceptEncoding, 'gzip')) return { ...answer, headers };
  // Level 1 is three times as fast as the default, and JSON hardly grows by it.
  const body = await pack(answer.body, { level: 1 });
  return { ...answer, headers: { ...headers, 'content-encoding': 'gzip' }, body };
}
