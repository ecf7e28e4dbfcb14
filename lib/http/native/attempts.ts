import { invalidField } from '../../core/errors.ts';
import type { AttemptProblem } from '../../core/executor.ts';
import { failureClassOf } from '../../core/failure.ts';
import type { Services } from '../../core/ports.ts';
import { parseId } from '../../core/schema.ts';
import { fullName } from '../../core/verdict.ts';
import { readRunItems } from '../../workflow/read-run.ts';
import { findRun, missing, readParam } from '../find.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { purposeOf } from './attempt-purpose.ts';
import { toTime } from './run-object.ts';

/** What the job of an attempt printed; undefined where nothing was kept. */
export type ReadOutput = (runId: number, attempt: number) => Promise<AsyncIterable<Uint8Array> | undefined>;

/** Bytes of output answered: more than people read, and less than an answer may have. */
const maxOutputBytes = 4 * 1024 * 1024;

/** `GET /v1/runs/{runId}/attempts`: oldest first. `requested` is null where everything the run asks for ran. */
export function createListAttempts(services: Services): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const { plan, items, catalog } = await readRunItems(services, run);
    const attempts = Array.from({ length: run.attempt }, (_, i) => {
      const attempt = i + 1;
      const job = items.attempts.find((record) => record.attempt === attempt);
      const batches = items.batches.filter((batch) => batch.attempt === attempt);
      const end = batches.find((batch) => batch.end !== undefined);
      const problem = end?.end?.problem;
      const requested = items.requests.find((candidate) => candidate.attempt === attempt)?.requested;
      return {
        attempt,
        ...purposeOf({ run, plan }, items.requests, attempt),
        dispatchedAt: job === undefined ? null : toTime(job.startedAt),
        endedAt: end === undefined ? null : toTime(end.receivedAt),
        problem: problem === undefined ? null : toProblem(problem),
        requested: requested?.slice(0, 100).map((position) => fullName(catalog, position)) ?? null,
        requestedCount: requested?.length ?? run.requestedCases ?? null,
        executing: job?.executing ?? null,
        batches: batches.length,
        links: {
          output: `${request.baseUrl}/v1/runs/${run.id}/attempts/${attempt}/output`,
          job: job?.link ?? null,
        },
      };
    });
    return json(200, { attempts });
  };
}

/** `GET /v1/runs/{runId}/attempts/{attempt}/output`: plain text, never shown as a page. */
export function createGetOutput(services: Services, readOutput: ReadOutput): Handler {
  return async (request, principal) => {
    const given = request.params.attempt ?? '';
    const attempt = parseId(given);
    if (attempt === undefined) throw invalidField('attempt', 'must be a positive integer', given.slice(0, 100));
    const run = await findRun(services, principal, readParam(request, 'runId'));
    const output = attempt <= run.attempt ? await readOutput(run.id, attempt) : undefined;
    if (output === undefined) throw missing('output of attempt', attempt);
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    };
    return { status: 200, headers, body: await collect(output) };
  };
}

async function collect(output: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of output) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= maxOutputBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxOutputBytes);
}

/** What its executor is to be blamed for is between the service and its circuits. */
function toProblem(problem: AttemptProblem) {
  return { reason: problem.reason, message: problem.message, class: failureClassOf(problem) };
}
