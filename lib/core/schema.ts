import * as z from 'zod/mini';
import english from 'zod/v4/locales/en.js';
import { type FieldError, ServiceError } from './errors.ts';

// Not `z.locales.en`: that would put all fifty languages into every bundle.
z.config(english());

/** Largest id on any wire (int32): both vendors' clients hold ids in 32 bits. */
export const maxId = 2_147_483_647;

/** An id as a JSON number or decimal text, blanks trimmed. Checked as text before it becomes a number. */
export const id = z.pipe(
  z.union([z.number(), z.string()], { error: 'must be a positive integer' }),
  z.transform((value, context) => {
    const number = parseId(String(value));
    if (number !== undefined) return number;
    context.issues.push({ code: 'custom', message: 'must be a positive integer', input: value });
    return z.NEVER;
  }),
);

/** The id in the text, or undefined if it is none. */
export function parseId(text: string): number | undefined {
  const digits = text.trim();
  if (!/^[0-9]{1,10}$/.test(digits)) return undefined;
  const number = Number(digits);
  return number >= 1 && number <= maxId ? number : undefined;
}

/**
 * The value, parsed; or VALIDATION_FAILED that names every wrong field. Secret fields, those named here and those whose name
 * says so, never show their value: people put a secret where its reference belongs.
 */
export function parse<T extends z.ZodMiniType>(
  schema: T,
  value: unknown,
  secretFields: readonly string[] = [],
): z.output<T> {
  const outcome = z.safeParse(schema, value);
  if (outcome.success) return outcome.data;
  const issues = outcome.error.issues.flatMap(byKey).slice(0, 20);
  const fields = issues.map((issue) => toFieldError(issue, value, secretFields));
  const summary = fields.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new ServiceError('VALIDATION_FAILED', summary, { fields });
}

/** Each unknown key is a mistake of its own. */
function byKey(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ ...issue, keys: [key], message: `Unrecognized key: "${key}"` }));
}

const secretName = /secret|token|password|accessKey|valueFrom/i;

function toFieldError(issue: z.core.$ZodIssue, root: unknown, secretFields: readonly string[]): FieldError {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  const field = path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i ? `.${String(part)}` : String(part)))
    .join('');
  const isSecret = secretFields.includes(String(path[0])) || path.some((part) => secretName.test(String(part)));
  const given = isSecret ? undefined : valueAt(root, path);
  const shown = typeof given === 'string' ? given.slice(0, 100) : given;
  const rejected = typeof shown === 'number' || typeof shown === 'boolean' || typeof shown === 'string' ? shown : null;
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return { field: field || 'body', message, rejectedValue: rejected };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
