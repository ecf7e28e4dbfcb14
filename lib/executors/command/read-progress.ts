import { open } from 'node:fs/promises';
import * as z from 'zod/mini';
import { reportedCases } from '../../core/reported-case.ts';
import type { ReportedCase } from '../../core/results.ts';

export interface Progress {
  readonly cases: ReportedCase[];
  /** Where to read on. */
  readonly offset: number;
}

/**
 * The cases of the JSON lines from the offset on, at most 4 MiB of them; the rest comes with the next call. A line that
 * is not finished waits, one that is no case or is longer than 64 KiB is passed over. A file that shrank is read anew.
 */
export async function readProgress(path: string, offset: number): Promise<Progress> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return { cases: [], offset: 0 };
  try {
    const { size } = await file.stat();
    const start = offset > size ? 0 : offset;
    const buffer = Buffer.allocUnsafe(Math.min(size - start, maxReadBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const read = buffer.subarray(0, bytesRead);
    const end = read.lastIndexOf(newline) + 1;
    if (end === 0) return { cases: [], offset: bytesRead > maxLineBytes ? start + bytesRead : start };
    return { cases: [...toCases(read.subarray(0, end))], offset: start + end };
  } finally {
    await file.close();
  }
}

const newline = 0x0a;
const maxLineBytes = 65_536;
const maxReadBytes = 4 * 1024 * 1024;

function* toCases(bytes: Buffer): Generator<ReportedCase> {
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    if (end - start <= maxLineBytes) {
      const reported = toCase(bytes.toString('utf8', start, end));
      if (reported !== null) yield reported;
    }
    start = end + 1;
  }
}

function toCase(text: string): ReportedCase | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const outcome = z.safeParse(reportedCases, [value]);
  return outcome.success ? (outcome.data[0] ?? null) : null;
}
