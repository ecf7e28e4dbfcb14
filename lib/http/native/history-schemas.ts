import * as z from 'zod/mini';
import { caseResult, countsAnswer, idNumber, maybe, runResult, time, triggerType } from './answer-schemas.ts';

const windowAnswer = z.strictObject({
  /** How many completed runs were looked at, triggered and ended between `from` and `to`. */
  runs: z.int(),
  from: maybe(time),
  to: maybe(time),
  /** The plan has no older completed runs. */
  complete: z.boolean(),
  /** How many of the newest of these runs the case figures cover: as many as can be read for one answer. */
  casesOf: z.int(),
});

const runLine = z.strictObject({ id: idNumber, buildNo: maybe(z.string()), endedAt: maybe(time) });
const share = z.number().check(z.gte(0), z.lte(1));
const ms = z.int().check(z.gte(0));

const caseLine = {
  id: z.int(),
  suite: z.string(),
  className: z.string(),
  name: z.string(),
  machine: maybe(z.string()),
};

/** `passed`, `failed` and `flaky` add up to `runs`, those in which the case was executed. */
const stability = {
  runs: z.int(),
  /** Without having failed before in the same run. */
  passed: z.int(),
  failed: z.int(),
  /** Passed after a failure in the same run. */
  flaky: z.int(),
  flips: z.int(),
  /** The share of its runs in which it changed its mind: it was flaky, or ended otherwise than in the run before. */
  flakiness: share,
};

export const historyAnswer = z.strictObject({
  plan: z.strictObject({ id: idNumber, name: z.string() }),
  window: windowAnswer,
  /** Newest first. */
  runs: z.array(
    z.strictObject({
      id: idNumber,
      result: maybe(runResult),
      reason: maybe(z.string()),
      createdAt: time,
      endedAt: maybe(time),
      /** From its first dispatch to its end; null if it was never dispatched. */
      durationMs: maybe(ms),
      counts: maybe(countsAnswer),
      /** Passed of those that were not skipped; null without such a case. */
      passRate: maybe(share),
      buildNo: maybe(z.string()),
      trigger: triggerType,
      rerunOf: maybe(idNumber),
    }),
  ),
  cases: z.strictObject({
    failingTotal: z.int(),
    /** The first 100, those first that broke last. */
    failing: z.array(
      z.strictObject({
        ...caseLine,
        result: caseResult,
        failingRuns: z.int(),
        firstFailedRun: maybe(runLine),
        /** It failed in all runs looked at, so it may have failed before, too. */
        sinceBeforeWindow: z.boolean(),
        message: maybe(z.string()),
      }),
    ),
    flakiest: z.array(z.strictObject({ ...caseLine, ...stability })),
    slowest: z.array(
      z.strictObject({ ...caseLine, runs: z.int(), medianMs: maybe(ms), p95Ms: maybe(ms), lastMs: maybe(ms) }),
    ),
  }),
});

export const caseHistoryAnswer = z.strictObject({
  case: z.strictObject({ id: z.int(), suite: z.string(), className: z.string(), name: z.string() }),
  window: windowAnswer,
  /** Newest first; one a run and machine. */
  results: z.array(
    z.strictObject({
      runId: idNumber,
      result: caseResult,
      flaky: z.boolean(),
      durationMs: ms,
      attempt: z.int(),
      machine: maybe(z.string()),
      message: maybe(z.string()),
      endedAt: maybe(time),
      buildNo: maybe(z.string()),
    }),
  ),
  /** On all machines together. */
  flips: z.int(),
  /** Of the machine where it is highest. */
  flakiness: share,
  /** The oldest of those in `lanes`. */
  firstFailedRun: maybe(runLine),
  /** The case on each machine it was on; one without a machine if the plan has none. */
  lanes: z.array(
    z.strictObject({
      machine: maybe(z.string()),
      ...stability,
      failingRuns: z.int(),
      firstFailedRun: maybe(runLine),
      sinceBeforeWindow: z.boolean(),
      medianMs: maybe(ms),
      p95Ms: maybe(ms),
      lastMs: maybe(ms),
    }),
  ),
});
