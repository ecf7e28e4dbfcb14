import { digest } from '../core/batch.ts';
import { learnUsual } from '../core/cadence.ts';
import { decide, mayHaveUnknownJob } from '../core/decide.ts';
import { eventIdOf, isTelling, turnOf } from '../core/delivery.ts';
import { ServiceError } from '../core/errors.ts';
import type { Services } from '../core/ports.ts';
import { closeReport } from '../core/report.ts';
import { packResults } from '../core/result-chunks.ts';
import { type Ending, isLive, type Run } from '../core/run.ts';
import { giveBackSlots } from './give-back-slots.ts';
import { publishOutbox } from './publish-outbox.ts';
import { isLearnt, type LiveRun, readLiveRun } from './read-run.ts';
import { tendPlan } from './tend-plan.ts';

/** Tries against writers that bump the version in between; the sweeper goes on where they end. */
const rounds = 5;
/** The effects of a completion get this long before the sweeper does what they left. */
const effectsMs = 10_000;

/**
 * Ends the run if the decision, or the caller's own `choose`, says that it is over; answers the run as it stands then.
 * Result chunks are addressed by version and content (F27), and only what the completing write names is ever read. `known` is
 * what was just read of the run: the write holds for its version only, and is tried again with what is there then.
 */
export async function completeRun(
  services: Services,
  runId: number,
  choose: (run: Run) => Ending | null = () => null,
  known?: LiveRun,
): Promise<Run> {
  for (let round = 0; round < rounds; round++) {
    const isKnown = round === 0 && known !== undefined && isLearnt(known);
    const run = isKnown ? known.run : await services.runs.getRun(runId);
    if (run === undefined) throw new ServiceError('NOT_FOUND', `there is no run ${runId}`);
    if (!isLive(run)) return run;
    const { report, catalog } = isKnown ? known : await readLiveRun(services, run, true);
    const now = services.now();
    const decision = decide(run, report, catalog, now);
    const chosen = choose(run);
    if (chosen === null && decision.next !== 'complete') return run;
    const ending = chosen ?? (decision.next === 'complete' ? decision.ending : null);
    if (ending === null) return run;
    const closed = closeReport(report, ending.result === 'stopped' ? 'stopped' : 'notExecuted');
    const chunks = packResults(closed);
    const resultAt = `${run.version}#${digest(chunks).slice(0, 16)}`;
    const [turn] = await Promise.all([
      readTurn(services, run, ending),
      services.runs.putResultChunks(runId, resultAt, chunks),
    ]);
    const completed = await services.runs.complete(run, {
      ending,
      ...(turn === undefined ? {} : { turn }),
      counts: closed.counts,
      resultAt,
      resultChunks: chunks.length,
      endedAt: now,
      eventId: eventIdOf(runId, 'run.completed'),
      // Jobs of attempts that were given up may live on, however the run ended; so may one whose start was not answered.
      cancelPending:
        (chosen === null && decision.next === 'complete' && decision.cancel) ||
        run.redispatches !== undefined ||
        mayHaveUnknownJob(run, report),
      nextActionAt: now + effectsMs,
    });
    if (completed === undefined) continue;
    services.log({ level: 'info', event: 'run completed', runId, planId: run.planId, code: ending.result });
    await afterCompletion(services, completed, catalog.entries.length);
    return completed;
  }
  throw new ServiceError('UNAVAILABLE', `run ${runId} is changing too fast to be completed now`, {
    retryAfterSeconds: 1,
  });
}

/** Whether this end turns the plan. */
async function readTurn(services: Services, run: Run, { result }: Ending): Promise<Run['turn']> {
  return isTelling(result) ? turnOf((await services.runs.readLock(run.planId)).last, run.id, result) : undefined;
}

/**
 * What follows a completion. Each effect may be repeated and none can undo it: what fails here is done by the sweeper.
 */
export async function afterCompletion(services: Services, run: Run, catalogSize?: number): Promise<void> {
  const ranItself = run.result === 'passed' || run.result === 'failed';
  const seconds = Math.max(1, Math.round(((run.endedAt ?? 0) - (run.startedAt ?? run.createdAt)) / 1000));
  const learnt = {
    ...(run.result !== undefined && isTelling(run.result) ? { result: run.result } : {}),
    ...(ranItself && catalogSize !== undefined
      ? { usualSeconds: learnUsual(run.usualSeconds, seconds), catalogSize }
      : {}),
  };
  const effects = [
    services.workflow.wake(run, 'complete'),
    services.runs.leave(run.planId, run.id, learnt).then(({ active, waiting }) => {
      return active.size + waiting.size > 0 ? tendPlan(services, run.planId) : undefined;
    }),
    // The run is forgotten once its event is out: its slots go first.
    giveBackSlots(services, run).then(() => publishOutbox(services, run)),
    run.groupId === undefined ? undefined : lookAtGroup(services, run.groupId),
  ];
  for (const outcome of await Promise.allSettled(effects)) {
    if (outcome.status === 'rejected') {
      services.log({ level: 'warn', event: 'effect of completion failed', runId: run.id, error: outcome.reason });
    }
  }
}

/** The last child to end ends its group. A lost wake-up costs one wait of the group's. */
async function lookAtGroup(services: Services, groupId: number): Promise<void> {
  const group = await services.runs.getRun(groupId);
  if (group !== undefined && isLive(group)) await services.workflow.wake(group, 'look');
}
