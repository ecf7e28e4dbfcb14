import { pollHold } from '../core/cadence.ts';
import {
  type Decision,
  decide,
  garbageLimit,
  mayPoll,
  mustTakeSlots,
  waitForSlot,
  waitWhileStopping,
} from '../core/decide.ts';
import { isServiceError } from '../core/errors.ts';
import type { Poll } from '../core/executor.ts';
import type { Services } from '../core/ports.ts';
import { redactPoll, secretsOf } from '../core/redact.ts';
import type { Run } from '../core/run.ts';
import { dispatchAttempt, toDispatch } from './dispatch-attempt.ts';
import { readNeeds } from './look-for-slots.ts';
import { publishOutbox } from './publish-outbox.ts';
import { type LiveRun, readLiveRun } from './read-run.ts';
import { endAttempt, isTooLate, recordResults } from './record-results.ts';
import { stopAttempt } from './stop-attempt.ts';
import { takeSlots } from './take-slots.ts';

export type StepAnswer =
  /** With what was read of the run, for who completes it at once. */
  | { readonly next: 'complete'; readonly live: LiveRun }
  | { readonly next: 'nothing' }
  | (Extract<Decision, { next: 'wait' }> & { readonly wakeSeq: number });

/** Decisions in one step at most; a run needs three (dispatch, poll, rerun) unless others change it meanwhile. */
const turns = 25;

/**
 * One passage of the workflow: load, decide, act, until there is something to wait for or the run is over. Both drivers call
 * it, and every action in it may be repeated.
 */
export async function stepRun(given: Services, runId: number): Promise<StepAnswer> {
  const services = readingEnvironmentsOnce(given);
  let polled = false;
  for (let turn = 0; turn < turns; turn++) {
    const run = await services.runs.getRun(runId);
    if (run === undefined) return { next: 'nothing' };
    const live = run.status === 'completed' ? undefined : await readLiveRun(services, run);
    if (live === undefined) return { next: 'nothing' };
    const needs = mustTakeSlots(run) ? await readNeeds(services, live.plan, run) : [];
    const decision = decide(run, live.report, live.catalog, services.now(), needs);
    switch (decision.next) {
      case 'nothing':
        return { next: 'nothing' };
      case 'complete':
        return { next: 'complete', live };
      case 'takeSlots': {
        const waiting = await takeSlots(services, run, needs);
        if (waiting === undefined) break;
        await publishOutbox(services, waiting);
        return { ...waitForSlot(waiting, services.now()), wakeSeq: waiting.wakeSeq };
      }
      case 'dispatch': {
        const accepted = await dispatchAttempt(services, run, live);
        polled = true;
        // Nobody but the dispatch has changed it since it was read: no need to read all of it again.
        if (accepted?.version !== run.version + 2) break;
        const after = decide(accepted, live.report, live.catalog, services.now());
        if (after.next === 'wait') return { ...after, wakeSeq: accepted.wakeSeq };
        break;
      }
      case 'rerun':
      case 'stage': {
        const request = { attempt: run.attempt + 1, why: decision.next, requested: decision.requested };
        await services.runs.nextAttempt(run, request, services.now());
        break;
      }
      case 'giveUp':
        await stopAttempt(services, live, run.attempt);
        await endAttempt(services, run, 'inactivity', { problem: decision.problem });
        break;
      case 'redispatch': {
        // First: once the next attempt is due, another process may dispatch it.
        await stopAttempt(services, live, run.attempt);
        const request = { attempt: run.attempt + 1, why: decision.next, requested: decision.requested };
        const next = await services.runs.nextAttempt(run, request, services.now());
        if (next) services.log({ level: 'warn', event: 'attempt dispatched again', runId, attempt: next.attempt });
        break;
      }
      case 'stopJob': {
        if (await stopJob(services, live)) break;
        const waiting = waitWhileStopping(run, services.now());
        return waiting.next === 'wait' ? { ...waiting, wakeSeq: run.wakeSeq } : { next: 'nothing' };
      }
      case 'wait':
        if (polled || !mayPoll(run, services.now())) return { ...decision, wakeSeq: run.wakeSeq };
        polled = true;
        await pollJob(services, live);
        break;
    }
  }
  // Others keep changing the run; whoever changes it also wakes it, and the sweeper looks in any case.
  return { next: 'wait', seconds: 1, until: services.now() + 1000, wakeable: false, wakeSeq: 0 };
}

/** Its slots and its variables come from one read of the environment, and both from the same version of it. */
function readingEnvironmentsOnce(services: Services): Services {
  const known = new Map<number, ReturnType<Services['environments']['getEnvironment']>>();
  const getEnvironment = (id: number) => {
    const environment = known.get(id) ?? services.environments.getEnvironment(id);
    known.set(id, environment);
    return environment;
  };
  return { ...services, environments: { ...services.environments, getEnvironment } };
}

/** Asks the executor how the current attempt is doing and records what it tells. */
async function pollJob(services: Services, live: LiveRun): Promise<void> {
  const { run, plan, items } = live;
  const job = items.attempts.find(({ attempt }) => attempt === run.attempt);
  if (job === undefined) return;
  let poll: Poll;
  try {
    const dispatch = await toDispatch(services, live);
    poll = redactPoll(await services.executors(plan.executor.type).poll(job.ref, dispatch), secretsOf(dispatch));
  } catch (error) {
    await pollFailed(services, live, error);
    return;
  }
  const cases = [...poll.cases];
  if (poll.state === 'running' && poll.retryAfterSeconds !== undefined) {
    await holdPoll(services, run, poll.retryAfterSeconds, services.now());
  }
  if (poll.state === 'running' && cases.length === 0) {
    // Alive but silent is a sign of life; one write for each half of the deadline is enough to remember it.
    const silentMs = services.now() - run.lastProgressAt;
    const remember = silentMs > run.deadlines.inactivitySeconds * 500;
    if (remember) await services.runs.acknowledge(run.id, { at: services.now(), final: false, bytes: 0 });
    return;
  }
  const end = poll.state === 'ended' ? { end: poll.end } : {};
  try {
    await recordResults(services, { runId: run.id, attempt: run.attempt, cases, ...end, wake: false });
  } catch (error) {
    if (!isTooLate(error)) throw error;
  }
}

async function pollFailed(services: Services, { run }: LiveRun, error: unknown): Promise<void> {
  services.log({ level: 'warn', event: 'poll failed', runId: run.id, attempt: run.attempt, error });
  if (isServiceError(error, 'EXECUTOR_UNAVAILABLE') && error.retryAfterSeconds !== undefined) {
    await holdPoll(services, run, error.retryAfterSeconds);
  }
  if (!isServiceError(error, 'EXECUTOR_PROTOCOL') && !isServiceError(error, 'EXECUTOR_REFUSED')) return;
  const garbage = run.garbage + 1;
  await services.runs.countGarbage(run, garbage);
  if (garbage < garbageLimit) return;
  const message = `The executor gave ${garbage} answers in a row that make no sense: ${error.message}`;
  await endAttempt(services, run, 'garbage', { problem: { reason: 'executorProtocol', message } });
}

/** Stored, so that neither a wake-up nor a crash asks it earlier. Without `aliveAt` its silence goes on. */
async function holdPoll(services: Services, run: Run, retryAfterSeconds: number, aliveAt?: number): Promise<void> {
  const seconds = pollHold(retryAfterSeconds, run.deadlines.inactivitySeconds);
  await services.runs.holdPoll(run, services.now() + seconds * 1000, aliveAt);
}

/**
 * Asks the executor to stop the job, after taking what it has reported so far. True once the job is known to be gone, which
 * ends the attempt. A job whose dispatch is still open has no reference yet: nothing confirms its end (F34).
 */
async function stopJob(services: Services, live: LiveRun): Promise<boolean> {
  const { run, plan, items } = live;
  const job = items.attempts.find(({ attempt }) => attempt === run.attempt);
  if (job === undefined) return false;
  const executor = services.executors(plan.executor.type);
  const dispatch = await toDispatch(services, live);
  try {
    // Once its answers made no sense nobody asks any more how it is doing.
    const asks = executor.capabilities(plan.executor).polls && live.report.attempt.end === null;
    if (asks) await pollJob(services, live);
    if ((await executor.stop(job.ref, dispatch)) !== 'gone') return false;
  } catch (error) {
    services.log({ level: 'warn', event: 'stop failed', runId: run.id, attempt: run.attempt, error });
    return false;
  }
  await endAttempt(services, run, 'stop', {});
  return true;
}
