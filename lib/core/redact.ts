import type { Dispatch, Poll, Started } from './executor.ts';
import type { ReportedCase } from './results.ts';

// Shorter values are flags and numbers, and would blot out the text.
const minSecretLength = 4;

// Each call to an executor makes the token of its attempt anew: the one the job got is known by its form only.
const callbackToken = /cbt1(?:\.[0-9]+){3}\.[A-Za-z0-9_-]+/g;

/** The text without the secrets, the longest first so that none leaves half of another, and without callback tokens. */
export function redact(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter(({ length }) => length >= minSecretLength).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), text.replace(callbackToken, '***'));
}

/** The cases, their messages and stacks without the secrets: a test prints what it compared. Names stay: they identify. */
export function redactCases(cases: readonly ReportedCase[], secrets: readonly string[]): ReportedCase[] {
  return cases.map(({ message, details, ...testCase }) => ({
    ...testCase,
    ...(message === undefined ? {} : { message: redact(message, secrets) }),
    ...(details === undefined ? {} : { details: redact(details, secrets) }),
  }));
}

/** What nobody may be shown of an attempt: secret values, and the bearer its executor calls back with. */
export function secretsOf({ secrets, callback }: Dispatch): readonly string[] {
  return [...secrets, callback.token];
}

/** What people are shown of a start without the secrets: an executor may repeat what it was sent. */
export function redactStarted({ ref, executing, link }: Started, secrets: readonly string[]): Started {
  const isOpen = link !== undefined && redact(link, secrets) === link;
  const description = redact(executing.description, secrets);
  return { ref, executing: { ...executing, description }, ...(isOpen ? { link } : {}) };
}

/** What an executor tells of its job, without the secrets. */
export function redactPoll(poll: Poll, secrets: readonly string[]): Poll {
  const cases = redactCases([...poll.cases], secrets);
  if (poll.state === 'running' || poll.end.problem === undefined) return { ...poll, cases };
  const { reason, message } = poll.end.problem;
  return { ...poll, cases, end: { ...poll.end, problem: { reason, message: redact(message, secrets) } } };
}
