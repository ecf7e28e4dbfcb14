import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../client/api-client.ts';
import { retryAfterSeconds } from '../client/patient-fetch.ts';
import { isServiceError } from '../core/errors.ts';
import type { CaseAnswer, RunAnswer } from './answers.ts';
import type { Progress } from './progress.ts';
import { plain } from './terminal.ts';

const firstLookMs = 250;
/** Unless the server says when to ask again. */
const usualSeconds = 2;
/** A deployment or a restart of the server does not end the wait; this does. */
const patienceMs = 120_000;
/** Failures told one by one; the report has all. */
const mostTold = 100;

/** The run once it is completed, or undefined if the signal came first. UNAVAILABLE if the server is gone for two minutes. */
export async function waitForRun(
  api: ApiClient,
  runId: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<RunAnswer | undefined> {
  const failuresOf = createFailures(api, runId);
  let answeredAt = Date.now();
  let silent = false;
  for (let lookMs = firstLookMs; !signal.aborted; lookMs *= 1.5) {
    let waitMs = lookMs;
    try {
      const { data: run, response } = await api.GET('/v1/runs/{runId}', { params: { path: { runId } }, repeat: false });
      progress.update(run, await failuresOf(run));
      if (run.status === 'completed') return run;
      answeredAt = Date.now();
      silent = false;
      waitMs = Math.min(lookMs, (retryAfterSeconds(response) ?? usualSeconds) * 1000);
    } catch (error) {
      const passes = isServiceError(error, 'UNAVAILABLE') || isServiceError(error, 'RATE_LIMITED');
      if (!passes || Date.now() - answeredAt > patienceMs) throw error;
      if (!silent) progress.say(`  ${plain(error.message, 1000)}; trying again for ${patienceMs / 60_000} minutes`);
      silent = true;
      waitMs = Math.min(lookMs, usualSeconds * 1000);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/** Cases whose failure in this attempt was not told yet. Read only when their number has changed. */
function createFailures(api: ApiClient, runId: number): (run: RunAnswer) => Promise<readonly CaseAnswer[]> {
  const told = new Set<string>();
  let known = '';
  return async ({ counts, attempt }) => {
    const bad = (counts?.failed ?? 0) + (counts?.errored ?? 0);
    const now = `${attempt} ${bad}`;
    if (now === known || told.size >= mostTold) return [];
    const cases = bad === 0 ? [] : await readFailures(api, runId);
    known = now;
    return cases.filter(({ resultId, attempt }) => {
      const key = `${resultId} ${attempt}`;
      return !told.has(key) && told.add(key);
    });
  };
}

async function readFailures(api: ApiClient, runId: number): Promise<readonly CaseAnswer[]> {
  const query = { result: ['failed' as const, 'errored' as const], limit: mostTold };
  return (await api.GET('/v1/runs/{runId}/cases', { params: { path: { runId }, query } })).data.cases;
}
