import { idOf, nameOf } from '../../core/catalog.ts';
import { type CaseHistory, isFailure } from '../../core/history.ts';
import { shownRun } from '../../core/override.ts';
import type { Counts } from '../../core/results.ts';
import type { Run } from '../../core/run.ts';
import type { PlanHistory } from '../../workflow/read-history.ts';
import { toTime } from './run-object.ts';

/** What was looked at. The case figures are of the newest `casesOf` of the runs, as many as can be read for one answer. */
export function toWindow({ runs, complete, outcomes }: PlanHistory) {
  const [newest] = runs;
  const oldest = runs.at(-1);
  return {
    runs: runs.length,
    from: oldest === undefined ? null : toTime(oldest.createdAt),
    to: newest === undefined ? null : toTime(newest.endedAt ?? newest.createdAt),
    complete,
    casesOf: outcomes.length,
  };
}

export function toHistoryRun(stored: Run) {
  const run = shownRun(stored);
  const { id, startedAt, endedAt } = run;
  return {
    id,
    result: run.result ?? null,
    reason: run.reason ?? null,
    createdAt: toTime(run.createdAt),
    endedAt: endedAt === undefined ? null : toTime(endedAt),
    durationMs: startedAt === undefined || endedAt === undefined ? null : endedAt - startedAt,
    counts: run.counts ?? null,
    passRate: run.counts === undefined ? null : passRateOf(run.counts),
    buildNo: run.buildNo ?? null,
    trigger: run.trigger.type,
    rerunOf: run.rerunOf ?? null,
  };
}

export function toFailingCase(history: PlanHistory, one: CaseHistory) {
  const newest = one.outcomes.find(({ result }) => isFailure(result));
  return {
    ...toCase(history, one),
    result: newest?.result ?? 'failed',
    failingRuns: one.failingRuns,
    firstFailedRun: toRunLine(history, one.firstFailedRunId),
    sinceBeforeWindow: failsSinceBefore(history, one),
    message: newest?.message ?? null,
  };
}

export function toFlakyCase(history: PlanHistory, one: CaseHistory) {
  const { runs, passed, failed, flaky, flips, flakiness } = one;
  return { ...toCase(history, one), runs, passed, failed, flaky, flips, flakiness };
}

export function toSlowCase(history: PlanHistory, one: CaseHistory) {
  const { runs, medianMs, p95Ms, lastMs } = one;
  return { ...toCase(history, one), runs, medianMs, p95Ms, lastMs };
}

/** The figures of one case on one machine. */
export function toLane(history: PlanHistory, one: CaseHistory) {
  const { runs, passed, failed, flaky, flips, flakiness, failingRuns, medianMs, p95Ms, lastMs } = one;
  return {
    machine: nameOf(history.catalog, one.position).machine ?? null,
    ...{ runs, passed, failed, flaky, flips, flakiness, failingRuns },
    firstFailedRun: toRunLine(history, one.firstFailedRunId),
    sinceBeforeWindow: failsSinceBefore(history, one),
    ...{ medianMs, p95Ms, lastMs },
  };
}

/** Of all its machines: the results, the flips together, the highest flakiness, and the oldest of the first failures. */
export function toCaseHistory(history: PlanHistory, lanes: readonly CaseHistory[]) {
  const byId = new Map(history.runs.map((run) => [run.id, run]));
  const results = lanes.flatMap(({ position, outcomes }) => {
    const machine = nameOf(history.catalog, position).machine ?? null;
    return outcomes.map(({ runId, result, flaky, durationMs, attempt, message }) => {
      const run = byId.get(runId);
      const endedAt = run?.endedAt === undefined ? null : toTime(run.endedAt);
      const buildNo = run?.buildNo ?? null;
      return { runId, result, flaky, durationMs, attempt, machine, message: message ?? null, endedAt, buildNo };
    });
  });
  const failing = lanes.flatMap(({ firstFailedRunId }) => firstFailedRunId ?? []);
  return {
    // A stable sort: the machines of one run stay in the order they were learnt in.
    results: results.sort((a, b) => b.runId - a.runId),
    flips: lanes.reduce((sum, { flips }) => sum + flips, 0),
    flakiness: Math.max(0, ...lanes.map(({ flakiness }) => flakiness)),
    firstFailedRun: toRunLine(history, failing.length === 0 ? null : Math.min(...failing)),
  };
}

function toCase({ catalog }: PlanHistory, { position }: CaseHistory) {
  const { suite, className, name, machine } = nameOf(catalog, position);
  return { id: idOf(catalog, position), suite, className, name, machine: machine ?? null };
}

function toRunLine({ runs }: PlanHistory, runId: number | null) {
  const run = runs.find(({ id }) => id === runId);
  if (run === undefined) return null;
  return {
    id: run.id,
    buildNo: run.buildNo ?? null,
    endedAt: run.endedAt === undefined ? null : toTime(run.endedAt),
  };
}

/** It failed in every run looked at, and there are older ones: the first failure may be older than the one that is named. */
function failsSinceBefore({ runs, complete, outcomes }: PlanHistory, { failingRuns, ...one }: CaseHistory): boolean {
  return failingRuns > 0 && failingRuns === one.runs && !(complete && outcomes.length === runs.length);
}

/** Of the cases that were meant to run, those that passed. */
function passRateOf({ passed, total, skipped }: Counts): number | null {
  return total === skipped ? null : passed / (total - skipped);
}
