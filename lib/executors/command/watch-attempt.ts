import { type FSWatcher, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { attemptFiles } from './attempt-files.ts';

/**
 * Calls back when the job wrote progress or ended, at most every 200 ms. Keeps no process alive. Returns what ends it.
 * The slow look besides is for file systems that tell nothing (network mounts, exhausted watches).
 */
export function watchAttempt(directory: string, onChange: () => void): () => void {
  let last = signature(directory);
  let pending: NodeJS.Timeout | undefined;
  const notify = () => {
    pending = undefined;
    const current = signature(directory);
    if (current === last) return;
    last = current;
    onChange();
  };
  const notice = () => {
    pending ??= setTimeout(notify, quietMs).unref();
  };
  const interval = setInterval(notice, lookMs).unref();
  const watcher = tryWatch(directory, notice);
  return () => {
    clearInterval(interval);
    clearTimeout(pending);
    watcher?.close();
  };
}

const quietMs = 200;
const lookMs = 1_000;

function signature(directory: string): string {
  return [attemptFiles.progress, attemptFiles.exit].map((name) => sizeOf(join(directory, name))).join();
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

function tryWatch(directory: string, notice: () => void): FSWatcher | null {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => {
      if (name === null || name === attemptFiles.progress || name === attemptFiles.exit) notice();
    });
    return watcher.on('error', () => watcher.close());
  } catch {
    return null;
  }
}
