import { afterEach, expect, test } from 'vitest';
import { aCase } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { machine } from './drivers.ts';

const minute = 60_000;
let world: World;
afterEach(() => world.close());

/** A passage that was held back until its task was over registers its token in the place of the one that is waited with. */
async function loseToken(runId: number): Promise<void> {
  const { clock, stores } = world;
  await clock.runUntil(async () => (await world.getRun(runId)).taskToken !== undefined, minute);
  const { wakeSeq, nextActionAt = 0 } = await world.getRun(runId);
  expect(await stores.runs.registerToken(runId, wakeSeq, `run-${runId}-1/over`, nextActionAt)).toBe(true);
}

test('a run whose token is that of a task that is over ends soon after its results, by another execution', async () => {
  const job = () => ({ callbacks: [{ afterMs: 5 * minute, cases: [aCase('pays')], end: {} }] });
  world = await createWorld(machine, {}, { job });
  const { id } = await world.trigger();
  await loseToken(id);
  const { run } = await world.finish(id, 20 * minute);
  expect(run).toMatchObject({ result: 'passed', executionN: 2 });
  expect(world.executor.starts).toHaveLength(1);
});

test('so does one whose executor falls silent', async () => {
  world = await createWorld(machine, { redispatch: { max: 0 } }, { job: () => ({}) });
  const { id } = await world.trigger();
  await loseToken(id);
  const { run } = await world.finish(id, 25 * minute);
  expect(run).toMatchObject({ result: 'timedOut', reason: 'inactivity' });
});

test('a run that polls keeps its execution, though the token of a wait before is left in it', async () => {
  const job = () => ({ endsAfterMs: 40 * minute, cases: [aCase('pays')], end: {} });
  world = await createWorld(machine, {}, { job, capabilities: { polls: true, callsBack: false } });
  const { id } = await world.trigger();
  await world.clock.runUntil(async () => (await world.getRun(id)).status === 'running', minute);
  const { wakeSeq } = await world.getRun(id);
  await world.stores.runs.registerToken(id, wakeSeq, `run-${id}-1/over`, world.clock.now());
  const { run } = await world.finish(id, 60 * minute);
  expect(run).toMatchObject({ result: 'passed', executionN: 1 });
});
