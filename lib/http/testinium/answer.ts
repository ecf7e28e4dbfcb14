import { json } from '../json.ts';
import type { HttpResponse } from '../message.ts';

/** JSON as contracts/testinium.md 2.1 writes its type. */
export function answerJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse & { readonly body: string } {
  return json(status, value, { ...headers, 'content-type': 'application/json; charset=utf-8' });
}
