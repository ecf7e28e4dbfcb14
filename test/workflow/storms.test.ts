import { afterEach, expect, test } from 'vitest';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { aCase } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { tellSoak } from '../support/tell-soak.ts';
import { loop } from './drivers.ts';

/** Plans triggered, and callbacks sent three times at once; the soak has its own figures. */
const plans = Number(process.env.STORMS ?? 2);
const callbacks = Number(process.env.CALLBACKS ?? 20);
const atOnce = 40;

let world: World;
afterEach(() => world.close());

test(`${atOnce} simultaneous triggers of each of ${plans} plans start ${plans} runs`, {
  timeout: 60_000 + plans * 10_000,
}, async () => {
  world = await createWorld(loop, {}, { job: () => ({}) });
  for (let i = 0; i < plans; i++) {
    const { id: planId } = await world.addPlan({ name: `plan ${i}`, overlap: 'reject' });
    const triggers = Array.from({ length: atOnce }, () => world.trigger({ planId }));
    const outcomes = await Promise.allSettled(triggers);
    const started = outcomes.filter(({ status }) => status === 'fulfilled');
    const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect([started.length, new Set(codes)]).toEqual([1, new Set(['ALREADY_RUNNING'])]);
    expect(await world.stores.runs.countByPlan(planId)).toBe(1);
  }
  tellSoak(`${plans * atOnce} triggers`);
});

test(`${callbacks} callbacks sent three times at once count once each`, {
  timeout: 60_000 + callbacks * 1000,
}, async () => {
  world = await createWorld(loop, {}, { job: () => ({}) });
  const { id: runId } = await world.trigger();
  await world.clock.runUntil(async () => (await world.getRun(runId)).status === 'running', 60_000);
  const send = (name: string, end?: { expectedCases: number }) =>
    recordResults(world.services, {
      runId,
      attempt: 1,
      batchId: name,
      cases: end ? [] : [aCase(name)],
      wake: true,
      ...(end === undefined ? {} : { end }),
    });
  for (let i = 0; i < callbacks; i++) {
    await Promise.all([send(`case ${i}`), send(`case ${i}`), send(`case ${i}`)]);
  }
  await send('end', { expectedCases: callbacks });
  const { run } = await world.finish(runId);
  expect(run.counts).toMatchObject({ total: callbacks, passed: callbacks });
  tellSoak(`${callbacks * 3} callbacks`);
});
