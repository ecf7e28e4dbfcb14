import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { invalidField, ServiceError } from '../core/errors.ts';
import type { HttpRequest, HttpResponse } from './message.ts';

export interface ReadJsonOptions {
  /** Names of members of the outermost object whose value, if it is a number, becomes the text of its literal. */
  readonly keepDigits?: readonly string[];
}

/**
 * The body as JSON, whatever its content type; undefined if it is empty. Order of reliability.md F41 and F42. INVALID_JSON
 * for broken UTF-8 or syntax, nesting deeper than 32, a key that occurs twice, and keys that reach prototypes.
 */
export function readJson({ body }: Pick<HttpRequest, 'body'>, options: ReadJsonOptions = {}): unknown {
  if (isTooDeep(body)) throw invalidJson('it is nested deeper than 32 levels');
  const text = decode(body);
  if (text.trim() === '') return undefined;
  const value = parse(text);
  const literals = checkKeys(text, new Set(options.keepDigits));
  // Only members of an outermost object have literals.
  return literals.size === 0 ? value : { ...(value as object), ...Object.fromEntries(literals) };
}

/** A compact JSON answer. */
export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse & { readonly body: string } {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}

/**
 * Compact JSON in which no string value is `id`, `status` or `result`, and none contains `HTTPSTATUS:`: one character is
 * written as an escape, which a parser undoes and the vendor's shell scripts do not match (contracts/testsigma.md T5).
 */
export function escapeScriptWords(compact: string): string {
  return compact
    .replace(
      /([:[,])"(id|status|result)"(?!:)/g,
      (_, before: string, word: string) => `${before}"${escapeFirst(word)}"`,
    )
    .replaceAll('HTTPSTATUS:', `${escapeFirst('HTTPSTATUS:')}`);
}

export interface ReadBodyOptions {
  /** Unpacked. */
  readonly maxBytes?: number;
  readonly maxRatio?: number;
}

/**
 * The body's bytes, unpacked if `Content-Encoding` says gzip. BODY_TOO_LARGE past 64 MiB or 200 times the packed size
 * (reliability.md F44), VALIDATION_FAILED if it is no gzip or another encoding.
 */
export async function readBody(
  { body, headers }: Pick<HttpRequest, 'body' | 'headers'>,
  { maxBytes = 64 * 1024 * 1024, maxRatio = 200 }: ReadBodyOptions = {},
): Promise<Uint8Array> {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') throw invalidField('Content-Encoding', 'must be gzip or identity');
  const most = Math.max(1, Math.min(maxBytes, Math.floor(body.length * maxRatio)));
  try {
    return await unpack(body, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServiceError('BODY_TOO_LARGE', `The unpacked body is larger than ${most} bytes`);
    }
    throw invalidField('Content-Encoding', 'the body is not complete gzip');
  }
}

const unpack = promisify(gunzip) as (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;
const maxDepth = 32;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = Buffer.from('"\\{}[]') as unknown as [
  number,
  number,
  number,
  number,
  number,
  number,
];

function isTooDeep(body: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < body.length; i += 1) {
    const byte = body[i];
    if (inString) {
      if (byte === backslash) i += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return false;
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalidJson('it is not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the body, which may hold secrets.
    const ended = /^(Unexpected end|Unterminated)/.test((error as Error).message);
    throw invalidJson(ended ? 'it ends too early' : 'text must stand in double quotes, members are parted by commas');
  }
}

/** Walks text that is known to be JSON; answers the literals of the numbers to keep. */
function checkKeys(text: string, keepDigits: ReadonlySet<string>): Map<string, string> {
  const literals = new Map<string, string>();
  /** The keys of each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  const number = /\s*(-?[0-9][0-9.eE+-]*)/y;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = at;
      at = endOfString(text, start);
      const colon = colonAfter(text, at + 1);
      if (colon < 0) continue;
      const key = JSON.parse(text.slice(start, at + 1)) as string;
      const keys = open.at(-1);
      if (forbiddenKeys.has(key)) throw invalidJson(`the key ${key} is not allowed`);
      if (keys?.has(key)) throw invalidJson(`the key ${JSON.stringify(key.slice(0, 50))} occurs twice in one object`);
      keys?.add(key);
      at = colon;
      if (open.length > 1 || !keepDigits.has(key)) continue;
      number.lastIndex = colon + 1;
      const literal = number.exec(text)?.[1];
      if (literal !== undefined) literals.set(key, literal);
    }
  }
  return literals;
}

/** No regular expression: its stack would grow with the string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Where the colon is that makes the string before `from` a key, or -1. */
function colonAfter(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return text[at] === ':' ? at : -1;
}

function escapeFirst(word: string): string {
  return `\\u00${word.charCodeAt(0).toString(16)}${word.slice(1)}`;
}

function invalidJson(reason: string): ServiceError {
  return new ServiceError('INVALID_JSON', `The body is not valid JSON: ${reason}`);
}
