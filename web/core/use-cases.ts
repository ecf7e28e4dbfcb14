import { useEffect, useRef, useState } from 'preact/hooks';
import { api, asProblem, type Case, isPassing, need, type Problem, type Run, withRetry } from '../api.ts';
import { isLive } from './results.ts';

export interface CaseList {
  readonly cases: readonly Case[];
  /** Every page is there. */
  readonly isWhole: boolean;
  readonly problem: Problem | undefined;
}

/** As many as a page may have. */
const pageSize = 1_000;
/** Between two readings of a live run's cases lies four times what one takes, but at least, and a page at most, so much. */
const leastPauseMs = 1_000;
const pauseFactor = 4;
const longestPauseOfPageMs = 1_500;
const retryPauseMs = 5_000;

const none: CaseList = { cases: [], isWhole: false, problem: undefined };

/**
 * The cases of the run. The first reading shows page after page; later ones, when the counts have changed, replace the list
 * once it is whole. The last one comes after the run has ended.
 */
export function useCases(run: Run | undefined): CaseList {
  const [list, setList] = useState<CaseList>(none);
  const reader = useRef<ReturnType<typeof createReader>>(undefined);
  const runId = run?.id;
  const stamp = run && stampOf(run);
  const live = run !== undefined && isLive(run);

  useEffect(() => {
    if (runId === undefined) return;
    setList(none);
    const current = createReader(runId, setList);
    reader.current = current;
    return current.stop;
  }, [runId]);
  useEffect(() => {
    if (stamp !== undefined) reader.current?.want(stamp, live);
  }, [stamp, live]);
  return list;
}

/** Changes when the cases may have. */
function stampOf(run: Run): string {
  return isLive(run)
    ? `${run.id} ${run.status} ${run.attempt} ${JSON.stringify(run.counts)}`
    : `${run.id} ${run.version}`;
}

function createReader(runId: number, show: (list: CaseList) => void) {
  const stop = new AbortController();
  let wanted = '';
  let read = '';
  let isLive = false;
  let shown: CaseList = none;
  let isReading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let triedAt = 0;
  let pauseMs = 0;
  let retryAt = 0;

  const publish = (list: CaseList) => {
    if (stop.signal.aborted) return;
    shown = list;
    show(list);
  };
  const schedule = () => {
    clearTimeout(timer);
    if (isReading || wanted === read || stop.signal.aborted) return;
    const soonest = Math.max(triedAt + (isLive ? pauseMs : 0), retryAt);
    timer = setTimeout(readAll, Math.max(0, soonest - Date.now()));
  };
  const readAll = async () => {
    isReading = true;
    const reading = wanted;
    const startedAt = Date.now();
    try {
      const cases: Case[] = [];
      let cursor: string | null = null;
      do {
        const page: Page = await readPage(runId, cursor, stop.signal);
        cases.push(...page.cases);
        cursor = page.nextCursor;
        if (!shown.isWhole) publish({ cases: [...cases], isWhole: cursor === null, problem: undefined });
      } while (cursor !== null);
      publish({ cases, isWhole: true, problem: undefined });
      read = reading;
      triedAt = Date.now();
      const most = longestPauseOfPageMs * Math.ceil(cases.length / pageSize);
      pauseMs = Math.max(leastPauseMs, Math.min(most, pauseFactor * (triedAt - startedAt)));
    } catch (error) {
      const problem = withRetry(asProblem(error));
      if (!stop.signal.aborted) publish({ ...shown, problem });
      // What is refused now is refused again, until something about the run has changed.
      if (!isPassing(problem)) read = reading;
      retryAt = Date.now() + retryPauseMs;
    } finally {
      isReading = false;
      schedule();
    }
  };
  return {
    want(stamp: string, live: boolean) {
      wanted = stamp;
      isLive = live;
      schedule();
    },
    stop() {
      stop.abort();
      clearTimeout(timer);
    },
  };
}

interface Page {
  readonly cases: readonly Case[];
  readonly nextCursor: string | null;
}

function readPage(runId: number, cursor: string | null, signal: AbortSignal): Promise<Page> {
  const query = { limit: pageSize, ...(cursor === null ? {} : { cursor }) };
  return need(api.GET('/v1/runs/{runId}/cases', { params: { path: { runId }, query }, signal }));
}
