import type { Services } from '../core/ports.ts';
import { isLive, type Run } from '../core/run.ts';
import { stopRun } from './stop-run.ts';

/** How long a stop waits for the executors' confirmation, and how often it looks, in milliseconds. */
const waitMs = 5000;
const lookMs = 250;
/** Runs stopped at a time. */
const group = 10;

/**
 * Stops live runs, and waits up to 5 s until no executor is left to confirm. Answers them as they stand then, in the order
 * given. One that cannot be stopped now keeps none of the others from it; its error is thrown at the end.
 */
export async function stopRuns(
  services: Services,
  live: readonly Run[],
  sleep: (ms: number) => Promise<unknown>,
): Promise<Run[]> {
  const known = new Map((await askToStop(services, live)).map((run) => [run.id, run]));
  for (let waited = 0; waited < waitMs; waited += lookMs) {
    const pending = [...known.values()].filter(isLive).map(({ id }) => id);
    if (pending.length === 0) break;
    await sleep(lookMs);
    for (const run of await services.runs.getRuns(pending)) known.set(run.id, run);
  }
  return [...known.values()];
}

/** Asks live runs to stop; answers them as they stand then. One that cannot be stopped now throws after all were asked. */
export async function askToStop(services: Services, live: readonly Run[]): Promise<Run[]> {
  const known = new Map(live.map((run) => [run.id, run]));
  const failures: unknown[] = [];
  const stop = async ({ id }: Run): Promise<void> => {
    try {
      known.set(id, await stopRun(services, id));
    } catch (error) {
      failures.push(error);
    }
  };
  // Those that wait go first: else each run that ends would start the next of them.
  const waiting = live.filter(({ waitsFor }) => waitsFor !== undefined);
  const others = live.filter(({ waitsFor }) => waitsFor === undefined);
  for (const part of [waiting, others]) {
    for (let from = 0; from < part.length; from += group) await Promise.all(part.slice(from, from + group).map(stop));
  }
  if (failures.length > 0) throw failures[0];
  return [...known.values()];
}
