import { createChecker } from './checker.ts';
import type { Anomaly, Event } from './history.ts';
import { createRandom } from './random.ts';
import type { Command, Scenario } from './scenario.ts';
import { createWorld, type WorldOptions } from './world.ts';

export interface Played {
  readonly anomaly: Anomaly | undefined;
  readonly steps: readonly string[];
  /** Runs that were admitted. */
  readonly runs: number;
  /** Every method of every port that may go wrong. */
  readonly methods: readonly string[];
}

export interface PlayOptions extends WorldOptions {
  /** Hears of everything that happens, in order. */
  readonly tell?: (event: Event) => void;
}

/** A job of a run that is over is stopped within that time (L4). */
const stopsWithinMs = 15 * 60_000;
/** How long everything may take to end once nothing goes wrong any more: longer than every deadline, and a slow stop. */
const calmMs = 3 * 3_600_000;
/** Part of the turns after which the faults go on although all runs are over. */
const shortly = 0.98;
/** Turns of one schedule at most; one that needs more makes no headway. */
const maxTurns = 60_000;

/** Plays the schedule of the scenario's seed, from the first command until nothing is left to do, and says what was wrong first. */
export async function play(scenario: Scenario, options: PlayOptions = {}): Promise<Played> {
  const random = createRandom(`turns ${scenario.seed}`);
  const checker = createChecker({ isPrompt: isPrompt(scenario) });
  let anomaly: Anomaly | undefined;
  const world = await createWorld(
    scenario,
    (event) => {
      options.tell?.(event);
      anomaly ??= checker.observe(event);
    },
    options,
  );
  const { engine } = world;
  const commands: Command[] = [...scenario.commands];
  world.beginFaults();
  let turns = 0;
  const isOver = (): boolean => anomaly !== undefined || turns > maxTurns;

  // Whoever walks through the API does so among the faults, to the end.
  const lasts = (): boolean => random.chance(checker.isQuiet() ? shortly : scenario.lasts);
  while (!isOver() && (commands.length > 0 || world.isWalking() || lasts())) {
    turns += 1;
    await engine.settle();
    const { holds: held } = scenario;
    const isHeld = engine.free(held) === 0 && engine.pending > 0 && !scenario.outlasts;
    const isIdle = engine.free(held) === 0 && !isHeld;
    if (commands.length > 0 && (random.chance(scenario.eagerness) || (isIdle && random.chance(scenario.haste)))) {
      world.obey(commands.shift() as Command);
    } else if (isIdle || random.chance(engine.isDue ? 0.3 : scenario.slowness)) engine.passTime();
    else if (isHeld) engine.goOnOf(random, { byRank: false, held, isHeld });
    else engine.goOnOf(random, { byRank: random.chance(scenario.favour), held, isHeld: false });
    if (held === undefined || !random.chance(scenario.lets)) continue;
    // One after the other: tables may take calls of the same moment in any order.
    await engine.settle();
    engine.goOnOf(random, { byRank: false, held, isHeld: true });
  }

  world.calm();
  const begunAt = engine.clock.now();
  /** Since when all runs are over. */
  let quietAt: number | undefined;
  const isDone = (): boolean =>
    quietAt !== undefined && (!world.isBusy() || engine.clock.now() > quietAt + stopsWithinMs);
  while (!isOver() && !isDone() && engine.clock.now() < begunAt + calmMs) {
    turns += 1;
    await engine.settle();
    if (engine.pending > 0) engine.goOn();
    else engine.passTime();
    if (checker.isQuiet() && !world.isAsked() && engine.pending === 0) quietAt ??= engine.clock.now();
  }
  const wrong = (rule: string, what: string): Anomaly => ({ rule, what, at: engine.clock.now() });
  if (!isOver() && quietAt === undefined) anomaly = wrong('L1', 'there are runs that do not end');
  if (turns > maxTurns) anomaly ??= wrong('L1', 'it makes no headway');
  anomaly ??= checker.finish(world.items(), await world.namesOfCases(), engine.clock.now());
  if (anomaly === undefined) {
    const wereAdmitted = world.triggerAll();
    for (const until = engine.clock.now() + 120_000; engine.clock.now() < until; ) {
      await engine.settle();
      if (engine.pending > 0) engine.goOn();
      else engine.passTime();
    }
    if (!wereAdmitted()) anomaly = wrong('L3', 'a plan takes no run, although all are over');
  }
  return { anomaly, steps: engine.steps, runs: checker.runs(), methods: world.methods() };
}

/** Nothing is in the way of anything. */
function isPrompt({ faultRate, slowness, habits, commands, outlasts, aim }: Scenario): boolean {
  const isCalm = faultRate === 0 && aim === undefined && slowness === 0 && habits.unreachable === 0 && !outlasts;
  return isCalm && commands.every((command) => command.do !== 'crash');
}
