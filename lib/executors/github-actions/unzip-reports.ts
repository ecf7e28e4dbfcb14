import { Unzip, UnzipInflate } from 'fflate';
import { isServiceError, ServiceError } from '../../core/errors.ts';

/** One XML file of an archive. */
export interface ZippedReport {
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
}

/** Packed bytes looked at in one go: at deflate's best ratio they become 16 MiB. */
const pushBytes = 16 * 1024;

/**
 * The XML files of the archive, one after the other, none of it written anywhere. Throws REPORT_UNREADABLE for what is no
 * zip, is incomplete, names files outside of itself, or unpacks to more than `most` bytes: `most.bytes` is what is left of
 * them, and shrinks.
 */
export function* unzipReports(zip: Uint8Array, most: { bytes: number }): Generator<ZippedReport> {
  const expected = countEntries(zip);
  const done: ZippedReport[] = [];
  let begun = 0;
  let open = 0;
  const unzip = new Unzip((file) => {
    begun += 1;
    if (/^[\\/]|(?:^|[\\/])\.\.(?:[\\/]|$)/.test(file.name)) throw unreadable('names files outside of itself');
    if (!/\.xml$/i.test(file.name)) return;
    const chunks: Uint8Array[] = [];
    open += 1;
    file.ondata = (error, chunk, final) => {
      // Fed back what was thrown here.
      if (error) throw isServiceError(error) ? error : unreadable('is packed in a way that is not understood');
      most.bytes -= chunk.byteLength;
      if (most.bytes < 0) throw unreadable('is too large unpacked');
      chunks.push(chunk);
      if (!final) return;
      open -= 1;
      done.push({ name: file.name, chunks });
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  for (let at = 0; at < zip.length; at += pushBytes) {
    push(unzip, zip.subarray(at, at + pushBytes), at + pushBytes >= zip.length);
    yield* done.splice(0);
  }
  if (open > 0 || begun < expected) throw unreadable('is not complete');
}

function push(unzip: Unzip, bytes: Uint8Array, final: boolean): void {
  try {
    unzip.push(bytes, final);
  } catch (error) {
    throw isServiceError(error) ? error : unreadable('is no zip archive');
  }
}

/** As the end of the directory says, which a cut archive does not have (APPNOTE.TXT 4.3.16); of zip64 at least one. */
function countEntries(zip: Uint8Array): number {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const first = Math.max(0, zip.length - 22 - 65_535);
  for (let at = zip.length - 22; at >= first; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const count = view.getUint16(at + 10, true);
    return count === 0xffff ? 1 : count;
  }
  throw unreadable('is no complete zip archive');
}

function unreadable(why: string): ServiceError {
  return new ServiceError('REPORT_UNREADABLE', `it ${why}`);
}
