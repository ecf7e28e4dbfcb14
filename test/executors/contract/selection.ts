import { expect } from 'vitest';
import type { PickedCase, SelectionGrain } from '../../../lib/core/executor.ts';
import { type Suite, startJob, takes } from './suite.ts';

/** What runs is what was picked, or the run says what else does. */
export function promiseSelection(suite: Suite): void {
  const { promise, harness, traits } = suite;
  const pick = (name: string): PickedCase => ({ suite: 's', className: 'c', name });
  const grains = ['everything', 'nothing', 'suites', 'cases', 'iterations'];

  promise('its capabilities are those the suite was told', async () => {
    const { polls, stops, callsBack, selects } = harness().executor.capabilities(harness().dispatch().settings);
    expect({ polls, stops, callsBack }).toEqual({
      polls: traits.polls,
      stops: traits.stops,
      callsBack: traits.callsBack,
    });
    const selectsCases: SelectionGrain[] = ['cases', 'iterations'];
    expect(selectsCases.includes(selects)).toBe(takes(suite, 'selection'));
  });

  promise('says that everything runs when everything is asked for', async () => {
    const { executing } = await harness().executor.start(harness().dispatch({ selection: null }));
    expect(executing.grain).toBe('everything');
    expect(executing.description).not.toBe('');
  });

  promise('never claims to run a finer selection than it can', async () => {
    for (const [i, picked] of [pick('one'), { ...pick('one'), iterations: ['first'] }].entries()) {
      const dispatch = harness().dispatch({ selection: [picked], attempt: i + 1, key: `run-52-a${i + 1}` });
      const { executing } = await harness().executor.start(dispatch);
      const { selects } = harness().executor.capabilities(dispatch.settings);
      expect(grains.indexOf(executing.grain)).toBeLessThanOrEqual(grains.indexOf(selects));
      expect(executing.description).not.toBe('');
    }
  });

  if (!takes(suite, 'selection')) return;

  promise('runs everything when everything is asked for', async () => {
    const { dispatch } = await startJob(suite, { selection: null });
    await harness().jobsStarted(1);
    expect((await harness().received(dispatch)).selection).toBeNull();
  });

  promise('runs only the cases that were picked', async () => {
    const { dispatch } = await startJob(suite, { selection: [pick('one'), pick('three')] });
    await harness().jobsStarted(1);
    expect((await harness().received(dispatch)).selection).toEqual(['one', 'three']);
  });

  promise('runs the cases that were picked, whatever their names hold', async () => {
    const odd = ['pays with "quotes" & <tags>', "it's $(touch x) `y`", 'ünïcode 日本 🎉', 'a, b; c | d [e] (f)'];
    const { dispatch } = await startJob(suite, { selection: odd.map(pick) });
    await harness().jobsStarted(1);
    expect((await harness().received(dispatch)).selection).toEqual(odd);
  });
}
