import { expect, test } from 'vitest';
import { scenarioOf } from '../support/interleaving/campaign.ts';
import { openDynaliteTable } from '../support/interleaving/dynalite-table.ts';
import { inOneForm, textOf } from '../support/interleaving/one-form.ts';
import { play } from '../support/interleaving/play.ts';
import type { Scenario } from '../support/interleaving/scenario.ts';
import { describeFailure } from '../support/interleaving/shrink.ts';
import { createMemoryTable, type MemoryTable, type Written } from '../support/memory-table.ts';
import { tellSoak } from '../support/tell-soak.ts';

/** Schedules played twice; `SEED=n TWICE=1` plays one. The soak has its own figure. */
const schedules = Number(process.env.TWICE ?? 2);
const first = Number(process.env.SEED ?? 20261123);

/** Everything that could be seen of a schedule: what happened, in order, and what is stored in the end. */
async function outcomeOf(scenario: Scenario, openTable: (onWrite: (written: Written) => void) => MemoryTable) {
  const history: string[] = [];
  const played = await play(scenario, {
    openTable: (onWrite) => inOneForm(openTable(onWrite)),
    tell: (event) => history.push(textOf(event)),
  });
  if (played.anomaly !== undefined) expect.fail(describeFailure(scenario, played));
  return { steps: played.steps, history };
}

test(`${schedules} schedules come out alike on the table in memory and on dynalite, and right (SEED=${first})`, {
  timeout: 60_000 + schedules * 20_000,
}, async () => {
  let events = 0;
  for (let seed = first; seed < first + schedules; seed++) {
    const scenario = scenarioOf(seed);
    const dynalite = await openDynaliteTable();
    let memory: MemoryTable | undefined;
    const here = await outcomeOf(scenario, (onWrite) => {
      memory = createMemoryTable(onWrite);
      return memory;
    });
    const there = await outcomeOf(scenario, dynalite.observe);
    // The first difference says more than all of them.
    const at = here.history.findIndex((event, i) => event !== there.history[i]);
    if (at >= 0) expect([seed, at, here.history[at]]).toEqual([seed, at, there.history[at]]);
    expect([seed, there.history.length, there.steps]).toEqual([seed, here.history.length, here.steps]);
    expect([seed, sorted(await dynalite.scan())]).toEqual([seed, sorted(memory?.items() ?? [])]);
    await dynalite.close();
    events += there.history.length;
    if ((seed - first + 1) % 50 === 0) process.stderr.write(`  ${seed - first + 1} schedules\n`);
  }
  expect(events).toBeGreaterThan(schedules * 50);
  tellSoak(`${events} events alike`);
});

function sorted(items: readonly unknown[]): string[] {
  return items.map(textOf).sort();
}
