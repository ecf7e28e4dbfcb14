import { sendBurst } from '../load/burst.ts';
import { compareWithStore } from '../load/compare-with-store.ts';
import { holdRate } from '../load/hold-rate.ts';
import { type LoadWorld, startLoadWorld } from '../load/world.ts';
import { quantile } from '../measure/statistics.ts';
import type { Anchor, Figure, Row } from '../row.ts';

/** `MINUTES=10 npm run bench -- P8` holds the load as long as the target says; `BATCHES` is the size of the burst. */
const minutes = Number(process.env.MINUTES ?? 1);
const perSecond = 15;
/** A line through the memory of a minute says more about the collector than about the service. */
const minutesOfMemory = 5;
const burst = { batches: Number(process.env.BATCHES ?? 10_000), inFlight: 200 };

/** Calls the store alone took in a second where the target was set, at least; one that takes half of it is busy with something else. */
const storeOfTarget = 950;

/** What sorry-cypress' director does, in memory, on two cores of the same kind. */
const director: Anchor = {
  name: 'sorry-cypress director, POST /runs in memory',
  value: 1600,
  unit: '/s',
  source: 'published',
};

export const row: Row = {
  id: 'P8',
  what: 'embedded throughput',
  target: '0.7 of the raw store; 15 runs/s, p99 300 ms, +1 MB/min; clients and server on the same cores',
  async measure(say) {
    const figures: Figure[] = [];
    let floor: string | undefined;
    await inWorld(50, async (world) => {
      const { share, triggersPerSecond, callsEach, storePerSecond } = await compareWithStore(world, say);
      if (storePerSecond < storeOfTarget / 2) {
        const calls = Math.round(storePerSecond);
        floor = `The store alone took ${calls} calls/s, and ${storeOfTarget} to 1,500 where the target was set.`;
      }
      figures.push(
        { name: 'triggers x calls each / the store alone', value: share, unit: '', target: 0.7, atLeast: true },
        { name: 'triggers up to the runner, 8 callers', value: triggersPerSecond, unit: '/s' },
        { name: 'calls of the store a trigger', value: callsEach, unit: '' },
        { name: 'the same calls, the store alone', value: storePerSecond, unit: '/s' },
      );
    });
    await inWorld(10, async (world) => {
      const held = await holdRate(world, { perSecond, seconds: minutes * 60, say });
      const memory = { name: `memory after warm-up, ${minutes} min`, value: held.memoryMbPerMinute, unit: 'MB/min' };
      figures.push(
        {
          name: `whole runs offered at ${perSecond}/s, acknowledged`,
          value: held.acknowledged,
          unit: '',
          target: held.offered,
          atLeast: true,
        },
        { name: 'acknowledged and lost', value: held.lost, unit: '', target: 0 },
        { name: 'trigger p50', value: quantile(held.triggerMs, 0.5), unit: 'ms' },
        { name: 'trigger p99', value: quantile(held.triggerMs, 0.99), unit: 'ms', target: 300 },
        { name: 'trigger to completion p99, 100 ms of them the job', value: quantile(held.runMs, 0.99), unit: 'ms' },
        { name: 'calls of the store a run', value: held.callsPerRun, unit: '' },
        minutes < minutesOfMemory ? memory : { ...memory, target: 1 },
        { name: 'memory at most', value: held.peakMb, unit: 'MB' },
      );
    });
    await inWorld(1, async (world) => {
      const sent = await sendBurst(world, { ...burst, say });
      figures.push(
        {
          name: `burst of ${burst.batches} batches, ${burst.inFlight} in flight, acknowledged`,
          value: sent.acknowledged,
          unit: '',
          target: burst.batches,
          atLeast: true,
        },
        { name: 'runs of the burst with wrong counts', value: sent.wrongRuns, unit: '', target: 0 },
        { name: 'batches taken', value: sent.perSecond, unit: '/s' },
        { name: 'batches asked to come again', value: sent.refused, unit: '' },
        { name: 'batch p99', value: quantile(sent.batchMs, 0.99), unit: 'ms' },
        { name: 'batch, the slowest', value: quantile(sent.batchMs, 1), unit: 'ms' },
        { name: 'status reads meanwhile p99', value: quantile(sent.readMs, 0.99), unit: 'ms' },
        { name: 'runs of the burst completed after', value: sent.endMs, unit: 'ms' },
      );
    });
    return { figures, anchors: [director], ...(floor === undefined ? {} : { floor }) };
  },
};

async function inWorld(plans: number, measure: (world: LoadWorld) => Promise<void>): Promise<void> {
  const world = await startLoadWorld(plans);
  try {
    await measure(world);
  } finally {
    await world.close();
  }
}
