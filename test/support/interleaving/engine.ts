import type { VirtualClock } from '../virtual-clock.ts';
import type { Random } from './random.ts';

/** A procedure under way, as one invocation of a function or one request of a server. */
export interface Process {
  readonly name: string;
  readonly startedAt: number;
  /** Killed at that age, as a function is at its timeout. */
  readonly maxMs: number;
  /** Who goes on first where some are favoured: the least. */
  readonly rank: number;
  alive: boolean;
  /** Called when it vanishes without an end. */
  readonly vanished: () => void;
}

interface Point {
  readonly process: Process;
  readonly label: string;
  readonly go: () => void;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void | Promise<void>;
}

export interface Engine {
  readonly clock: Pick<VirtualClock, 'now' | 'after'>;
  /** The point before a call of a port: whoever runs the schedule decides who goes on, and who never does. */
  turn(process: Process, label: string): Promise<void>;
  /** Starts a procedure; its error, or its end, is its starter's business. */
  run(name: string, maxMs: number, work: (process: Process) => Promise<void>, vanished?: () => void): void;
  /** Something else answers, in its own time: nothing goes on until it has. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Everything that can happen without anybody's decision has happened. */
  settle(): Promise<void>;
  readonly pending: number;
  /** How many wait at another call than the one that is held back. */
  free(held: string | undefined): number;
  /** The procedure that waits longest goes on. */
  goOn(): void;
  /** One goes on by chance, or the one of the least rank: of those at the held call, or of the others. */
  goOnOf(
    random: Random,
    which: { readonly byRank: boolean; readonly held: string | undefined; readonly isHeld: boolean },
  ): void;
  /** A timer is due already: it may fire before, or in the midst of, what others do. */
  readonly isDue: boolean;
  /** The next timer fires; false if there is none. */
  passTime(): boolean;
  /** All procedures under way vanish. */
  crash(): void;
  readonly steps: readonly string[];
}

/**
 * Procedures that take turns: each runs until its next call of a port and waits there. Timers fire only when they are told to,
 * so time may pass while calls are open.
 */
export function createEngine(ranks: Random, start = Date.UTC(2027, 0, 4, 9)): Engine {
  let now = start;
  let order = 0;
  let points: Point[] = [];
  const timers = new Set<Timer>();
  const processes = new Set<Process>();
  const tracked = new Set<Promise<unknown>>();
  const steps: string[] = [];
  const note = (step: string): void => {
    steps.push(`${((now - start) / 1000).toFixed(1)} s ${step}`);
  };
  const kill = (process: Process): void => {
    if (!process.alive) return;
    process.alive = false;
    processes.delete(process);
    points = points.filter((point) => point.process !== process);
    process.vanished();
  };

  const nextTimer = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  };

  const resume = (point: Point | undefined): void => {
    if (point === undefined) return;
    points = points.filter((other) => other !== point);
    note(`${point.process.name}: ${point.label}`);
    point.go();
  };

  return {
    clock: {
      now: () => now,
      after(ms, fn) {
        order += 1;
        const timer = { at: now + Math.max(0, ms), order, fn };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    turn: (process, label) =>
      // Nobody hears any more from one that has vanished.
      new Promise((go) => {
        if (process.alive) points.push({ process, label, go });
      }),
    run(name, maxMs, work, vanished = () => {}) {
      const process: Process = { name, startedAt: now, maxMs, rank: ranks.next(), alive: true, vanished };
      processes.add(process);
      note(`begin ${name}`);
      work(process).finally(() => {
        process.alive = false;
        processes.delete(process);
      });
    },
    track(work) {
      const settled: Promise<unknown> = work.catch(() => {}).finally(() => tracked.delete(settled));
      tracked.add(settled);
      return work;
    },
    async settle() {
      do {
        if (tracked.size > 0) await Promise.all(tracked);
        await new Promise((resolve) => setImmediate(resolve));
      } while (tracked.size > 0);
    },
    get pending() {
      return points.length;
    },
    free: (held) => points.filter((point) => !isAt(point, held)).length,
    goOn: () => resume(points[0]),
    goOnOf(random, { byRank, held, isHeld }) {
      const some = points.filter((point) => isAt(point, held) === isHeld);
      const favoured = [...some].sort((a, b) => a.process.rank - b.process.rank)[0];
      resume(byRank ? favoured : some[random.below(some.length)]);
    },
    get isDue() {
      return (nextTimer()?.at ?? Number.POSITIVE_INFINITY) <= now;
    },
    passTime() {
      const first = nextTimer();
      if (first === undefined) return false;
      timers.delete(first);
      now = Math.max(now, first.at);
      for (const process of processes) if (now >= process.startedAt + process.maxMs) kill(process);
      void first.fn();
      return true;
    },
    crash() {
      note('crash');
      for (const process of [...processes]) kill(process);
    },
    steps,
  };
}

function isAt({ label }: Point, held: string | undefined): boolean {
  return held !== undefined && label.includes(held);
}
