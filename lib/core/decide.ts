import { holdWait, pollWait, silenceOf, type Wait, waitWithin } from './cadence.ts';
import type { Catalog } from './catalog.ts';
import { type AttemptProblem, mayGoOn, mayHaveStarted } from './executor.ts';
import { failureClassOf } from './failure.ts';
import type { Report } from './report.ts';
import { type Ending, type Run, redispatchesUsed } from './run.ts';
import { partsOf, type SlotNeed } from './slots.ts';
import { judge, selectForRerun } from './verdict.ts';

/** What a run does next. Both drivers, and every procedure that ends a run, only route on this answer. */
export type Decision =
  /** Every slot it needs, or none, before it is dispatched. */
  | { readonly next: 'takeSlots' }
  | { readonly next: 'dispatch' }
  /** Another attempt, and why it is made. */
  | { readonly next: 'rerun' | 'stage'; readonly requested: readonly number[] }
  /** Another attempt in place of one that failed by infrastructure, whose job may still live; null is all that one was to run. */
  | { readonly next: 'redispatch'; readonly requested: readonly number[] | null }
  /** The attempt is given up, its job stopped: then decide again. */
  | { readonly next: 'giveUp'; readonly problem: AttemptProblem }
  | { readonly next: 'stopJob' }
  /** `cancel`: its job may still live and must be stopped after the fact. */
  | { readonly next: 'complete'; readonly ending: Ending; readonly cancel: boolean }
  /** `wakeable`: whoever changes the run wakes it, so the wait may last until the time given. */
  | { readonly next: 'wait'; readonly seconds: Wait; readonly until: number; readonly wakeable: boolean }
  /** Completed, or not admitted: nothing to do. */
  | { readonly next: 'nothing' };

/** Milliseconds a dispatch call may take before another one repeats it. */
export const callTimeoutMs = 60_000;
/** Milliseconds a final batch waits for cases announced and not yet reported (reliability.md F10). */
export const finalGraceMs = 30_000;
/** Answers in a row that make no sense, before the executor is given up (reliability.md F14). */
export const garbageLimit = 3;
/** Milliseconds after which a run that waits for a slot looks again by itself. */
const slotAgainMs = 60_000;
/** Executions that may replace a crashed one (reliability.md 3.6). */
export const crashLimit = 3;

/**
 * The one decision. Pure: the run as stored, what its batches say, the time. Whatever the executor did or did not say, a
 * live run gets nearer to an end with every deadline that passes. `needs` are the slots it must have before its first dispatch;
 * who only asks whether it is over may leave them out.
 */
export function decide(
  run: Run,
  report: Report,
  catalog: Catalog,
  now: number,
  needs: readonly SlotNeed[] = [],
): Decision {
  if (run.status === 'completed' || run.status === 'new' || run.status === 'rejected') return { next: 'nothing' };
  if (run.status === 'stopping') return decideStopping(run, report, now);
  if (run.waitsFor !== undefined) {
    if (now >= run.deadlineAt)
      return timedOut('queueDeadline', 'It waited for earlier runs of the plan until its queue deadline.', false);
    return wait(now, run.deadlineAt, true);
  }
  if (run.executionN > crashLimit + 1) {
    return complete(
      'errored',
      'executionCrashed',
      `The workflow of the run crashed ${crashLimit + 1} times.`,
      mayLive(run),
    );
  }
  if (run.unbuildable !== undefined) return complete('errored', 'notBuildable', run.unbuildable, false);
  if (run.requestedCases === 0) {
    return complete('noTests', 'nothingReported', 'The selection of cases picks none that the plan knows.', false);
  }
  // What was reported counts even when a deadline passed in the same moment: nothing acknowledged is lost.
  if (report.attempt.end !== null) {
    const short = report.attempt.reported < (report.attempt.end.expectedCases ?? 0);
    const graceOver = report.attempt.endedAt + finalGraceMs;
    if (short && report.attempt.end.problem === undefined && now < graceOver) return wait(now, graceOver, true);
    const again = selectForRedispatch(run, report, now);
    if (again !== undefined) return { next: 'redispatch', requested: again };
    const stage = report.attempt.end.problem === undefined ? report.ready : [];
    // A dispatch whose answer is still open, or was lost, is repeated first: only a running run has a next attempt (E16).
    const goesOn = stage.length > 0 || (now < run.deadlineAt && selectForRerun(run, report).length > 0);
    if (!goesOn || run.status === 'running') return decideEnded(run, report, catalog, stage, now);
  }
  if (run.waitsForSlots !== undefined && now >= run.deadlineAt) {
    const what = run.waitsForSlots.map(partsOf).map(({ kind, id }) => `${kind} ${id}`);
    return timedOut('queueDeadline', `It waited for a slot of ${what.join(' and ')} until its queue deadline.`, false);
  }
  if (run.status === 'queued' && now >= run.deadlineAt) {
    return timedOut('startDeadline', 'No executor accepted the run before its start deadline.', mayLive(run));
  }
  if (run.status === 'running' && now >= run.deadlineAt) return runTimedOut(run, mayLive(run));
  if (run.dispatch === 'due') {
    const after = run.dispatchAfter ?? 0;
    if (mustTakeSlots(run) && (needs.length > 0 || run.slots !== undefined)) return { next: 'takeSlots' };
    return now >= after ? { next: 'dispatch' } : wait(now, Math.min(after, run.deadlineAt), false);
  }
  if (run.dispatch === 'calling') {
    const repeatAt = (run.claimedAt ?? 0) + callTimeoutMs;
    return now >= repeatAt ? { next: 'dispatch' } : wait(now, Math.min(repeatAt, run.deadlineAt), false);
  }
  const silence = silenceOf(run.deadlines, run.polls);
  const silentAt = run.lastProgressAt + silence * 1000;
  if (now >= silentAt) {
    const message = `The executor gave no sign of life for ${silence} s.`;
    // Another attempt that falls silent as well must end before the run does, or the reason is lost.
    const hasRoom = now + silence * 1000 < run.deadlineAt;
    if (mayRedispatch(run) && hasRoom) return { next: 'giveUp', problem: { reason: 'inactivity', message } };
    return timedOut('inactivity', message, true);
  }
  const nextAt = Math.min(run.deadlineAt, silentAt);
  if (!run.polls) return wait(now, nextAt, true);
  const elapsed = (now - (run.startedAt ?? run.createdAt)) / 1000;
  const every = pollWait(elapsed, run.usualSeconds, run.deadlines.inactivitySeconds);
  const held = ((run.pollAfter ?? 0) - now) / 1000;
  const seconds = held > every ? holdWait(held) : every;
  return wait(now, Math.min(nextAt, now + seconds * 1000), run.callsBack);
}

/** Whether the executor may be asked now how the attempt is doing. */
export function mayPoll(run: Run, now: number): boolean {
  return run.polls && run.dispatch === 'accepted' && now >= (run.pollAfter ?? 0);
}

/**
 * What takes the place of an attempt that failed by infrastructure; undefined if nothing does. A run no executor has taken so
 * far keeps its start deadline, a running one its run deadline.
 */
function selectForRedispatch(run: Run, report: Report, now: number): readonly number[] | null | undefined {
  const problem = report.attempt.end?.problem;
  if (problem === undefined || failureClassOf(problem) !== 'infrastructure') return undefined;
  if (!mayRedispatch(run) || now >= run.deadlineAt) return undefined;
  return report.attempt.left?.length === 0 ? undefined : report.attempt.left;
}

function mayRedispatch(run: Run): boolean {
  return redispatchesUsed(run) < run.redispatch.max;
}

/** The attempt is over: the next stage, a rerun of what failed once no stage is left, or the end. */
function decideEnded(run: Run, report: Report, catalog: Catalog, stage: readonly number[], now: number): Decision {
  const late = now >= run.deadlineAt;
  const cancel = report.attempt.end !== null && mayGoOn(report.attempt.end);
  if (stage.length > 0) return late ? runTimedOut(run, cancel) : { next: 'stage', requested: stage };
  const requested = selectForRerun(run, report);
  if (requested.length > 0 && run.status === 'running' && !late) return { next: 'rerun', requested };
  return { next: 'complete', ending: judge(report, catalog), cancel };
}

function decideStopping(run: Run, report: Report, now: number): Decision {
  const stopBy = run.stopBy ?? 0;
  const { end } = report.attempt;
  if (run.dispatch === 'due' || (end !== null && !mayGoOn(end))) {
    return complete('stopped', 'requested', 'It was stopped on request.', false);
  }
  if (now >= stopBy) {
    const explanation = `It was stopped on request; the executor did not confirm within ${run.deadlines.stopSeconds} s.`;
    return complete('stopped', 'backendUnconfirmed', explanation, true);
  }
  return { next: 'stopJob' };
}

/** How a stopping run waits between two looks at its executor. */
export function waitWhileStopping(run: Run, now: number): Decision {
  return wait(now, Math.min(run.stopBy ?? now, now + 2000), false);
}

/** True until the run has the slots it needs; those it has it keeps until it ends. */
export function mustTakeSlots(run: Run): boolean {
  return run.status === 'queued' && run.dispatch === 'due' && run.waitsFor === undefined && run.slotsHeld !== true;
}

/** How a run waits for a slot: whoever gives one back wakes it, and it looks itself once a minute. */
export function waitForSlot(run: Run, now: number): Extract<Decision, { next: 'wait' }> {
  return wait(now, Math.min(run.deadlineAt, now + slotAgainMs), true);
}

/** True when a test job of the run may be alive at its executor. */
function mayLive(run: Run): boolean {
  return run.dispatch !== 'due';
}

/**
 * True when there may be a job of the current attempt that nobody has the reference of, because the answer of a try was lost.
 * An attempt that ended otherwise was ended by its job.
 */
export function mayHaveUnknownJob(run: Run, { attempt: { end } }: Report): boolean {
  if (run.dispatch === 'accepted') return false;
  return end === null ? (run.triedSince ?? run.claimedAt) !== undefined : mayHaveStarted(end);
}

function wait(now: number, until: number, wakeable: boolean): Extract<Decision, { next: 'wait' }> {
  return { next: 'wait', seconds: waitWithin(Math.ceil((until - now) / 1000)), until, wakeable };
}

function runTimedOut(run: Run, cancel: boolean): Decision {
  return timedOut('runDeadline', `It was not over within ${run.deadlines.runSeconds} s.`, cancel);
}

function timedOut(reason: Ending['reason'], explanation: string, cancel: boolean): Decision {
  return complete('timedOut', reason, explanation, cancel);
}

function complete(result: Ending['result'], reason: Ending['reason'], explanation: string, cancel: boolean): Decision {
  return { next: 'complete', ending: { result, reason, explanation }, cancel };
}
