import { expect, test } from 'vitest';
import { faults } from '../support/interleaving/faults.ts';
import { play } from '../support/interleaving/play.ts';
import { makeScenario } from '../support/interleaving/scenario.ts';
import { describeFailure, shrink } from '../support/interleaving/shrink.ts';
import { rare, unreached } from '../support/interleaving/unreached.ts';
import { tellSoak } from '../support/tell-soak.ts';

/** Schedules, each from a seed of its own: `SEED=n SEEDS=1` plays one again. The soak has its own figure. */
const seeds = Number(process.env.SEEDS ?? 300);
const first = Number(process.env.SEED ?? 20261123);
/** So many in a row aim at every fault of every method. */
const enough = 8000;
/** Methods and faults that have not met in that many; 215 in the first ten thousand. */
const mostMissed = 215;

test(`${seeds} seeded schedules with faults at every port break no invariant (SEED=${first})`, {
  timeout: 120_000 + seeds * 2000,
}, async () => {
  const hits = new Map<string, number>();
  const methods = new Set<string>();
  let runs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const scenario = makeScenario(seed);
    const played = await play(scenario, { hits });
    runs += played.runs;
    for (const method of played.methods) methods.add(method);
    if (played.anomaly !== undefined) {
      const small = await shrink(scenario);
      expect.fail(describeFailure(small, (await play(small)) ?? played));
    }
    if ((seed - first + 1) % 500 === 0) process.stderr.write(`  ${seed - first + 1} schedules\n`);
  }
  // What is said to be out of reach is there, and is.
  for (const method of Object.keys(unreached))
    expect([method, methods.has(method), hits.has(method)]).toEqual([method, true, false]);
  for (const method of Object.keys(rare)) expect([method, methods.has(method)]).toEqual([method, true]);
  const met = [...hits].filter(([what]) => !methods.has(what));
  const reachable = [...methods].filter((method) => !(method in unreached) && !(method in rare));
  const pairs = reachable.flatMap((method) => faults.map((fault) => `${method} ${fault}`));
  const missed = pairs.filter((pair) => !hits.has(pair));
  const done = met.reduce((sum, [, count]) => sum + count, 0);
  tellSoak(`${runs} runs, ${done} faults, ${pairs.length - missed.length} of ${pairs.length} methods with each fault`);
  if (seeds < 300) return;
  expect(runs).toBeGreaterThan(seeds);
  if (seeds < enough) return;
  // To be lowered until it is none: some calls are so seldom made that no aim at them has hit yet.
  expect(missed.length).toBeLessThanOrEqual(mostMissed);
});
