import { isAscii } from 'node:buffer';

/** Turns bytes into text, chunk by chunk; `end` returns what was left of an incomplete character. */
export interface XmlDecoder {
  write(bytes: Uint8Array): string;
  end(): string;
}

/**
 * Decoder for a document whose first bytes are given: by BOM, then by the look of UTF-16, then by the declaration
 * (https://www.w3.org/TR/xml/#sec-guessing), else UTF-8. Undecodable bytes become U+FFFD. Null for an encoding that
 * this machine does not know.
 */
export function createXmlDecoder(head: Uint8Array): XmlDecoder | null {
  const [first = 0, second = 0] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return textDecoder('utf-16le');
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return textDecoder('utf-16be');
  const declared = /^(?:\xef\xbb\xbf)?\s{0,100}<\?xml[^>]{0,200}?encoding\s{0,10}=\s{0,10}["']([^"'>]{1,40})/.exec(
    Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 400)).toString('latin1'),
  )?.[1];
  // A declaration that could be read as ASCII is not UTF-16, whatever it says: .NET writers get this wrong.
  if (declared === undefined || /^(?:utf-?8|utf-?16.*|ucs-?2|us-ascii|ascii)$/i.test(declared)) return utf8Decoder();
  return textDecoder(declared);
}

// Reports are mostly ASCII, which is eight times as cheap to decode as such (Node 20).
function utf8Decoder(): XmlDecoder {
  const decoder = new TextDecoder();
  let mayBeIncomplete = false;
  return {
    write(bytes) {
      if (!mayBeIncomplete && isAscii(bytes)) {
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      }
      if (bytes.length > 0) mayBeIncomplete = (bytes[bytes.length - 1] ?? 0) >= 0x80;
      return decoder.decode(bytes, { stream: true });
    },
    end: () => decoder.decode(),
  };
}

function textDecoder(label: string): XmlDecoder | null {
  try {
    const decoder = new TextDecoder(label);
    return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
  } catch {
    return null;
  }
}
