import type { ReportedCase } from '../../core/results.ts';

// Shorter values are flags and numbers, and would blot out the text.
const minSecretLength = 4;

/** The text without the secrets, the longest first so that none leaves half of another. */
export function redact(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter(({ length }) => length >= minSecretLength).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** The cases, their messages and stacks without the secrets: a test prints what it compared. Names stay: they identify. */
export function redactCases(cases: readonly ReportedCase[], secrets: readonly string[]): ReportedCase[] {
  return cases.map(({ message, details, ...testCase }) => ({
    ...testCase,
    ...(message === undefined ? {} : { message: redact(message, secrets) }),
    ...(details === undefined ? {} : { details: redact(details, secrets) }),
  }));
}
