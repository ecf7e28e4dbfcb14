import * as z from 'zod/mini';
import { readRetryAfter } from '../../adapters/egress/retry-after.ts';
import type { EgressResponse } from '../../adapters/egress.ts';
import { readJUnit } from '../../adapters/junit/read-junit.ts';
import { isServiceError, ServiceError } from '../../core/errors.ts';
import type { AttemptProblem, Poll, Started } from '../../core/executor.ts';
import { reportedCases } from '../../core/reported-case.ts';
import type { ReportedCase } from '../../core/results.ts';
import { parse } from '../../core/schema.ts';

/** Bytes of a status answer and of a report at most (reliability.md F14). */
export const maxStatusBytes = 1024 * 1024;
const maxReportBytes = 16 * 1024 * 1024;

/** How much of a poll's answer to read. */
export function maxPollBytes(contentType: string): number {
  return kindOf(contentType) === 'xml' ? maxReportBytes : maxStatusBytes;
}

/** What a runner said when it took the attempt; an answer that is empty or something else says nothing. */
export function readStarted(response: EgressResponse): Partial<Started> {
  const outcome = z.safeParse(started, jsonOf(response));
  if (!outcome.success) return {};
  const { ref, link, executing } = outcome.data;
  return { ...(ref ? { ref } : {}), ...(link ? { link } : {}), ...(executing ? { executing } : {}) };
}

/** True if the runner says the job is over. */
export function saysEnded(response: EgressResponse): boolean {
  return z.safeParse(z.object({ state: z.literal('ended') }), jsonOf(response)).success;
}

/** The progress or end in a status answer. Throws EXECUTOR_PROTOCOL if it makes no sense. */
export async function readPoll(response: EgressResponse): Promise<Poll> {
  const kind = kindOf(response.headers['content-type'] ?? '');
  if (kind === 'xml') return readReport(response);
  if (kind === undefined) throw garbage('its content type is neither JSON nor XML');
  if (response.truncated) throw garbage('it is larger than 1 MiB');
  const answer = parseStatus(jsonOf(response));
  const cases = answer.cases ?? [];
  if (answer.state === 'running') return { state: 'running', cases };
  const problem: AttemptProblem | undefined = answer.error
    ? { reason: 'executorLost', message: answer.error.slice(0, 1000) }
    : undefined;
  const expected = answer.expectedCases ?? undefined;
  return {
    state: 'ended',
    cases,
    end: { ...(problem ? { problem } : {}), ...(expected === undefined ? {} : { expectedCases: expected }) },
  };
}

/** The seconds the runner asks to wait, at most 300; undefined if it does not. `now` is epoch milliseconds. */
export function retryAfterSeconds(response: EgressResponse, now: number): number | undefined {
  const seconds = readRetryAfter(response.headers, now);
  return seconds === undefined ? undefined : Math.min(300, seconds);
}

const optional = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

const started = z.object({
  ref: optional(z.string().check(z.maxLength(1000))),
  /** Shown as a link, so no scheme that runs code. */
  link: z.catch(optional(z.string().check(z.maxLength(2048), z.regex(/^https?:\/\/[^\s"'<>]+$/))), null),
  executing: z.catch(
    optional(
      z.object({
        grain: z.enum(['iterations', 'cases', 'suites', 'nothing', 'everything']),
        description: z.string().check(z.minLength(1), z.maxLength(500)),
      }),
    ),
    null,
  ),
});

const status = z.object({
  state: z.enum(['running', 'ended']),
  cases: optional(reportedCases),
  expectedCases: optional(z.int().check(z.gte(0), z.lte(10_000_000))),
  error: optional(z.string()),
});

function parseStatus(value: unknown): z.output<typeof status> {
  try {
    return parse(status, value);
  } catch (error) {
    throw garbage(error instanceof Error ? error.message : 'it is not understood');
  }
}

/** A report means the end. What can be read of a broken one is kept; the problem says that it is not all. */
async function readReport(response: EgressResponse): Promise<Poll> {
  const cases: ReportedCase[] = [];
  const ended = (message?: string): Poll => {
    return { state: 'ended', cases, end: message ? { problem: { reason: 'reportUnreadable', message } } : {} };
  };
  try {
    for await (const some of readJUnit([response.body])) for (const each of some) cases.push(each);
  } catch (error) {
    if (!isServiceError(error)) throw error;
    return ended(response.truncated ? 'The report is larger than 16 MiB.' : error.message);
  }
  return ended(response.truncated ? 'The report is larger than 16 MiB.' : undefined);
}

function jsonOf(response: EgressResponse): unknown {
  if (response.truncated) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(response.body));
  } catch {
    return undefined;
  }
}

function kindOf(contentType: string): 'json' | 'xml' | undefined {
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  const match = /^(?:application|text)\/(?:[a-z0-9.-]+\+)?(json|xml)$/.exec(type.trim());
  return match?.[1] as 'json' | 'xml' | undefined;
}

function garbage(why: string): ServiceError {
  return new ServiceError('EXECUTOR_PROTOCOL', `The runner's status answer makes no sense: ${why}.`);
}
