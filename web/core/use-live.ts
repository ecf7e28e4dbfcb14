import { useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, isPassing, type Problem, withRetry } from '../api.ts';

export interface Live<T> {
  /** The newest answer; kept while later ones fail. */
  readonly data: T | undefined;
  readonly problem: Problem | undefined;
  /** Asks now. */
  reload(): void;
}

/** How long to wait after a failed call, at first and at most. */
const firstPauseMs = 2_000;
const longestPauseMs = 30_000;
/** A hidden tab asks so much more rarely. */
const hiddenFactor = 8;

/**
 * Loads, and loads again as long as `pauseOf` names milliseconds to wait. `key` is what it is of: another one starts over.
 * Hidden tabs ask rarely, and at once when they are shown again; failures are tried again with growing pauses.
 */
export function useLive<T>(
  key: string,
  load: (signal: AbortSignal, known: T | undefined) => Promise<T>,
  pauseOf: (data: T) => number | null,
): Live<T> {
  const [state, setState] = useState<{ key: string; data?: T; problem?: Problem }>({ key });
  const asks = useRef<() => void>(() => undefined);
  const current = useRef({ load, pauseOf });
  current.current = { load, pauseOf };

  useEffect(() => {
    const stop = new AbortController();
    let known: T | undefined;
    let failures = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let again = false;

    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(ask, document.hidden ? ms * hiddenFactor : ms);
    };
    const ask = async () => {
      again = asking;
      if (asking) return;
      asking = true;
      clearTimeout(timer);
      try {
        known = await current.current.load(stop.signal, known);
        if (stop.signal.aborted) return;
        failures = 0;
        const data = known;
        setState((old) => (old.key === key && old.data === data && !old.problem ? old : { key, data }));
        const pause = current.current.pauseOf(known);
        if (pause !== null) wait(pause);
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = withRetry(asProblem(error));
        setState((old) => ({ key, ...(old.key === key && old.data !== undefined ? { data: old.data } : {}), problem }));
        // What the caller did wrong does not get better by asking again.
        if (isPassing(problem)) wait(Math.min(longestPauseMs, firstPauseMs * 2 ** failures++));
      } finally {
        asking = false;
        // Something was changed while the answer was on its way.
        if (again && !stop.signal.aborted) void ask();
      }
    };
    const onShow = () => {
      if (!document.hidden && timer !== undefined && (known === undefined || current.current.pauseOf(known) !== null))
        void ask();
    };
    document.addEventListener('visibilitychange', onShow);
    asks.current = () => void ask();
    void ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onShow);
    };
  }, [key]);

  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    problem: isCurrent ? state.problem : undefined,
    reload: () => asks.current(),
  };
}
