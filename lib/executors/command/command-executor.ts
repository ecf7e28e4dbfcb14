import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../../core/errors.ts';
import type { Dispatch, Executor, Poll } from '../../core/executor.ts';
import { redactCases } from '../../core/redact.ts';
import { settingsOf } from '../../core/settings-of.ts';
import { attemptDirectory, attemptFiles } from './attempt-files.ts';
import { buildCommand } from './build-command.ts';
import { clearUp, isClaimed, readJob, stopJob, stopRequestedAt } from './job.ts';
import { jobEnvironment } from './job-environment.ts';
import { readProgress } from './read-progress.ts';
import { readResults } from './read-results.ts';
import { selectorFor } from './selectors/selector-for.ts';
import { watchAttempt } from './watch-attempt.ts';
import { writeWhole } from './write-file.ts';

export interface CommandExecutorOptions {
  readonly dataDirectory: string;
  /** Called when a run's job wrote progress or ended while this process was there to see it: time to poll. */
  readonly onChange?: (runId: number) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** From the request to stop to the kill. Default 5 s. */
  readonly stopGraceMs?: number;
}

/**
 * Runs the plan's command on this machine. The job is a process group of its own whose whole state is in files, so it
 * goes on when this process is killed, and the next one finds it again (design.md, Executors).
 */
export function createCommandExecutor(options: CommandExecutorOptions): Executor {
  const { now, onChange, stopGraceMs = 5_000 } = options;
  const dataDirectory = resolve(options.dataDirectory);
  /** How far the progress of each running attempt was read by this process. */
  const offsets = new Map<string, number>();
  const watches = new Map<string, () => void>();

  const directoryOf = ({ runId, attempt }: Dispatch) => attemptDirectory(dataDirectory, runId, attempt);

  const follow = (directory: string, runId: number) => {
    if (onChange !== undefined && !watches.has(directory)) {
      watches.set(
        directory,
        watchAttempt(directory, () => onChange(runId)),
      );
    }
  };

  const forget = (directory: string) => {
    watches.get(directory)?.();
    watches.delete(directory);
    offsets.delete(directory);
  };

  /** For a caller that asks only once. Others find the time in the file, so nothing is lost if this never comes. */
  const killLater = (directory: string) => {
    const kill = async () => {
      await stopJob(directory, now(), stopGraceMs);
      forget(directory);
    };
    setTimeout(() => kill().catch(() => {}), stopGraceMs + 50).unref();
  };

  const readOn = async (directory: string, secrets: readonly string[]): Promise<Poll> => {
    const { cases, offset } = await readProgress(join(directory, attemptFiles.progress), offsets.get(directory) ?? 0);
    offsets.set(directory, offset);
    return { state: 'running', cases: redactCases(cases, secrets) };
  };

  return {
    capabilities(settings) {
      const selects = selectorFor(settingsOf('command', settings))?.selects ?? 'nothing';
      return { selects, callsBack: false, polls: true, stops: true };
    },

    async start(dispatch) {
      const settings = settingsOf('command', dispatch.settings);
      const directory = directoryOf(dispatch);
      const { text, executing } = buildCommand(settings, dispatch.selection, {
        progressFile: join(directory, attemptFiles.progress),
        reportFile: join(directory, attemptFiles.report),
        helpersDirectory,
      });
      const workingDirectory = resolve(settings.directory);
      if (!(await isDirectory(workingDirectory))) {
        throw new ServiceError('EXECUTOR_REFUSED', `the directory ${workingDirectory} of the command does not exist`);
      }
      await mkdir(directory, { recursive: true, mode: 0o700 });
      if (!(await isClaimed(directory))) {
        if (dispatch.selection !== null) {
          await writeWhole(join(directory, attemptFiles.selection), `${JSON.stringify(dispatch.selection)}\n`);
          const patterns = selectorFor(settings)?.patternsByFile?.(dispatch.selection);
          if (patterns) await writeWhole(join(directory, attemptFiles.patterns), `${JSON.stringify(patterns)}\n`);
        }
        await writeWhole(join(directory, attemptFiles.command), text);
        follow(directory, dispatch.runId);
        await spawnSupervisor(directory, workingDirectory, dispatch);
      }
      return { ref: dispatch.key, executing };
    },

    async poll(_ref, dispatch) {
      const directory = directoryOf(dispatch);
      const secrets = [...dispatch.secrets, dispatch.callback.token];
      if ((await stopRequestedAt(directory)) !== null) await stopJob(directory, now(), stopGraceMs);
      const job = await readJob(directory, now());
      if (job.state === 'running') {
        follow(directory, dispatch.runId);
        return readOn(directory, secrets);
      }
      await clearUp(directory);
      forget(directory);
      if (job.state === 'lost') {
        const { cases } = await readProgress(join(directory, attemptFiles.progress), 0);
        const end = { problem: { reason: 'executorLost', message: job.message } } as const;
        return { state: 'ended', cases: redactCases(cases, secrets), end };
      }
      const settings = settingsOf('command', dispatch.settings);
      const { cases, end } = await readResults({
        directory,
        settings,
        secrets: [...Object.values(dispatch.variables), dispatch.callback.token],
        ...job,
      });
      return { state: 'ended', cases: redactCases(cases, secrets), end };
    },

    async stop(_ref, dispatch) {
      const directory = directoryOf(dispatch);
      const outcome = await stopJob(directory, now(), stopGraceMs);
      if (outcome === 'gone') forget(directory);
      else killLater(directory);
      return outcome;
    },
  };
}

const helpersDirectory = fileURLToPath(new URL('.', import.meta.url));
const supervisor = join(helpersDirectory, 'supervise.sh');

/** Starts the job in a session of its own. Which of several supervisors runs the command, they settle among them. */
async function spawnSupervisor(directory: string, workingDirectory: string, dispatch: Dispatch): Promise<void> {
  const env = jobEnvironment(process.env, directory, dispatch);
  try {
    const child = spawn('sh', [supervisor, directory, workingDirectory], { detached: true, stdio: 'ignore', env });
    await once(child, 'spawn');
    child.unref();
  } catch (cause) {
    // No next try makes variables shorter (E2BIG) or takes a NUL out of them.
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'E2BIG' || code === 'ERR_INVALID_ARG_VALUE') {
      throw new ServiceError('EXECUTOR_REFUSED', 'the variables do not fit into an environment', { cause });
    }
    throw new ServiceError('EXECUTOR_UNAVAILABLE', 'the command could not be started', { cause });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}
