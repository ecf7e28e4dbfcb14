import { expect, test } from 'vitest';
import { faults } from '../support/interleaving/faults.ts';
import { play } from '../support/interleaving/play.ts';
import { makeScenario } from '../support/interleaving/scenario.ts';
import { describeFailure, shrink } from '../support/interleaving/shrink.ts';

/** Schedules, each from a seed of its own: `SEED=n SEEDS=1` plays one again. The soak has its own figure. */
const seeds = Number(process.env.SEEDS ?? 300);
const first = Number(process.env.SEED ?? 20261123);

test(`${seeds} seeded schedules with faults at every port break no invariant (SEED=${first})`, {
  timeout: 120_000 + seeds * 2000,
}, async () => {
  const hits = new Map<string, number>();
  let runs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const scenario = makeScenario(seed);
    const played = await play(scenario, hits);
    runs += played.runs;
    if (played.anomaly !== undefined) {
      const small = await shrink(scenario);
      expect.fail(describeFailure(small, (await play(small)) ?? played));
    }
    if ((seed - first + 1) % 500 === 0) process.stderr.write(`  ${seed - first + 1} schedules\n`);
  }
  if (seeds < 300) return;
  expect(runs).toBeGreaterThan(seeds);
  // Every fault was met at every port, and by every method a schedule calls often.
  const [ports, kinds] = [new Set<string>(), new Set<string>()];
  for (const hit of hits.keys()) {
    ports.add(hit.slice(0, hit.indexOf('.')));
    kinds.add(hit.slice(hit.indexOf(' ') + 1));
  }
  expect([...kinds].sort()).toEqual([...faults].sort());
  for (const port of ['table', 'runs', 'plans', 'executor', 'workflow', 'bus', 'deliveries'])
    expect(ports).toContain(port);
});
