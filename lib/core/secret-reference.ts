import * as z from 'zod/mini';

/** Where a secret is. Which of the two a deployment can read is known when it is read. */
export const secretReference = z
  .string()
  .check(
    z.regex(
      /^(?:env:[A-Za-z_][A-Za-z0-9_]{0,127}|secretsmanager:proctor\/[A-Za-z0-9/_+=.@-]{1,400})$/,
      'must be env:NAME (embedded) or secretsmanager:proctor/<name> (on AWS)',
    ),
  );
