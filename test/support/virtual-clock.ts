/** Time that moves only from timer to timer. What a timer started is over before the next one is due. */
export interface VirtualClock {
  now(): number;
  after(ms: number, fn: () => void | Promise<void>): () => void;
  /** Work that no timer waits for: time stands still until it is done. */
  track(work: Promise<unknown>): void;
  /** Moves on, timer by timer, until `done`. Throws when that is not so within the virtual milliseconds. */
  runUntil(done: () => boolean | Promise<boolean>, withinMs: number): Promise<void>;
  runFor(ms: number): Promise<void>;
  /** Time passes and nothing happens: what was due is late. */
  jump(ms: number): void;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void | Promise<void>;
}

export function createVirtualClock(start = Date.UTC(2027, 0, 4, 9)): VirtualClock {
  let now = start;
  let order = 0;
  const timers = new Set<Timer>();
  const pending = new Set<Promise<unknown>>();

  const quiet = async (): Promise<void> => {
    do {
      await Promise.all(pending);
      await new Promise((resolve) => setImmediate(resolve));
    } while (pending.size > 0);
  };
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  };
  const runUntil = async (done: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> => {
    const limit = now + withinMs;
    for (;;) {
      await quiet();
      if (await done()) return true;
      const timer = next();
      if (!timer || timer.at > limit) {
        now = limit;
        return false;
      }
      timers.delete(timer);
      now = Math.max(now, timer.at);
      await timer.fn();
    }
  };

  return {
    now: () => now,
    after(ms, fn) {
      order += 1;
      const timer = { at: now + Math.max(0, ms), order, fn };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    track(work) {
      const settled = work.then(
        () => {},
        () => {},
      );
      pending.add(settled);
      settled.then(() => pending.delete(settled));
    },
    async runUntil(done, withinMs) {
      if (!(await runUntil(done, withinMs))) throw new Error(`not done within ${withinMs / 1000} virtual seconds`);
    },
    async runFor(ms) {
      await runUntil(() => false, ms);
    },
    jump(ms) {
      now += ms;
    },
  };
}
