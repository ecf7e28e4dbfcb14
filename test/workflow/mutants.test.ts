import { expect, test } from 'vitest';
import { equivalent, mutants } from '../support/interleaving/mutants.ts';
import { play } from '../support/interleaving/play.ts';
import { makeScenario } from '../support/interleaving/scenario.ts';

/** A seed that shows each wrong protocol; `MUTANT_SEEDS=n` looks for others among the first n. */
const known: Readonly<Record<string, number>> = {
  noIdem: 1,
  checkThenAct: 16,
  stealLive: 1,
  evictAll: 1,
  admitNoCas: 13,
  countEveryBatch: 1,
  addCounter: 1,
  stopUnconditional: 3,
  randomEventId: 5,
  noSweeper: 1,
  noBump: 17,
  ackEarly: 15,
  bumpUncond: 9,
  noCas: 17,
  batchOverwrites: 1,
  foldByArrival: 8,
  chunkByVersionOnly: 58,
  nextNoCas: 3,
  jump: 24,
  promoteNoCas: 3,
  releaseUncond: 78,
  claimNoBump: 22,
  stopSkipsStopping: 3,
  stoppingPasses: 3,
  notFoundConfirms: 9,
  noCancel: 1,
  tokenUncond: 5,
};
const search = Number(process.env.MUTANT_SEEDS ?? 0);

test('there are 27, and each is looked for', () => {
  expect(Object.keys(mutants)).toHaveLength(27);
  expect(Object.keys(known).sort()).toEqual(Object.keys(mutants).sort());
});

test.each(Object.entries(mutants))(
  '%s is caught, and the protocol as it is passes the same schedules',
  {
    timeout: 60_000 + search * 2000,
  },
  async (name, { focus, mutation }) => {
    const seeds = search > 0 ? Array.from({ length: search }, (_, i) => i + 1) : [known[name] ?? 0];
    for (const seed of seeds) {
      const scenario = makeScenario(seed, focus);
      const { anomaly } = await play(scenario, { mutation });
      expect([seed, (await play(scenario)).anomaly]).toEqual([seed, undefined]);
      if (anomaly === undefined) continue;
      if (search > 0) process.stderr.write(`  ${name}: seed ${seed}, ${anomaly.rule}: ${anomaly.what}\n`);
      return;
    }
    expect.fail(`${name} survived ${seeds.length} schedules`);
  },
);

test.each(Object.entries(equivalent))(
  '%s is no other protocol',
  {
    timeout: 60_000 + search * 2000,
  },
  async (_name, { focus, mutation }) => {
    for (let seed = 1; seed <= Math.max(3, search); seed++)
      expect([seed, (await play(makeScenario(seed, focus), { mutation })).anomaly]).toEqual([seed, undefined]);
  },
);
