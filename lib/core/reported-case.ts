import * as z from 'zod/mini';
import type { ReportedCase } from './results.ts';

/** Characters of a name at most; a longer one is refused, since cutting it could make two cases one. */
const maxName = 500;
/** A hundred days: no case lasts longer. */
const maxDurationMs = 8_640_000_000;
/** The control characters XML 1.0 has not: names are joined with U+001F to look them up. */
const printable = z.regex(/^[\t\n\r\P{Cc}]*$/u, 'must not hold control characters');
const name = z.string().check(z.maxLength(maxName), printable);
const ownName = z.string().check(z.minLength(1), z.maxLength(maxName), printable);
const absent = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

/**
 * One result as executors send it in JSON. Unknown keys are dropped, null is absence, and text too long to keep is cut:
 * a long stack trace must not cost the result.
 */
const reportedCase = z.pipe(
  z.object({
    suite: absent(name),
    className: absent(name),
    name: ownName,
    iteration: absent(ownName),
    machine: absent(name),
    result: z.enum(['passed', 'failed', 'errored', 'skipped', 'blocked', 'running']),
    durationMs: absent(z.number().check(z.gte(0), z.lte(maxDurationMs))),
    message: absent(z.string()),
    details: absent(z.string()),
    file: absent(z.string().check(z.maxLength(1024), printable)),
  }),
  z.transform(
    ({ suite, className, name, iteration, machine, result, durationMs, message, details, file }): ReportedCase => ({
      suite: suite ?? '',
      className: className ?? '',
      name,
      ...(iteration ? { iteration } : {}),
      ...(machine ? { machine } : {}),
      result,
      durationMs: Math.round(durationMs ?? 0),
      ...(message ? { message: cut(message, 2000) } : {}),
      ...(details ? { details: cut(details, 16_000) } : {}),
      ...(file ? { file } : {}),
    }),
  ),
);

/** Results in one JSON batch or status answer. */
export const reportedCases = z.array(reportedCase).check(z.maxLength(100_000));

/** At most `most` UTF-16 units, the last of them `…` if something was cut; never half a surrogate pair. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 2);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 2 : most - 1)}…`;
}
