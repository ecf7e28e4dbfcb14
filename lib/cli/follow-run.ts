import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ApiClient } from '../client/api-client.ts';
import { isServiceError } from '../core/errors.ts';
import { plural } from '../core/words.ts';
import type { RunAnswer } from './answers.ts';
import { describeDuration } from './duration.ts';
import { exitCodeOfResult, exitCodes } from './exit-code.ts';
import { summaryFile, writeSummary } from './github-summary.ts';
import { onInterruption } from './interruption.ts';
import { createProgress } from './progress.ts';
import { plain, type Terminal } from './terminal.ts';
import { waitForRun } from './wait-for-run.ts';

export interface FollowOptions {
  /** Milliseconds. */
  readonly timeout?: number;
  /** File to write when the run has ended. */
  readonly junit?: string;
  readonly json?: boolean;
  readonly githubSummary?: boolean;
  readonly stopOnInterrupt: boolean;
}

/**
 * Waits for the run that `start` answers and tells how it goes; answers the exit code. An interruption stops the run if the
 * options say so, also one that comes while it is being started.
 */
export async function followRun(
  api: ApiClient,
  terminal: Terminal,
  start: () => Promise<RunAnswer>,
  options: FollowOptions,
): Promise<number> {
  const summary = options.githubSummary ? summaryFile() : undefined;
  const interruption = onInterruption();
  const timeout = AbortSignal.timeout(options.timeout ?? 2_147_483_647);
  const progress = createProgress(terminal);
  try {
    const { id } = await start();
    const run = await waitForRun(api, id, progress, AbortSignal.any([interruption.signal, timeout]));
    progress.end();
    if (run === undefined && interruption.signal.aborted) return await interrupted(api, terminal, id, options);
    if (run === undefined) return await timedOut(api, terminal, id, options);
    tellEnd(terminal, run);
    if (options.json) terminal.print(JSON.stringify(run));
    const code = exitCodeOfResult(run.result);
    const isWritten = await writeReports(api, terminal, run, options.junit, summary);
    return isWritten || code !== exitCodes.passed ? code : exitCodes.infrastructure;
  } finally {
    progress.end();
    interruption.release();
  }
}

async function interrupted(api: ApiClient, terminal: Terminal, id: number, options: FollowOptions): Promise<number> {
  if (!options.stopOnInterrupt) {
    terminal.say(`interrupted; run ${id} goes on: proctor watch ${id}`);
    return exitCodes.interrupted;
  }
  terminal.say(`interrupted: stopping run ${id}`);
  try {
    const run = await stopRun(api, id);
    terminal.say(describeStop(run));
    if (options.json) terminal.print(JSON.stringify(run));
    return exitCodes.interrupted;
  } catch (error) {
    terminal.say(`run ${id} could not be stopped and may go on: proctor stop ${id}`);
    throw error;
  }
}

async function timedOut(api: ApiClient, terminal: Terminal, id: number, options: FollowOptions): Promise<number> {
  const waited = describeDuration(options.timeout ?? 0);
  const noReport = options.junit === undefined ? '' : `; ${options.junit} was not written`;
  terminal.say(
    `waited ${waited}; run ${id} goes on${noReport}. proctor watch ${id} waits on, proctor stop ${id} stops it`,
  );
  if (options.json) terminal.print(JSON.stringify(await readRun(api, id)));
  return exitCodes.waitTimedOut;
}

/** Stops the run; answers it as it is after at most five seconds. */
export async function stopRun(api: ApiClient, runId: number): Promise<RunAnswer> {
  return (await api.POST('/v1/runs/{runId}/stop', { params: { path: { runId } }, repeat: true })).data;
}

export async function readRun(api: ApiClient, runId: number): Promise<RunAnswer> {
  return (await api.GET('/v1/runs/{runId}', { params: { path: { runId } } })).data;
}

export function describeStop({ id, status, result, explanation }: RunAnswer): string {
  if (status !== 'completed') return `run ${id} is being stopped; its executor has not confirmed it yet`;
  if (result === 'stopped') return `run ${id} is stopped`;
  return `run ${id} had ended before: ${result}, ${plain(explanation ?? '')}`;
}

/** How it ended, in one line and the next steps. */
export function tellEnd({ say, colors }: Terminal, run: RunAnswer): void {
  const { id, result, explanation, counts } = run;
  const word = (result ?? run.status).toUpperCase();
  const passed = result === 'passed';
  say(`${colors.bold(passed ? colors.green(word) : colors.red(word))}  ${plain(explanation ?? '', 1000)}`);
  if (counts !== null) say(`  ${describeCounts(counts)}`);
  const again = counts !== null && counts.total > counts.passed ? `, proctor rerun ${id}` : '';
  if (!passed) say(`  next: proctor explain ${id}${again}`);
}

/** `12 cases: 10 passed, 2 failed, 1 flaky`. */
export function describeCounts(counts: NonNullable<RunAnswer['counts']>): string {
  const { total, ...each } = counts;
  const parts = Object.entries(each).flatMap(([name, count]) => (count > 0 ? `${count} ${wordsOf[name] ?? name}` : []));
  return `${plural(total, 'case')}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

const wordsOf: Readonly<Record<string, string>> = { notExecuted: 'not executed' };

/** False if one of them could not be written, which was told. */
async function writeReports(
  api: ApiClient,
  { say }: Terminal,
  run: RunAnswer,
  junit: string | undefined,
  summary: string | undefined,
): Promise<boolean> {
  const attempt = async (what: string, write: () => Promise<void>): Promise<boolean> => {
    try {
      await write();
      return true;
    } catch (error) {
      if (!isServiceError(error) && !(error instanceof Error && 'code' in error)) throw error;
      say(`proctor: ${what} could not be written: ${plain(error.message, 1000)}`);
      return false;
    }
  };
  const isJunitWritten =
    junit === undefined ||
    (await attempt(junit, async () => {
      await mkdir(dirname(junit), { recursive: true });
      const params = { path: { runId: run.id } };
      await writeFile(junit, (await api.GET('/v1/runs/{runId}/junit', { params, parseAs: 'text' })).data);
    }));
  const isSummaryWritten =
    summary === undefined || (await attempt('the summary', () => writeSummary(api, run, summary)));
  return isJunitWritten && isSummaryWritten;
}
