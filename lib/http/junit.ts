import { byMachine, nameOf } from '../core/catalog.ts';
import type { JUnitCase, JUnitReport } from '../core/junit-report.ts';
import type { CaseResult } from '../core/results.ts';
import type { RunView } from '../workflow/read-run.ts';
import type { HttpResponse } from './message.ts';

/** Writes a run as XML in ASCII only. */
export type WriteJUnit = (report: JUnitReport) => string;

/** What the APIs say differently of the same run. */
export interface JUnitWords {
  readonly runUrl: string;
  readonly message: string;
  /** Of the suite of the cases on no machine. */
  readonly title: string;
  /** How a case's result counts, and its word. */
  readonly show: (result: CaseResult) => { readonly result: CaseResult; readonly label: string };
}

/** The completed run as JUnit XML, in ASCII, under the type that PowerShell takes for XML (contracts/testsigma.md T16). */
export function answerJUnit(
  writeJUnit: WriteJUnit,
  view: RunView,
  { runUrl, message, title, show }: JUnitWords,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const { run } = view;
  const body = writeJUnit({
    planName: run.planName,
    runUrl,
    startedAt: run.startedAt ?? run.createdAt,
    result: run.result ?? 'errored',
    message,
    machines: byMachine(view.catalog, view.cases).map(({ machine, cases }) => ({
      title: machine ?? title,
      cases: toCases(view, cases, show),
    })),
  });
  return { status: 200, headers: { 'content-type': 'application/xml;charset=UTF-8', ...headers }, body };
}

function toCases({ catalog }: RunView, cases: RunView['cases'], show: JUnitWords['show']): JUnitCase[] {
  return cases.map(({ position, result, durationMs, flaky, message, overridden, iterations }) => ({
    ...nameOf(catalog, position),
    ...show(result),
    durationMs,
    flaky,
    iterations: iterations.map((iteration) => ({
      name: catalog.entries[iteration.position]?.name ?? '',
      ...show(iteration.result),
    })),
    // What was reported is no reason for what a person says.
    ...textOf(overridden === undefined ? message : overridden.comment),
  }));
}

function textOf(message: string | undefined): { readonly message?: string } {
  return message === undefined ? {} : { message };
}
