import { type Played, play } from './play.ts';
import type { Scenario } from './scenario.ts';
import type { Mutation } from './world.ts';

/** A smaller scenario that still goes wrong: commands, faults and habits are left out one by one as long as it does. */
export async function shrink(scenario: Scenario, mutation: Mutation = {}): Promise<Scenario> {
  const fails = async (candidate: Scenario): Promise<boolean> =>
    (await play(candidate, { mutation })).anomaly !== undefined;
  let small = scenario;
  const attempt = async (change: Partial<Scenario>): Promise<void> => {
    const candidate = { ...small, ...change };
    if (await fails(candidate)) small = candidate;
  };
  for (let i = small.commands.length - 1; i >= 0; i--) {
    if (small.commands.length > 1) await attempt({ commands: small.commands.filter((_, at) => at !== i) });
  }
  await attempt({ faultRate: 0 });
  await attempt({ aim: undefined });
  await attempt({ slowness: 0 });
  for (const habit of Object.keys(small.habits)) await attempt({ habits: { ...small.habits, [habit]: 0 } });
  return small;
}

/** All that is needed to see what went wrong, and to see it again. */
export function describeFailure(scenario: Scenario, { anomaly, steps }: Played): string {
  const { commands, plans: _, ...rest } = scenario;
  return [
    `${anomaly?.rule}: ${anomaly?.what}`,
    `SEED=${scenario.seed} SEEDS=1 plays it again; smaller, it was`,
    JSON.stringify(rest),
    ...commands.map((command) => JSON.stringify(command)),
    `${steps.length} turns, of which the last`,
    ...steps.slice(-150),
  ].join('\n');
}
