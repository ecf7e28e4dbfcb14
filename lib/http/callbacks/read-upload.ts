import { createGunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { AttemptEnd } from '../../core/executor.ts';
import type { ReportedCase } from '../../core/results.ts';
import { parse } from '../../core/schema.ts';
import { readBody, readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';
import { readFlag } from '../native/paging.ts';
import { batchId as batchIdSchema, resultsBody } from '../native/schemas.ts';

/** Reads a JUnit XML document, some cases at a time. Throws REPORT_UNREADABLE. */
export type ReadReport = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<readonly ReportedCase[]>;

/** What an executor or a CI job sent in one go. */
export interface Upload {
  readonly cases: Iterable<ReportedCase> | AsyncIterable<readonly ReportedCase[]>;
  readonly batchId?: string;
  readonly seq?: number;
  /** Present when the attempt is over with this. */
  readonly end?: AttemptEnd;
}

/** reliability.md F40 and F44. */
const maxBytes = 64 * 1024 * 1024;
const maxRatio = 200;
const sliceBytes = 64 * 1024;
const batchIdParameter = z.object({ batchId: batchIdSchema });

/**
 * A JSON batch, or JUnit XML by its content type or first character; gzip welcome. XML is final unless `?final=false` and is
 * read while it is recorded; JSON is final when it says so, or when it tells an error.
 */
export async function readUpload(request: HttpRequest, readReport: ReadReport): Promise<Upload> {
  if (isXml(request) || (await startsLikeXml(request))) return readXml(request, readReport);
  const value = readJson({ body: await readBody(request, { maxBytes, maxRatio }) });
  const { batchId, seq, final, expectedCases, error, cases } = parse(resultsBody, value);
  const problem = error ? { reason: 'executorLost' as const, message: error.slice(0, 1000) } : undefined;
  const end = { ...(problem ? { problem } : {}), ...(expectedCases == null ? {} : { expectedCases }) };
  return {
    cases,
    ...(batchId == null ? {} : { batchId }),
    ...(seq == null ? {} : { seq }),
    ...(final || problem ? { end } : {}),
  };
}

function readXml(request: HttpRequest, readReport: ReadReport): Upload {
  const { query } = request;
  const final = readFlag(query, 'final', true);
  const id = query.get('batchId');
  const batchId = id === null ? undefined : parse(batchIdParameter, { batchId: id }).batchId;
  const given = query.get('seq');
  const seq = given === null ? undefined : /^[0-9]{1,9}$/.test(given) ? Number(given) : -1;
  if (seq === -1) throw invalidField('seq', 'must be 0 to 999999999', given?.slice(0, 100) ?? null);
  return {
    cases: readReport(unpack(request)),
    ...(batchId === undefined ? {} : { batchId }),
    ...(seq === undefined ? {} : { seq }),
    ...(final ? { end: {} } : {}),
  };
}

/** The bytes, unpacked as they are asked for. Broken gzip is an unreadable report. */
async function* unpack({ body, headers }: HttpRequest): AsyncGenerator<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') {
    for (let at = 0; at < body.length; at += sliceBytes) yield body.subarray(at, at + sliceBytes);
    return;
  }
  if (encoding !== 'gzip' && encoding !== 'x-gzip') throw invalidField('Content-Encoding', 'must be gzip or identity');
  const most = Math.min(maxBytes, body.length * maxRatio);
  const gunzip = createGunzip();
  gunzip.end(body);
  let size = 0;
  try {
    for await (const chunk of gunzip) {
      size += chunk.byteLength;
      if (size > most) throw new ServiceError('BODY_TOO_LARGE', `The unpacked body is larger than ${most} bytes`);
      yield chunk;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw new ServiceError('REPORT_UNREADABLE', 'The report is not complete gzip');
    throw error;
  }
}

function isXml({ headers }: HttpRequest): boolean {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === 'application/xml' || type === 'text/xml';
}

/** After a byte order mark and blanks; UTF-16 has a zero beside each character. */
async function startsLikeXml(request: HttpRequest): Promise<boolean> {
  try {
    for await (const head of unpack(request)) {
      const first = head.subarray(0, 256).find((byte) => !ignored.has(byte));
      return first === '<'.charCodeAt(0);
    }
  } catch {
    // Whoever reads all of it says what is wrong.
  }
  return false;
}

const ignored = new Set([0xef, 0xbb, 0xbf, 0xfe, 0xff, 0x00, 0x20, 0x09, 0x0a, 0x0d]);
