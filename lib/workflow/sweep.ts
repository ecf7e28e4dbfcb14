import { silenceOf } from '../core/cadence.ts';
import { callTimeoutMs, crashLimit, decide, mayHaveUnknownJob } from '../core/decide.ts';
import { mayGoOn, mayHaveStarted } from '../core/executor.ts';
import type { Services } from '../core/ports.ts';
import { isLive, isVisible, type Run, tokenOver } from '../core/run.ts';
import { dueToEnd, isStuck } from '../core/stuck.ts';
import { afterCompletion, completeRun } from './complete-run.ts';
import { giveBackSlots } from './give-back-slots.ts';
import { readNeeds } from './look-for-slots.ts';
import { publishOutbox } from './publish-outbox.ts';
import { pinnedPlan, readLiveRun } from './read-run.ts';
import { stopAttempt } from './stop-attempt.ts';
import { takeSlots } from './take-slots.ts';
import { startExecution, tendPlan } from './tend-plan.ts';

/** Runs looked at in one page, and how long one sweep lasts at most (reliability.md 3.6). */
const pageSize = 100;
const sweepMs = 45_000;
/** Unfinished runs taken up at a start; the sweeper finds the others in their turn. */
const resumeLimit = 10_000;
/** A run that was not admitted by then is given up. */
const newRunMs = 60_000;
/** Looking again at a live run after a wake-up that may have been lost. */
const againMs = 60_000;
/** When the first, second, … replacement of a crashed execution starts; those that wait are started by the sweeper. */
const restartDelaysMs = [0, 120_000, 600_000];
/** How long a job of a completed run is still asked to stop, and how often. */
const cancelMs = 24 * 3_600_000;
const cancelAgainMs = 60_000;

/** How many runs one sweep saw, and how many of them were stuck: late beyond what is promised, or not to be looked after. */
export interface Swept {
  readonly seen: number;
  readonly stuck: number;
}

/**
 * Looks after everything that is due: the safety net under every effect that may have failed. Reads each run consistently
 * before it acts, acts by condition only, and one run's trouble never keeps it from the next.
 */
export async function sweep(services: Services): Promise<Swept> {
  const until = services.now() + sweepMs;
  let seen = 0;
  let stuck = 0;
  for (;;) {
    const due = await services.runs.listDue(services.now(), pageSize);
    for (const runId of due) {
      try {
        if (await lookAfter(services, runId)) stuck += 1;
      } catch (error) {
        stuck += 1;
        services.log({ level: 'error', event: 'sweep failed', runId, error });
        await services.runs.scheduleNext(runId, services.now() + againMs);
      }
    }
    seen += due.length;
    if (due.length < pageSize || services.now() >= until) return { seen, stuck };
  }
}

/** Seconds for which the oldest action of all has been due; 0 when nothing is late. */
export async function readOldestDue({ runs, now }: Pick<Services, 'runs' | 'now'>): Promise<number> {
  const at = await runs.oldestDueAt();
  return at === undefined ? 0 : Math.max(0, Math.round((now() - at) / 1000));
}

/**
 * Takes up everything that is not finished, due or not: for the start of an embedded system, whose timers died with the
 * process before. A dispatch call that process had open will not be answered any more, so it is repeated at once; its key
 * finds the job if there is one.
 */
export async function resume(services: Services): Promise<void> {
  for (const runId of await services.runs.listDue(Number.MAX_SAFE_INTEGER, resumeLimit)) {
    const run = await services.runs.getRun(runId);
    if (run === undefined) continue;
    if (isLive(run) && run.dispatch === 'calling') await services.runs.releaseDispatch(run, services.now(), false);
    await lookAfter(services, runId);
  }
}

/** True if the run was stuck when this look began. */
async function lookAfter(services: Services, runId: number): Promise<boolean> {
  const run = await services.runs.getRun(runId);
  if (run === undefined || run.status === 'rejected') return false;
  if (run.status === 'new') await rejectStale(services, run);
  else if (isLive(run)) await wakeOrRestart(services, run);
  else {
    // First out of the way: effects that go on failing must not keep the sweep from the runs behind it.
    await services.runs.scheduleNext(run.id, services.now() + againMs);
    await afterCompletion(services, run);
    if (run.cancelPending) await cancelJob(services, run);
  }
  return isStuck(run, services.now());
}

async function rejectStale(services: Services, run: Run): Promise<void> {
  if (services.now() < run.createdAt + newRunMs) return services.runs.scheduleNext(run.id, run.createdAt + newRunMs);
  if (!(await services.runs.reject(run.id, services.now()))) {
    // Its trigger was only slow: what it holds is in use.
    const current = await services.runs.getRun(run.id);
    if (current !== undefined && isVisible(current)) return;
  }
  await giveBackSlots(services, run);
  await services.runs.leave(run.planId, run.id);
  await tendPlan(services, run.planId);
}

/** The execution is woken if it is there; one that ended although its run lives is replaced, a few times at most. */
async function wakeOrRestart(services: Services, run: Run): Promise<void> {
  await publishOutbox(services, run);
  const again = services.now() + againMs;
  // Whatever keeps the execution from doing it: every deadline is kept (reliability.md F6, L1).
  if (services.now() >= dueToEnd(run)) {
    if (!isLive(await completeRun(services, run.id))) return;
  }
  if (run.waitsFor !== undefined) {
    await tendPlan(services, run.planId);
    if (services.now() < run.deadlineAt) return services.runs.scheduleNext(run.id, Math.min(again, run.deadlineAt));
  }
  if (run.waitsForSlots !== undefined) {
    const waiting = await takeSlots(services, run, await readNeeds(services, await pinnedPlan(services, run), run));
    if (waiting !== undefined) return services.runs.scheduleNext(run.id, Math.min(again, run.deadlineAt));
  }
  const until = await sleepOn(services, run);
  if (until === undefined) await services.runs.scheduleNext(run.id, again);
  if ((await services.workflow.start(run.id, run.executionN)) === 'closed') return replaceExecution(services, run);
  if (until !== undefined) {
    if (await mayWait(services, run, until)) return;
    await services.runs.scheduleNext(run.id, again);
  }
  if ((await services.workflow.wake(run, 'look')) === 'over') await afterTokenOver(services, run);
}

/**
 * Nothing waits with the token the run has. Mostly its execution goes on already. But a passage that was held back until its own
 * task was over may have registered its token over the one that is waited with (E18 cannot tell them apart): if no other has
 * come by the next look although somebody should be waiting or acting, nobody can wake the execution, and another takes over.
 */
async function afterTokenOver(services: Services, run: Run): Promise<void> {
  if (run.taskToken !== tokenOver) return services.runs.markTokenOver(run);
  const { report, catalog } = await readLiveRun(services, run);
  const decision = decide(run, report, catalog, services.now());
  if (decision.next !== 'wait' || decision.wakeable) await replaceExecution(services, run);
}

/**
 * Has the run looked at later if its execution waits and its executor gave signs of life since: until when, if they are all
 * that happened. Whoever ended the attempt meanwhile moved `wakeSeq` (E18).
 */
async function sleepOn(services: Services, run: Run): Promise<number | undefined> {
  if (run.status !== 'running' || run.polls || run.dispatch !== 'accepted') return undefined;
  if (run.taskToken === undefined || run.taskToken === tokenOver) return undefined;
  const silentAt = run.lastProgressAt + silenceOf(run.deadlines, run.polls) * 1000;
  const until = Math.min(run.deadlineAt, silentAt);
  return until > services.now() && (await services.runs.keepToken(run, until)) ? until : undefined;
}

/** True if there is nothing to do before `until`, or another time that takes its place. A look would cost a state transition. */
async function mayWait(services: Services, run: Run, until: number): Promise<boolean> {
  const { report, catalog } = await readLiveRun(services, run);
  const decision = decide(run, report, catalog, services.now());
  if (decision.next !== 'wait' || !decision.wakeable) return false;
  return decision.until === until || services.runs.keepToken(run, decision.until);
}

/**
 * E19 and the next execution, for a live run whose execution is known to be over. The first follows at once, the others
 * later and later, so that trouble of some minutes does not use them up. The decision ends the run after the last.
 */
export async function replaceExecution(services: Services, run: Run): Promise<void> {
  if (run.executionN > crashLimit + 1) {
    await completeRun(services, run.id);
    return;
  }
  const delayMs = restartDelaysMs[run.executionN - 1] ?? 0;
  // Every deadline is kept, also while nobody drives the run (L1).
  const nextActionAt = Math.min(services.now() + (delayMs === 0 ? againMs : delayMs), dueToEnd(run));
  const continued = await services.runs.continueExecution(run.id, run.executionN, nextActionAt);
  services.log({ level: 'warn', event: 'execution replaced', runId: run.id, attempt: run.attempt });
  if (continued && delayMs === 0) await startExecution(services, run.id, run.executionN + 1);
}

/** Jobs of a completed run may still be alive, its last or those of attempts that were given up: asks again until it is gone, and gives up after a day. */
async function cancelJob(services: Services, run: Run): Promise<void> {
  if (services.now() > (run.endedAt ?? 0) + cancelMs) {
    services.log({ level: 'error', event: 'job could not be stopped', runId: run.id, attempt: run.attempt });
    return services.runs.cancelDone(run.id);
  }
  await services.runs.scheduleNext(run.id, services.now() + cancelAgainMs);
  const live = await readLiveRun(services, run);
  const { end } = live.report.attempt;
  const isOver = run.dispatch === 'due' || (end !== null && !mayGoOn(end));
  const attempts = [...(run.redispatches ?? []), ...(isOver ? [] : [run.attempt])];
  const gone = await Promise.all(attempts.map((attempt) => stopAttempt(services, live, attempt)));
  if (gone.includes(false)) return;
  // A call that was open, or whose answer was lost, may have made a job all the same. Nobody can ask for it who does not learn
  // of it while such a call lasts.
  const isKnown = (attempt: number): boolean => live.items.attempts.some((record) => record.attempt === attempt);
  const isUnknown =
    mayHaveUnknownJob(run, live.report) ||
    (!isOver && !isKnown(run.attempt)) ||
    live.items.batches.some(({ attempt, end }) => end && mayHaveStarted(end) && !isKnown(attempt));
  if (isUnknown) {
    if (services.now() < (run.endedAt ?? 0) + callTimeoutMs) return;
    services.log({ level: 'warn', event: 'job may be alive', runId: run.id, attempt: run.attempt });
  }
  await services.runs.cancelDone(run.id);
}
