import { ServiceError } from '../../core/errors.ts';
import type { ReportedCase } from '../../core/results.ts';
import { createCaseCollector } from './case-collector.ts';
import { createXmlDecoder, type XmlDecoder } from './decode-xml.ts';
import { createXmlParser } from './xml-parser.ts';

export interface ReadOptions {
  /** Of the document, unpacked. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Of nested elements. Default 100. */
  readonly maxDepth?: number;
}

/**
 * The test cases of one JUnit XML document, in document order and a few hundred at a time; the document is never held
 * in memory. A case that the document holds twice (a retry) comes twice, so the last one wins. Nothing is yielded for
 * a document without cases. Throws REPORT_UNREADABLE, possibly after some cases, for what is no JUnit XML, is
 * truncated, too large or too deep, or has a DTD.
 *
 * There is no official format; structure after https://github.com/testmoapp/junitxml, retries after Maven Surefire.
 */
export async function* readJUnit(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { maxBytes = 64 * 1024 * 1024, maxDepth = 100 }: ReadOptions = {},
): AsyncGenerator<ReportedCase[]> {
  const collector = createCaseCollector();
  const parser = createXmlParser(collector, maxDepth);
  collector.attach(parser);
  let decoder: XmlDecoder | null = null;
  let head: Uint8Array = new Uint8Array();
  let total = 0;

  for await (const chunk of bytes) {
    total += chunk.byteLength;
    if (total > maxBytes) throw parser.unreadable(`the report is larger than ${maxBytes} bytes`);
    if (decoder !== null) parser.write(decoder.write(chunk));
    else {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < headBytes) continue;
      decoder = decoderFor(head);
      parser.write(decoder.write(head));
    }
    // Only here, between two chunks: a chunk's cases are at most as large as the chunk.
    if (collector.cases.length >= batchSize) yield collector.cases.splice(0);
  }

  if (decoder === null) {
    decoder = decoderFor(head);
    parser.write(decoder.write(head));
  }
  parser.write(decoder.end());
  parser.end();
  if (collector.cases.length > 0) yield collector.cases.splice(0);
}

// Enough for an XML declaration; a shorter document is decoded at its end.
const headBytes = 256;
const batchSize = 250;

function decoderFor(head: Uint8Array): XmlDecoder {
  const decoder = createXmlDecoder(head);
  if (decoder === null) throw new ServiceError('REPORT_UNREADABLE', 'JUnit report, line 1: unknown encoding');
  return decoder;
}
