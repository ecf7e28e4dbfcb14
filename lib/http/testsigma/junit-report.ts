import { nameOf } from '../../core/catalog.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Services } from '../../core/ports.ts';
import type { CaseResult } from '../../core/results.ts';
import { settleCase } from '../../core/settle.ts';
import { type RunView, readRunView } from '../../workflow/read-run.ts';
import type { Handler } from '../message.ts';
import { shapeOf } from './answer.ts';
import { findRun } from './find-run.ts';
import { caseWord, messageOf } from './words.ts';

/** Writes a run as ASCII XML (contracts/testsigma.md 4.9). Times are in milliseconds. */
export type WriteJUnit = (report: {
  readonly planName: string;
  readonly runUrl: string;
  readonly startedAt: number;
  /** Green only if `passed`. */
  readonly result: string;
  readonly message: string;
  readonly machines: readonly { readonly title: string; readonly cases: readonly WrittenCase[] }[];
}) => string;

interface WrittenCase {
  readonly suite: string;
  readonly className: string;
  readonly name: string;
  readonly result: CaseResult;
  readonly label: string;
  readonly durationMs: number;
  readonly message?: string;
  readonly iterations: readonly { readonly name: string; readonly result: CaseResult; readonly label: string }[];
  readonly flaky: boolean;
}

/**
 * `GET /api/v1/reports/junit/{id}` (contracts/testsigma.md 3.9). RUN_ACTIVE until the run is completed, and ready from then
 * on, because the completing write names results that are stored already (T15).
 */
export function createJUnitReport(services: Services, writeJUnit: WriteJUnit): Handler {
  return async (request, principal) => {
    const run = await findRun(services, request, principal);
    if (run.status !== 'completed') {
      const hint = 'fetch the report once its status is STATUS_COMPLETED';
      throw new ServiceError('RUN_ACTIVE', `run ${run.id} is still active; ${hint}`, { runId: run.id });
    }
    const view = await readRunView(services, run);
    const body = writeJUnit({
      planName: run.planName,
      runUrl: `${shapeOf(services, request).baseUrl}/runs/${run.id}`,
      startedAt: run.startedAt ?? run.createdAt,
      result: run.result ?? 'errored',
      message: messageOf(run),
      machines: [{ title: view.plan.executor.type, cases: toWrittenCases(view) }],
    });
    return { status: 200, headers: { 'content-type': 'application/xml;charset=UTF-8' }, body };
  };
}

function toWrittenCases({ run, catalog, cases }: RunView): WrittenCase[] {
  const shown = (result: CaseResult) => ({ result: settleCase(run, result), label: caseWord(run, result) });
  return cases.map(({ position, result, durationMs, flaky, iterations, message }) => ({
    ...nameOf(catalog, position),
    ...shown(result),
    durationMs,
    flaky,
    iterations: iterations.map((iteration) => ({
      name: catalog.entries[iteration.position]?.name ?? '',
      ...shown(iteration.result),
    })),
    ...(message === undefined ? {} : { message }),
  }));
}
