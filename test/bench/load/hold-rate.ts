import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeRun } from '../../support/local.ts';
import { slope } from '../measure/statistics.ts';
import type { Job, LoadWorld, Seen } from './world.ts';

export interface Held {
  readonly offered: number;
  readonly acknowledged: number;
  /** Acknowledged, and not ended as it should have been, with every case. */
  readonly lost: number;
  /** From when each trigger was to be sent, so that a server that stalls does not hide it. */
  readonly triggerMs: readonly number[];
  /** From trigger to completion, the runner's own time with it. */
  readonly runMs: readonly number[];
  readonly callsPerRun: number;
  /** Of the process, after warm-up, by a line through a sample each second. */
  readonly memoryMbPerMinute: number;
  readonly peakMb: number;
}

/** Of each run; every fourth run has one that failed. */
const caseCount = 20;
/** What the runner takes for its tests. */
const jobMs = 100;

/** Whole runs at a constant rate, whatever the server does: trigger, a job with 20 cases, completion. Every run is read back. */
export async function holdRate(
  world: LoadWorld,
  load: { readonly perSecond: number; readonly seconds: number; readonly say: (text: string) => void },
): Promise<Held> {
  world.onJob((job) => {
    setTimeout(() => world.report(job, toBatch(job)).catch(() => {}), jobMs);
  });
  const offered = Math.round(load.perSecond * load.seconds);
  const triggerMs: number[] = [];
  const acknowledged: number[] = [];
  const samples: (Seen & { readonly minute: number })[] = [];
  const before = await world.see();
  const startedAt = performance.now();
  const watch = setInterval(async () => {
    const minute = (performance.now() - startedAt) / 60_000;
    samples.push({ minute, ...(await world.see()) });
    if (samples.length % 30 === 0)
      load.say(`${samples.length} s, ${acknowledged.length} runs, ${megabytes(samples)} MB`);
  }, 1000);

  const triggers: Promise<void>[] = [];
  for (let n = 0; n < offered; n++) {
    const at = startedAt + (n * 1000) / load.perSecond;
    const early = at - performance.now();
    if (early > 0) await sleep(early);
    triggers.push(triggerAt(n, at));
  }
  async function triggerAt(n: number, at: number): Promise<void> {
    const id = await world.trigger(world.planIds[n % world.planIds.length] as number).catch(() => undefined);
    triggerMs.push(performance.now() - at);
    if (id !== undefined) acknowledged.push(id);
  }
  await Promise.all(triggers);
  clearInterval(watch);
  // The last ones end; reading them back is not part of a run.
  await sleep(1000);
  const after = await world.see();
  const runs = await world.readBack(acknowledged, 60);
  const steady = samples.slice(Math.floor(samples.length / 3));
  return {
    offered,
    acknowledged: acknowledged.length,
    lost: runs.filter((run) => !isRight(run)).length,
    triggerMs,
    runMs: runs.map(({ createdAt, endedAt }) => Date.parse(endedAt) - Date.parse(createdAt)),
    callsPerRun: (after.calls - before.calls) / acknowledged.length,
    memoryMbPerMinute: slope(steady.map(({ minute, rss }) => [minute, rss / 1e6])),
    peakMb: Math.max(...samples.map(({ rss }) => rss / 1e6)),
  };
}

function toBatch({ runId }: Job): object {
  const cases = Array.from({ length: caseCount }, (_, n) => {
    const failed = n === 7 && fails(runId);
    return { suite: 'Shop', name: `case ${n}`, result: failed ? 'failed' : 'passed', durationMs: 5 + n };
  });
  return { batchId: `all-${runId}`, final: true, expectedCases: caseCount, cases };
}

function isRight({ id, status, result, counts }: NativeRun): boolean {
  const failed = fails(id) ? 1 : 0;
  const right = counts.total === caseCount && counts.failed === failed && counts.passed === caseCount - failed;
  return status === 'completed' && result === (failed > 0 ? 'failed' : 'passed') && right;
}

function fails(runId: number): boolean {
  return runId % 4 === 0;
}

function megabytes(samples: readonly Seen[]): number {
  return Math.round((samples.at(-1)?.rss ?? 0) / 1e6);
}
