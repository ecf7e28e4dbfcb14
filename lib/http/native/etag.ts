import { ServiceError } from '../../core/errors.ts';
import type { HttpRequest, HttpResponse } from '../message.ts';

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** 304 if the client has this version already (RFC 9110 13.1.2), else undefined. */
export function notModified(
  { headers }: Pick<HttpRequest, 'headers'>,
  etag: string,
  more: Readonly<Record<string, string>> = {},
): HttpResponse | undefined {
  if (!lists(headers['if-none-match'], etag)) return undefined;
  return { status: 304, headers: { ...more, etag }, body: '' };
}

/** VERSION_CONFLICT if the client means another version. Without the header it means any. */
export function checkIfMatch({ headers }: Pick<HttpRequest, 'headers'>, version: number): void {
  const wanted = headers['if-match'];
  if (wanted === undefined || lists(wanted, etagOf(version))) return;
  throw new ServiceError('VERSION_CONFLICT', `If-Match: the newest version is ${version}; read it again`, {
    fields: [{ field: 'If-Match', message: `the newest version is ${version}`, rejectedValue: wanted.slice(0, 100) }],
  });
}

function lists(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
