import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeRun } from '../../support/local.ts';
import type { Job, LoadWorld } from './world.ts';

export interface Burst {
  readonly acknowledged: number;
  /** Runs whose counts are not those of everything that was sent. */
  readonly wrongRuns: number;
  readonly perSecond: number;
  /** From a batch's first sending to its acknowledgement, repeats with it. */
  readonly batchMs: readonly number[];
  /** Answers that asked for another try, and connections that broke. */
  readonly refused: number;
  /** Of a status read each 100 ms meanwhile, from when it was to be sent. */
  readonly readMs: readonly number[];
  /** From the last batches, which end the runs, until all runs are completed. */
  readonly endMs: number;
}

/** Cases of a batch, none in two of a run. */
const casesEach = 4;
const readEachMs = 100;

/**
 * Batches as fast as the server takes them: half of them of one run, the others of ten. Each has cases of its own, so that a
 * batch that is lost is missing in the counts.
 */
export async function sendBurst(
  world: LoadWorld,
  load: { readonly batches: number; readonly inFlight: number; readonly say: (text: string) => void },
): Promise<Burst> {
  const large = load.batches / 2;
  const sizes = [large, ...Array.from({ length: 10 }, () => large / 10)];
  const start = createStarter(world);
  const teacher = await start();
  await world.report(teacher, { batchId: 'names', final: true, cases: casesOf(0, large) });
  await world.readBack([teacher.runId], 60);

  const runs = await Promise.all(sizes.map(async (size) => ({ job: await start(), size })));
  const todo = runs.flatMap(({ job, size }) => Array.from({ length: size }, (_, n) => ({ job, n, share: n / size })));
  // Of all runs at once; the last is sent first.
  todo.sort((a, b) => b.share - a.share);
  load.say(`${todo.length} batches to ${runs.length} runs`);

  const batchMs: number[] = [];
  let refused = 0;
  let acknowledged = 0;
  const startedAt = performance.now();
  const reading = readStatus(
    world,
    runs.map(({ job }) => job.runId),
  );
  const work = async (): Promise<void> => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { job, n } = next;
      const sentAt = performance.now();
      const status = await world.report(job, { batchId: `b${n}`, cases: casesOf(n, 1) }, () => {
        refused += 1;
      });
      batchMs.push(performance.now() - sentAt);
      if (status === 202) acknowledged += 1;
    }
  };
  await Promise.all(Array.from({ length: load.inFlight }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  const readMs = await reading.stop();
  load.say(`${acknowledged} acknowledged in ${seconds.toFixed(0)} s`);

  const endedAt = performance.now();
  await Promise.all(
    runs.map(({ job, size }) =>
      world.report(job, { batchId: 'end', final: true, expectedCases: size * casesEach, cases: [] }),
    ),
  );
  const ended = await world.readBack(
    runs.map(({ job }) => job.runId),
    120,
  );
  return {
    acknowledged,
    wrongRuns: ended.filter((run, n) => !isRight(run, sizes[n] as number)).length,
    perSecond: acknowledged / seconds,
    batchMs,
    refused,
    readMs,
    endMs: performance.now() - endedAt,
  };
}

/** Triggers a run and waits for its job. */
function createStarter(world: LoadWorld): () => Promise<Job> {
  const jobs = new Map<number, Job>();
  world.onJob((job) => jobs.set(job.runId, job));
  return async () => {
    const id = await world.trigger(world.planIds[0] as number);
    if (id === undefined) throw new Error('a trigger was refused');
    for (;;) {
      const job = jobs.get(id);
      if (job) return job;
      await sleep(10);
    }
  };
}

/** Reads one run after the other at a constant rate until it is stopped, whatever the answers take. */
function readStatus(world: LoadWorld, runIds: readonly number[]): { stop(): Promise<number[]> } {
  const readMs: number[] = [];
  const reads: Promise<void>[] = [];
  const startedAt = performance.now();
  const timer = setInterval(() => {
    // A timer that was late sends what it missed.
    while (startedAt + reads.length * readEachMs <= performance.now()) {
      const at = startedAt + reads.length * readEachMs;
      const read = world.read(runIds[reads.length % runIds.length] as number);
      reads.push(
        read.then(() => {
          readMs.push(performance.now() - at);
        }),
      );
    }
  }, 10);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(reads);
      return readMs;
    },
  };
}

/** The cases of that many batches from the nth on. */
function casesOf(n: number, batches: number): object[] {
  return Array.from({ length: batches * casesEach }, (_, i) => {
    const nth = n * casesEach + i;
    return {
      suite: `Suite ${nth % 50}`,
      name: `case ${nth}`,
      result: nth % 10 === 0 ? 'failed' : 'passed',
      durationMs: 7,
    };
  });
}

function isRight({ status, result, counts }: NativeRun, size: number): boolean {
  const total = size * casesEach;
  const failed = Math.ceil(total / 10);
  const counted = counts.total === total && counts.failed === failed && counts.passed === total - failed;
  return status === 'completed' && result === 'failed' && counted;
}
