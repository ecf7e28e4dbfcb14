import { api, need, type Run } from '../api.ts';
import { isLive } from './results.ts';
import { type Live, useLive } from './use-live.ts';

interface KnownRun {
  readonly run: Run;
  readonly etag: string | null;
  /** What the server says is soon enough. */
  readonly pauseMs: number;
}

/** Who looks on wants to see more than who waits: the server's hint is followed up to this. */
const youngPauseMs = 1_000;
const longestPauseMs = 2_000;
const youngMs = 60_000;

/** The run, asked for as long as it lives; what has not changed is not sent again. */
export function useRun(runId: number): Live<Run> {
  const { data, ...rest } = useLive(`run ${runId}`, loadRun(runId), pauseOf);
  return { ...rest, data: data?.run };
}

function loadRun(runId: number) {
  return async (signal: AbortSignal, known: KnownRun | undefined): Promise<KnownRun> => {
    const header = known?.etag ? { 'If-None-Match': known.etag } : {};
    const call = api.GET('/v1/runs/{runId}', { params: { path: { runId }, header }, signal });
    const { response } = await call.catch(() => ({ response: undefined }));
    if (known && response?.status === 304) return known;
    const run = await need(call);
    const hint = Number(response?.headers.get('retry-after') ?? 1);
    return { run, etag: response?.headers.get('etag') ?? null, pauseMs: hint * 1_000 };
  };
}

function pauseOf({ run, pauseMs }: KnownRun): number | null {
  if (!isLive(run)) return null;
  return Math.min(pauseMs, Date.now() - Date.parse(run.createdAt) < youngMs ? youngPauseMs : longestPauseMs);
}
