import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdRate } from '../bench/load/hold-rate.ts';
import { type LoadWorld, startLoadWorld } from '../bench/load/world.ts';

/** The ten minutes, and how long a trigger may take, are `MINUTES=10 npm run bench -- P8`: here others use the processor, too. */
const perSecond = 15;
const seconds = 5;

let world: LoadWorld;
beforeAll(async () => {
  world = await startLoadWorld(10);
});
afterAll(() => world.close());

test(`of ${perSecond} runs a second for ${seconds} s none is lost: each ends as its 20 cases say`, {
  timeout: 180_000,
}, async () => {
  const held = await holdRate(world, { perSecond, seconds, say: () => {} });
  expect(held).toMatchObject({ offered: perSecond * seconds, acknowledged: perSecond * seconds, lost: 0 });
  // Of every one, by the runs that were read back.
  expect(held.runMs.filter(Number.isFinite)).toHaveLength(perSecond * seconds);
});
