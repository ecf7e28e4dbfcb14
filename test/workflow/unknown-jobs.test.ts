import { afterEach, expect, test } from 'vitest';
import { ServiceError } from '../../lib/core/errors.ts';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { aCase, type Script } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop } from './drivers.ts';

const minute = 60_000;
let world: World;
afterEach(() => world.close());

/** Every call fails by `errors`, one after the other; the last goes on for ever. */
const failing = (...errors: readonly ServiceError[]): Script => ({
  job: () => ({}),
  onStart(_dispatch, nth) {
    throw errors[Math.min(nth, errors.length) - 1];
  },
});
const lost = new ServiceError('EXECUTOR_UNAVAILABLE', 'Its answer is lost.');
const away = new ServiceError('EXECUTOR_UNAVAILABLE', 'Nobody listens.', { nothingStarted: true });
const refuses = new ServiceError('EXECUTOR_REFUSED', 'It does not want to.');
const endOf = async (script: Script, stopAfterMs?: number) => {
  world = await createWorld(loop, { redispatch: { max: 0 } }, script);
  const { id } = await world.trigger();
  if (stopAfterMs !== undefined) world.stopAfter(stopAfterMs, id);
  await world.clock.runUntil(async () => (await world.getRun(id)).status === 'completed', 60 * minute);
  return world.getRun(id);
};

test('a run that is stopped after a try whose answer was lost says that a job may be alive, once nobody can learn of it', async () => {
  const run = await endOf(failing(lost), 1000);
  expect(run).toMatchObject({ result: 'stopped', cancelPending: true });
  await world.clock.runFor(5 * minute);
  expect((await world.getRun(run.id)).cancelPending).toBeUndefined();
  expect(world.logs).toContainEqual(expect.objectContaining({ event: 'job may be alive', runId: run.id }));
});

test('a run that nobody answered in all its tries may have a job', async () => {
  expect(await endOf(failing(lost))).toMatchObject({ reason: 'dispatchFailed', cancelPending: true });
});

test('a run whose second try is refused may have a job of the first', async () => {
  expect(await endOf(failing(lost, refuses))).toMatchObject({ reason: 'executorRefused', cancelPending: true });
});

test('an attempt that was dispatched again because nobody answered may have a job, and that is said', async () => {
  const script: Script = {
    job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')], end: {} }] }),
    onStart({ attempt }) {
      if (attempt === 1) throw lost;
    },
  };
  world = await createWorld(loop, { redispatch: { max: 1 } }, script);
  const { id } = await world.trigger();
  const { run } = await world.finish(id);
  expect(run).toMatchObject({ result: 'passed', attempt: 2, redispatches: [1] });
  expect(world.logs).toContainEqual(expect.objectContaining({ event: 'job may be alive', runId: id }));
});

test('a run whose job said all before the answer to its dispatch was sent again reruns what failed', async () => {
  const script: Script = {
    job: () => ({ callbacks: [{ afterMs: minute, cases: [aCase('pays')], end: {} }] }),
    onStart({ runId, attempt }, nth) {
      if (attempt > 1 || nth > 1) return;
      const said = { runId, attempt, cases: [aCase('pays', 'failed')], end: {}, wake: true };
      world.clock.after(500, async () => void (await recordResults(world.services, said)));
      throw lost;
    },
  };
  world = await createWorld(loop, { rerun: { max: 1 } }, script);
  const { id } = await world.trigger();
  const { run } = await world.finish(id);
  expect(run).toMatchObject({ result: 'passed', attempt: 2, counts: { flaky: 1 } });
});

test.each([
  ['that nobody listened to', [away], 'dispatchFailed'],
  ['that was refused at once', [refuses], 'executorRefused'],
  ['that was refused once somebody listened', [away, refuses], 'executorRefused'],
])('a run %s has none', async (_what, errors, reason) => {
  const run = await endOf(failing(...errors));
  expect(run).toMatchObject({ reason });
  expect(run.cancelPending).toBeUndefined();
});

test('a run that is stopped after tries nobody listened to has none', async () => {
  const run = await endOf(failing(away), 1000);
  expect(run).toMatchObject({ result: 'stopped' });
  expect(run.cancelPending).toBeUndefined();
});
