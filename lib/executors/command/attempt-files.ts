import { join } from 'node:path';

/** Names of the files in an attempt's directory. They are all that is known of a job, so they survive this process. */
export const attemptFiles = {
  /** What `sh` runs. */
  command: 'command.sh',
  /** The picked cases as JSON, for runners that read them instead of arguments. */
  selection: 'selection.json',
  /** For runners that take one pattern a file: names to run, by file. */
  patterns: 'patterns.json',
  /** A directory: whoever makes it owns the job. */
  claim: 'started',
  /** Process id of the supervisor, which leads the job's process group. */
  pid: 'pid',
  output: 'output.log',
  progress: 'progress.jsonl',
  report: 'report.xml',
  /** Exit code of the command; its presence ends the job. */
  exit: 'exit',
  /** Epoch milliseconds of the first request to stop. */
  stopped: 'stopped',
} as const;

/** Where the files of one attempt are, absolute if the data directory is. */
export function attemptDirectory(dataDirectory: string, runId: number, attempt: number): string {
  return join(dataDirectory, 'runs', String(runId), `a${attempt}`);
}
