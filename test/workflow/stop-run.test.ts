import { afterEach, describe, expect, it } from 'vitest';
import type { Services } from '../../lib/core/ports.ts';
import { stopRun } from '../../lib/workflow/stop-run.ts';
import { aCase } from '../support/fake-executor.ts';
import { createWorld, type World } from '../support/scenario-world.ts';
import { loop, machine } from './drivers.ts';

describe.each([loop, machine])('stopping a run that goes on meanwhile, on the $name', (driver) => {
  let world: World;
  afterEach(() => world.close());

  it('waits for no pause of it: what it loses against is stopped, and no job is started', async () => {
    world = await createWorld(
      driver,
      {},
      { job: () => ({ callbacks: [{ afterMs: 1000, cases: [aCase('pays')], end: {} }] }) },
    );
    const { id } = await world.trigger();
    const { runs } = world.services;
    // Whoever is slower than the steps of the run finds it changed each time it has made the result ready.
    const complete: Services['runs']['complete'] = async (run, completion) => {
      await runs.holdDispatch(run, world.clock.now());
      return runs.complete(run, completion);
    };
    const slow: Services = { ...world.services, runs: { ...runs, complete } };
    expect(await stopRun(slow, id)).toMatchObject({ status: 'stopping' });
    expect((await world.finish(id)).run).toMatchObject({ result: 'stopped', reason: 'requested', dispatch: 'due' });
    expect(world.executor.starts).toEqual([]);
  });
});
