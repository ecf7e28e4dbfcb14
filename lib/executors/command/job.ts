import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptFiles } from './attempt-files.ts';
import { isSupervisorAlive, processesOf, signalAll } from './job-processes.ts';
import { writeWhole } from './write-file.ts';

export type JobState =
  /** `startedAt` is in epoch milliseconds of the file system's clock. */
  | { readonly state: 'exited'; readonly exitCode: number; readonly startedAt: number }
  | { readonly state: 'lost'; readonly message: string }
  | { readonly state: 'running' };

/** Where the job of an attempt stands, from its files and processes alone. `now` in epoch milliseconds. */
export async function readJob(directory: string, now: number): Promise<JobState> {
  const startedAt = await modifiedAt(join(directory, attemptFiles.claim));
  if (startedAt === null) {
    const preparedAt = await modifiedAt(join(directory, attemptFiles.command));
    if (preparedAt !== null && now - preparedAt < claimMs) return { state: 'running' };
    return { state: 'lost', message: 'the command was never started' };
  }
  const exited = await readExit(directory, startedAt);
  if (exited !== null) return exited;
  const pid = await readNumber(join(directory, attemptFiles.pid));
  if (pid === null) {
    if (now - startedAt < pidMs) return { state: 'running' };
    return { state: 'lost', message: 'the command was claimed but never started' };
  }
  if (await isSupervisorAlive(directory, pid)) return { state: 'running' };
  // It may have ended between the two looks.
  return (await readExit(directory, startedAt)) ?? { state: 'lost', message: await whyLost(directory) };
}

/** Ends what a job left running behind it. Takes a second at most. */
export async function clearUp(directory: string): Promise<void> {
  const pid = await readNumber(join(directory, attemptFiles.pid));
  if (pid === null) return;
  for (const wait of [20, 50, 100, 200]) {
    // The supervisor itself may be about to leave.
    const left = await processesOf(directory, pid);
    if (left.length === 0) return;
    if (wait > 20)
      signalAll(
        left.filter((process) => process !== pid),
        'SIGTERM',
      );
    await sleep(wait);
  }
  signalAll(await processesOf(directory, pid), 'SIGKILL');
}

/**
 * Asks the job to end, and kills it once `graceMs` have passed since the first request; that time is kept in a file, so
 * it survives a restart. A job that was not claimed yet never starts.
 */
export async function stopJob(directory: string, now: number, graceMs: number): Promise<'gone' | 'stopping'> {
  const file = join(directory, attemptFiles.stopped);
  let stoppedAt = await readNumber(file);
  const isFirst = stoppedAt === null;
  if (stoppedAt === null) {
    stoppedAt = now;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeWhole(file, `${now}\n`);
  }
  if (await claim(directory)) {
    await writeWhole(join(directory, attemptFiles.exit), `${terminatedExitCode}\n`);
    return 'gone';
  }
  const pid = await readNumber(join(directory, attemptFiles.pid));
  if (pid === null) return (await readJob(directory, now)).state === 'running' ? 'stopping' : 'gone';
  const left = await processesOf(directory, pid);
  if (left.length === 0) return 'gone';
  const isOver = now - stoppedAt >= graceMs;
  if (isFirst || isOver) signalAll(left, isOver ? 'SIGKILL' : 'SIGTERM');
  return 'stopping';
}

/** When a stop was first asked for, in epoch milliseconds; null if it was not. */
export function stopRequestedAt(directory: string): Promise<number | null> {
  return readNumber(join(directory, attemptFiles.stopped));
}

/** True once a supervisor, or a stop, owns the job. */
export async function isClaimed(directory: string): Promise<boolean> {
  return (await modifiedAt(join(directory, attemptFiles.claim))) !== null;
}

// From the spawn to the supervisor's first act, and from there to its second, on a machine under load.
const claimMs = 15_000;
const pidMs = 2_000;
// 128 + SIGTERM, as shells tell it.
const terminatedExitCode = 143;

async function readExit(directory: string, startedAt: number): Promise<JobState | null> {
  const exitCode = await readNumber(join(directory, attemptFiles.exit));
  return exitCode === null ? null : { state: 'exited', exitCode, startedAt };
}

async function whyLost(directory: string): Promise<string> {
  if ((await stopRequestedAt(directory)) !== null) return 'the command was killed because it did not stop in time';
  return 'the command ended without an exit code: it was killed, or the machine restarted';
}

async function claim(directory: string): Promise<boolean> {
  try {
    await mkdir(join(directory, attemptFiles.claim));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function readNumber(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  return text !== null && /^[0-9]{1,16}\n$/.test(text) ? Number(text) : null;
}

async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
