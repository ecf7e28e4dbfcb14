import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { attemptFiles } from './attempt-files.ts';

/** True while the supervisor lives. A process that merely got its number does not name the attempt's directory. */
export async function isSupervisorAlive(directory: string, pid: number): Promise<boolean> {
  if (!canSignal(pid)) return false;
  if (!onLinux) return (await argumentsOf(pid)).includes(`${directory} `);
  const words = await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.of());
  return words.includes(`${directory}\0`);
}

/**
 * The processes of the job, the supervisor included. On Linux they are known by the attempt's directory in their
 * environment, so that those which left the group are found and numbers in use again are not; with them goes the rest
 * of the group. Elsewhere they are the group, as long as a process of ours leads it or nobody does.
 */
export async function processesOf(directory: string, pid: number): Promise<number[]> {
  if (!onLinux) return processesOfGroup(directory, pid);
  const marker = `PROCTOR_PROGRESS=${join(directory, attemptFiles.progress)}\0`;
  const candidates = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid);
  const alive = (await Promise.all(candidates.map((name) => lookAt(Number(name), marker)))).filter(
    (one) => one !== null,
  );
  const groupIsOurs = alive.some(({ group, isMarked }) => isMarked && group === pid);
  return alive.filter(({ group, isMarked }) => isMarked || (groupIsOurs && group === pid)).map((one) => one.pid);
}

/** Sends the signal to each; one that ended meanwhile is no error. */
export function signalAll(pids: readonly number[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

const onLinux = process.platform === 'linux';
const run = promisify(execFile);

async function lookAt(pid: number, marker: string): Promise<{ pid: number; group: number; isMarked: boolean } | null> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // proc_pid_stat(5): the name in brackets may hold anything; state, parent and group follow it.
  const [state, , group] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  if (group === undefined || state === 'Z' || state === 'X') return null;
  const environment = await readFile(`/proc/${pid}/environ`).catch(() => null);
  return { pid, group: Number(group), isMarked: environment?.includes(marker) ?? false };
}

async function processesOfGroup(directory: string, pid: number): Promise<number[]> {
  if (canSignal(pid) && !(await isSupervisorAlive(directory, pid))) return [];
  const { stdout } = await run('ps', ['-A', '-o', 'pgid=', '-o', 'pid=']).catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  return rows.flatMap(([group, member]) => (group === pid && member !== undefined ? [member] : []));
}

async function argumentsOf(pid: number): Promise<string> {
  const { stdout } = await run('ps', ['-ww', '-p', String(pid), '-o', 'args=']).catch(() => ({ stdout: '' }));
  return stdout;
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isGone(error);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}
