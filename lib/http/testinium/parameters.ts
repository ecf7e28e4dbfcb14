import { invalidField } from '../../core/errors.ts';
import { maxId } from '../../core/schema.ts';
import type { HttpRequest } from '../message.ts';

/** Values by name; what was not sent is not in it. */
export type Parameters<N extends string> = { readonly [K in N]?: string };

/**
 * The named parameters of query and form (contracts/testinium.md 2.1). Others are ignored; one that is given twice, or a body
 * that is no form, is VALIDATION_FAILED. What a secret parameter holds is never shown.
 */
export function readParameters<const N extends string>(request: HttpRequest, names: readonly N[]): Parameters<N> {
  const given = [...request.query, ...readForm(request)];
  const found: Partial<Record<N, string>> = {};
  for (const name of names) {
    const values = given.filter(([key]) => key === name);
    if (values.length > 1) throw invalidField(name, 'is given twice; send it once');
    if (values[0] !== undefined) found[name] = values[0][1];
  }
  return found;
}

/** `true` or `false` in any case; anything else would be a guess (D6). */
export function readFlag(name: string, text: string): boolean {
  const word = text.toLowerCase();
  if (word === 'true') return true;
  if (word === 'false') return false;
  throw invalidField(name, 'must be true or false', text.slice(0, 100));
}

/** A whole number from `least` on; `fallback` if there is none. */
export function readCount(name: string, text: string | undefined, least: number, fallback: number): number {
  if (text === undefined) return fallback;
  const number = /^[0-9]{1,9}$/.test(text.trim()) ? Number(text) : -1;
  if (number < least) throw invalidField(name, `must be an integer from ${least}`, text.slice(0, 100));
  return number;
}

/**
 * The id in the text: `unknown` for digits that can be no id of ours, undefined for what is not all digits, and
 * VALIDATION_FAILED for 0 and more than 19 digits (contracts/testinium.md 2.1 `{id}`).
 */
export function readDigits(name: string, text: string): number | 'unknown' | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  if (text.length > 19 || /^0+$/.test(text)) throw invalidField(name, 'must be a positive integer', text.slice(0, 100));
  const id = Number(text);
  return id <= maxId ? id : 'unknown';
}

function readForm({ body, headers }: HttpRequest): Iterable<[string, string]> {
  if (body.length === 0) return [];
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw invalidField('Content-Type', 'of a body must be application/x-www-form-urlencoded');
  }
  return new URLSearchParams(new TextDecoder().decode(body));
}
