import { nameOf } from '../../core/catalog.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import type { CaseResult } from '../../core/results.ts';
import { isLive } from '../../core/run.ts';
import { readRunView } from '../../workflow/read-run.ts';
import type { Handler } from '../message.ts';
import { etagOf, notModified } from './etag.ts';
import { findRun } from './find.ts';

/** Writes a JUnit XML document; the adapter's own interface, as far as this handler uses it. */
export type WriteReport = (report: {
  readonly planName: string;
  readonly runUrl: string;
  readonly startedAt: number;
  readonly result: string;
  readonly message: string;
  readonly machines: readonly {
    readonly title: string;
    readonly cases: readonly {
      readonly suite: string;
      readonly className: string;
      readonly name: string;
      readonly result: CaseResult;
      readonly label: string;
      readonly durationMs: number;
      readonly message?: string;
      readonly iterations: readonly { readonly name: string; readonly result: CaseResult; readonly label: string }[];
      readonly flaky: boolean;
    }[];
  }[];
}) => string;

/** `GET /v1/runs/{runId}/junit`: the completed run as JUnit XML. RUN_ACTIVE while it lives: half a report could be green. */
export function createGetJunit(services: Services, writeReport: WriteReport): Handler {
  return async (request, principal) => {
    const run = await findRun(services, principal, request);
    if (isLive(run)) {
      throw new ServiceError('RUN_ACTIVE', `run ${run.id} is ${run.status}; its report follows when it is completed`, {
        runId: run.id,
        retryAfterSeconds: 5,
      });
    }
    const etag = etagOf(run.version);
    const unchanged = notModified(request, etag);
    if (unchanged) return unchanged;
    const { cases, catalog } = await readRunView(services, run);
    const body = writeReport({
      planName: run.planName,
      runUrl: `${request.baseUrl}/v1/runs/${run.id}`,
      startedAt: run.startedAt ?? run.createdAt,
      result: run.result ?? 'errored',
      message: run.explanation ?? '',
      machines: [
        {
          title: run.buildNo ?? `run ${run.id}`,
          cases: cases.map(({ position, result, durationMs, flaky, message, iterations }) => ({
            ...nameOf(catalog, position),
            result,
            label: result,
            durationMs,
            flaky,
            ...(message === undefined ? {} : { message }),
            iterations: iterations.map((iteration) => ({
              name: catalog.entries[iteration.position]?.name ?? '',
              result: iteration.result,
              label: iteration.result,
            })),
          })),
        },
      ],
    });
    return { status: 200, headers: { 'content-type': 'application/xml;charset=UTF-8', etag }, body };
  };
}
