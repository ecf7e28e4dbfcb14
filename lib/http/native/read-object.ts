import type * as z from 'zod/mini';
import { parse } from '../../core/schema.ts';
import { readBody, readJson } from '../json.ts';
import type { HttpRequest } from '../message.ts';

/** Unpacked; the route's own limit is on what is sent. */
const maxBytes = 2 * 1024 * 1024;

/** The JSON body, parsed; an empty one is an empty object. Throws INVALID_JSON and VALIDATION_FAILED. */
export async function readObject<T extends z.ZodMiniType>(
  request: HttpRequest,
  schema: T,
  secretFields: readonly string[] = [],
): Promise<z.output<T>> {
  const value = readJson({ body: await readBody(request, { maxBytes }) });
  return parse(schema, value === undefined ? {} : value, secretFields);
}
