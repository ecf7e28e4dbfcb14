import type { LogEntry, Workflow } from '../core/ports.ts';
import type { Run } from '../core/run.ts';
import type { LiveRun } from '../workflow/read-run.ts';
import type { StepAnswer } from '../workflow/step-run.ts';

export interface Timers {
  now(): number;
  /** Calls `fn` once after the milliseconds; the answer cancels it. */
  after(ms: number, fn: () => void | Promise<void>): () => void;
}

export interface LocalWorkflow extends Workflow {
  /** Something about the run changed: step now. */
  look(runId: number): void;
  /** Starts nothing more; resolves when the steps under way are done. */
  close(): Promise<void>;
}

/** A step that failed for a passing reason is repeated after this time, in milliseconds. */
const failedAgainMs = 2000;

/**
 * The embedded driver: the same steps as the state machine, in a loop with one timer a run. Timers only shorten the wait;
 * they are gone when the process is, and the sweeper finds what they would have done.
 */
export function createLocalWorkflow(options: {
  readonly step: (runId: number) => Promise<StepAnswer>;
  /** `live` is what the step has just read. */
  readonly complete: (runId: number, live: LiveRun) => Promise<Run>;
  readonly timers: Timers;
  readonly log: (entry: LogEntry) => void;
}): LocalWorkflow {
  const { step, complete, timers, log } = options;
  const waiting = new Map<number, () => void>();
  const busy = new Map<number, { again: boolean }>();
  const passages = new Set<Promise<void>>();
  let closed = false;

  const schedule = (runId: number, ms: number): void => {
    if (closed) return;
    const running = busy.get(runId);
    if (running) {
      running.again = true;
      return;
    }
    waiting.get(runId)?.();
    waiting.set(
      runId,
      timers.after(ms, () => {
        const underWay = passage(runId).finally(() => passages.delete(underWay));
        passages.add(underWay);
        return underWay;
      }),
    );
  };

  const passage = async (runId: number): Promise<void> => {
    waiting.delete(runId);
    const state = { again: false };
    busy.set(runId, state);
    let nextMs: number | undefined;
    try {
      nextMs = await advance(runId);
    } catch (error) {
      log({ level: 'error', event: 'step failed', runId, error });
      nextMs = failedAgainMs;
    }
    busy.delete(runId);
    if (state.again) schedule(runId, 0);
    else if (nextMs !== undefined) schedule(runId, nextMs);
  };

  /** Milliseconds until the run wants to be looked at again; undefined once it is over. */
  const advance = async (runId: number): Promise<number | undefined> => {
    const answer = await step(runId);
    if (answer.next === 'nothing') return undefined;
    if (answer.next === 'wait') {
      return answer.wakeable ? Math.max(0, answer.until - timers.now()) : answer.seconds * 1000;
    }
    const run = await complete(runId, answer.live);
    return run.status === 'completed' ? undefined : failedAgainMs;
  };

  return {
    looksItself: true,
    async start(runId) {
      schedule(runId, 0);
      return 'open';
    },
    async wake(run) {
      if (run.status !== 'completed') schedule(run.id, 0);
    },
    look: (runId) => schedule(runId, 0),
    async close() {
      closed = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
      await Promise.all(passages);
    },
  };
}
