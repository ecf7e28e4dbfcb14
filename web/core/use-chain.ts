import { asProblem, getJson, type Run } from '../api.ts';
import { isLive, type Standing } from './results.ts';
import { useLive } from './use-live.ts';

/** What the chain of reruns says that a run is part of. */
export interface Chain {
  /** Oldest first, this run among them. */
  readonly runIds: readonly number[];
  readonly standing: Standing;
  readonly passed: number;
  readonly total: number;
}

const pauseMs = 3_000;

/** The native API tells the earlier runs of a chain only; the consolidated values are in the Testsigma API. */
interface Consolidated {
  readonly consolidatedResult: string;
  readonly consolidatedStatus: string;
  readonly consolidatedPlanTotalCount: number;
  readonly consolidatedPlanPassedCount: number;
  readonly rerunIds: readonly number[];
}

/** The chain, or null for a run that was neither rerun nor is a rerun. */
export function useChain(run: Run): Chain | null {
  const stamp = isLive(run) ? 'live' : `version ${run.version}`;
  const { data } = useLive(`chain ${run.id} ${stamp}`, loadChain(run), (chain) =>
    chain !== null && (chain.standing === 'running' || chain.standing === 'queued') ? pauseMs : null,
  );
  return data ?? null;
}

function loadChain(run: Run) {
  return async (signal: AbortSignal): Promise<Chain | null> => {
    const found = await getJson<Consolidated>(`/api/v1/execution_results/${run.id}`, signal).catch((error: unknown) => {
      // It is an addition to the page: without it, the run itself is still told.
      if (asProblem(error).status === 0) throw error;
      return undefined;
    });
    const runIds = [...new Set([...run.chain, run.id, ...(found?.rerunIds ?? [])])].sort((a, b) => a - b);
    if (found === undefined || runIds.length < 2) return null;
    return {
      runIds,
      standing: standingOf(found),
      passed: found.consolidatedPlanPassedCount,
      total: found.consolidatedPlanTotalCount,
    };
  };
}

const words: Readonly<Record<string, Standing>> = {
  SUCCESS: 'passed',
  FAILURE: 'failed',
  ABORTED: 'errored',
  NOT_EXECUTED: 'noTests',
  STOPPED: 'stopped',
};

function standingOf({ consolidatedResult, consolidatedStatus }: Consolidated): Standing {
  if (consolidatedStatus !== 'STATUS_COMPLETED') return 'running';
  return words[consolidatedResult] ?? 'errored';
}
