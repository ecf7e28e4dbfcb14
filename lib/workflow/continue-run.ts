import type { Services } from '../core/ports.ts';
import { isLive } from '../core/run.ts';
import { replaceExecution } from './sweep.ts';

/**
 * An execution ended without completing its run (reliability.md 3.6, L2): the next one takes over, a few times at most.
 * `executionName` is `run-<id>-<n>`; other names, ended runs and executions that were replaced already are left alone.
 */
export async function continueRun(services: Services, executionName: string): Promise<void> {
  const match = /^run-([1-9][0-9]{0,9})-([1-9][0-9]{0,3})$/.exec(executionName);
  if (!match) return;
  const run = await services.runs.getRun(Number(match[1]));
  if (run === undefined || !isLive(run) || run.executionN !== Number(match[2])) return;
  await replaceExecution(services, run);
}
