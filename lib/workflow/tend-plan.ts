import { isTelling } from '../core/delivery.ts';
import type { Learnt, Services } from '../core/ports.ts';
import { isLive, type Run } from '../core/run.ts';

/** Members looked at in one go; whoever calls next goes on. */
const rounds = 50;

/**
 * Keeps a plan's lock true (reliability.md 3.4 `tend`): ended runs leave, and when nobody is active the oldest waiting run
 * takes over. Called by refused triggers, after every completion, and by the sweeper.
 */
export async function tendPlan(services: Services, planId: number): Promise<void> {
  const { runs } = services;
  for (let round = 0; round < rounds; round++) {
    const lock = await runs.readLock(planId);
    const active = await runs.getRuns([...lock.active]);
    const holding = new Set(active.filter((run) => run.status === 'new' || isLive(run)).map(({ id }) => id));
    const gone = [...lock.active].filter((runId) => !holding.has(runId));
    for (const runId of gone) await runs.leave(planId, runId, taught(active.find(({ id }) => id === runId)));
    if (holding.size > 0) {
      // Promoted by someone who died before telling it.
      for (const run of active)
        if (run.waitsFor !== undefined && run.status === 'queued') await releaseRun(services, run.id);
      return;
    }
    const oldest = [...lock.waiting].sort((a, b) => a - b)[0];
    if (oldest === undefined) return;
    const run = await runs.getRun(oldest);
    if (run === undefined || (run.status !== 'new' && !isLive(run))) {
      await runs.leave(planId, oldest);
      continue;
    }
    if (!(await runs.promote(planId, oldest))) continue;
    // A run that is still `new` is left to its trigger, or to the sweeper that rejects it.
    if (run.status === 'new' || (await releaseRun(services, oldest))) return;
  }
}

/** Its own effects may come after the next run has ended; how it ended must be known before. */
function taught(run: Run | undefined): Learnt {
  return run?.result !== undefined && isTelling(run.result) ? { result: run.result } : {};
}

/** E13 for a run that took the lock over, and its start. False if the run ended in the meantime. */
export async function releaseRun(services: Services, runId: number): Promise<boolean> {
  const run = await services.runs.getRun(runId);
  if (run === undefined || run.status !== 'queued') return run?.status === 'running' || run?.status === 'new';
  if (run.waitsFor !== undefined) {
    const deadlineAt = services.now() + run.deadlines.startSeconds * 1000;
    const released = await services.runs.release(runId, { deadlineAt, nextActionAt: services.now() + 60_000 });
    if (!released) return releaseRun(services, runId);
  }
  await startExecution(services, runId, run.executionN);
  return true;
}

/** Starts the run's execution. A failure is the sweeper's to repeat (F6): the run is admitted already. */
export async function startExecution(services: Services, runId: number, executionN: number): Promise<void> {
  try {
    await services.workflow.start(runId, executionN);
  } catch (error) {
    services.log({ level: 'warn', event: 'starting the execution failed', runId, error });
  }
}
