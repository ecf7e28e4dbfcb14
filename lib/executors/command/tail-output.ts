import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { redact } from '../../core/redact.ts';

/**
 * The last lines of the output, at most 500 characters, without colours and without the secrets. Empty if there is no
 * output. What is cut off at the front is far enough away not to leave half a secret.
 */
export async function tailOutput(path: string, secrets: readonly string[]): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, windowBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    const text = redact(stripVTControlCharacters(buffer.toString('utf8', 0, bytesRead)), secrets).trim();
    if (text.length <= maxCharacters) return text;
    const end = text.slice(-maxCharacters);
    return end.slice(end.indexOf('\n') + 1).trim() || end;
  } finally {
    await file.close();
  }
}

const maxCharacters = 500;
// A variable has up to 4,096 characters of up to 4 bytes.
const windowBytes = 32_768;
