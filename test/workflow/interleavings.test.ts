import { expect, test } from 'vitest';
import { scenarioOf } from '../support/interleaving/campaign.ts';
import { faults } from '../support/interleaving/faults.ts';
import { play } from '../support/interleaving/play.ts';
import { describeFailure, shrink } from '../support/interleaving/shrink.ts';
import { rare, unmet } from '../support/interleaving/unmet.ts';
import { tellSoak } from '../support/tell-soak.ts';

/** Schedules, each from a seed of its own: `SEED=n SEEDS=1` plays one again. The soak has its own figure. */
const seeds = Number(process.env.SEEDS ?? 300);
const first = Number(process.env.SEED ?? 20261123);
/** So many in a row meet each method that most of them call, and nearly all of its faults. */
const few = 300;
/** And so many every fault of every method. */
const many = 8000;

test(`${seeds} seeded schedules with faults at every port break no invariant (SEED=${first})`, {
  timeout: 120_000 + seeds * 2000,
}, async () => {
  const hits = new Map<string, number>();
  const methods = new Set<string>();
  let runs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const scenario = scenarioOf(seed);
    const played = await play(scenario, { hits });
    runs += played.runs;
    for (const method of played.methods) methods.add(method);
    if (played.anomaly !== undefined) {
      const small = await shrink(scenario);
      expect.fail(describeFailure(small, (await play(small)) ?? played));
    }
    if ((seed - first + 1) % 500 === 0) process.stderr.write(`  ${seed - first + 1} schedules\n`);
  }
  const met = [...hits].filter(([what]) => !methods.has(what));
  const pairs = [...methods].flatMap((method) => faults.map((fault) => `${method} ${fault}`));
  const missed = pairs.filter((pair) => !hits.has(pair));
  const done = met.reduce((sum, [, count]) => sum + count, 0);
  tellSoak(
    `${runs} runs, ${done} faults, ${pairs.length - missed.length} of ${pairs.length} pairs of ${methods.size} methods and a fault`,
  );
  // What is said to be rare is there.
  expect(Object.keys(rare).filter((method) => !methods.has(method))).toEqual([]);
  if (seeds < few) return;
  expect(runs).toBeGreaterThan(seeds);
  if (seeds >= many) {
    expect(missed).toEqual(Object.keys(unmet));
    return;
  }
  const usual = [...methods].filter((method) => !(method in rare));
  const missedOf = (method: string) => faults.filter((fault) => !hits.has(`${method} ${fault}`));
  expect(usual.filter((method) => missedOf(method).length === faults.length)).toEqual([]);
  // Which ones are missed changes with every method there is.
  expect(usual.flatMap(missedOf).length).toBeLessThan((usual.length * faults.length) / 20);
});
